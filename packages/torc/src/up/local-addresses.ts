import { type Address, formatAddress, parseAddress } from '@torc/protocol/transport/transport'

/** Distance from the server's port to the first agent's. */
export const agentPortOffset = 10

const wildcards = new Set(['0.0.0.0', '::'])

export interface LocalAddresses {
  readonly server: Address
  readonly agents: readonly Address[]
}

/**
 * Where the processes of a local cluster listen: the server at `port`, agents at `port` + 10, + 11, …; with
 * port 0 each gets one that the system chooses. Only the server is meant for other machines: agents stay on
 * loopback when the host is a wildcard.
 */
export function localAddresses(host: string, port: number, agentCount: number): LocalAddresses {
  const agentHost = reachable(host)
  return {
    server: { host, port },
    agents: Array.from({ length: agentCount }, (_, index) => ({
      host: agentHost,
      port: port === 0 ? 0 : port + agentPortOffset + index,
    })),
  }
}

/** The host under which this machine reaches what listens at `host`. */
export function reachable(host: string): string {
  if (!wildcards.has(host)) return host
  return host === '::' ? '::1' : '127.0.0.1'
}

/** The same for `host:port`. */
export function reachableAddress(text: string): string {
  const address = parseAddress(text)
  return address === undefined ? text : formatAddress({ ...address, host: reachable(address.host) })
}
