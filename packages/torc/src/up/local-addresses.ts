import { type Address, formatAddress, parseAddress } from '@torc/protocol/transport/transport'

/** Distance from the first server's port to the first agent's. */
export const agentPortOffset = 10
/** Servers of a local cluster: their ports end before the agents' begin. */
export const serverCountMax = agentPortOffset - 1

const wildcards = new Set(['0.0.0.0', '::'])

export interface LocalAddresses {
  readonly servers: readonly Address[]
  readonly agents: readonly Address[]
}

/**
 * Where the processes of a local cluster listen: servers at `port`, + 1, …, agents at `port` + 10, + 11, …; with
 * port 0 each gets one that the system chooses. Only servers are meant for other machines: agents stay on
 * loopback when the host is a wildcard.
 */
export function localAddresses(
  host: string,
  port: number,
  counts: { readonly servers: number; readonly agents: number },
): LocalAddresses {
  const consecutive = (at: string, first: number, count: number): Address[] =>
    Array.from({ length: count }, (_, index) => ({ host: at, port: port === 0 ? 0 : first + index }))
  return {
    servers: consecutive(host, port, counts.servers),
    agents: consecutive(reachable(host), port + agentPortOffset, counts.agents),
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
