import type { Clock } from '@torc/protocol/environment/clock'
import { type Address, formatAddress } from '@torc/protocol/transport/transport'
import { nodeProgram } from '../node/node-program.js'
import { ManagedProcess, type ProcessEvent, type RunningNode } from '../supervise/managed-process.js'
import type { ClusterDirectory } from './cluster-directory.js'
import { type LocalAddresses, reachable, reachableAddress } from './local-addresses.js'

export interface LocalClusterOptions {
  readonly directory: ClusterDirectory
  readonly addresses: LocalAddresses
  /** `NAME=DIR` with absolute directories. */
  readonly sharedRoots: readonly string[]
  /** Ports of the first server's HTTP faces; 0 = the system chooses. */
  readonly httpPort: number
  readonly s3Port: number
  /** Options that all agents get. */
  readonly agentArguments: readonly string[]
  readonly logLevel: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly onEvent: (event: ProcessEvent) => void
}

/** How long a process may take to end what is under way before it is killed. */
const graceMs = 10_000

/** Servers and agents, each a process of this machine. */
export class LocalCluster {
  /** At least one. */
  readonly servers: readonly ManagedProcess[]
  readonly agents: readonly ManagedProcess[]

  constructor(options: LocalClusterOptions) {
    const { directory, addresses, clock, onEvent } = options
    const manage = (name: string, command: (last: RunningNode | undefined) => string[]): ManagedProcess =>
      new ManagedProcess({
        name,
        command: last => nodeProgram(command(last)),
        variables: variablesOfChildren(options.variables),
        logFile: directory.logFile(name),
        clock,
        onEvent,
      })
    const common = ['--cluster-secret-file', directory.secretFile, '--log-level', options.logLevel]
    this.servers = addresses.servers.map((address, index) => {
      const name = serverName(index)
      return manage(name, last => [
        ...['server', '--name', name, ...common],
        ...['--listen', listenAddress(last, address)],
        ...advertised(address),
        ...this.#joinOthers(name),
        ...options.sharedRoots.flatMap(root => ['--shared-root', root]),
        ...(index === 0 ? facePorts(last, options) : []),
      ])
    })
    this.agents = addresses.agents.map((address, index) => {
      const name = agentName(index)
      return manage(name, last => [
        ...['agent', '--name', name, '--data', directory.dataOf(name), ...common],
        ...['--listen', listenAddress(last, address)],
        ...this.#joinOthers(name),
        ...options.agentArguments,
      ])
    })
  }

  /**
   * Starts the first server, then all other processes at once, which join there. Rejects with the first failure; `stop`
   * then ends the rest.
   */
  async start(): Promise<void> {
    const [first, ...others] = this.servers
    await first?.start()
    await Promise.all([...others, ...this.agents].map(process => process.start()))
  }

  /** Servers go first, so that what they have under way is still answered by the agents. */
  async stop(): Promise<void> {
    await Promise.all(this.servers.map(server => server.stop(graceMs)))
    await Promise.all(this.agents.map(agent => agent.stop(graceMs)))
  }

  /** Where a client on this machine reaches the servers. */
  get serverAddresses(): string[] {
    return this.servers.map(({ node }) => reachableAddress(node?.address ?? ''))
  }

  #joinOthers(name: string): string[] {
    const known = [...(this.servers ?? []), ...(this.agents ?? [])]
      .filter(process => process.name !== name)
      .flatMap(process => (process.node === undefined ? [] : [reachableAddress(process.node.address)]))
    return known.length === 0 ? [] : ['--join', known.join(',')]
  }
}

/** The first is `server`, as it is where it is the only one; then `server-2` … */
export function serverName(index: number): string {
  return index === 0 ? 'server' : `server-${index + 1}`
}

export function agentName(index: number): string {
  return `agent-${index + 1}`
}

/** A process that is started again listens where it did: others know it by that address. */
function listenAddress(last: RunningNode | undefined, asked: Address): string {
  return asked.port === 0 && last !== undefined ? last.address : formatAddress(asked)
}

/** Faces that are started again are where they were, as nodes are. */
function facePorts(
  last: RunningNode | undefined,
  asked: { readonly httpPort: number; readonly s3Port: number },
): string[] {
  const portOf = (url: string | undefined, port: number): string =>
    port === 0 && url !== undefined ? new URL(url).port : String(port)
  return ['--http-port', portOf(last?.http, asked.httpPort), '--s3-port', portOf(last?.s3, asked.s3Port)]
}

/** What listens at a wildcard tells the others where they reach it. */
function advertised(address: Address): string[] {
  const host = reachable(address.host)
  if (host === address.host || address.port === 0) return []
  return ['--advertise', formatAddress({ ...address, host })]
}

/** Options for the whole (a shell, a port, a profile) must not reach the parts: they get theirs as arguments. */
function variablesOfChildren(
  variables: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const kept = Object.entries(variables).filter(
    ([name]) => !name.startsWith('TORC_') || name === 'TORC_CONFIG_DIR',
  )
  return Object.fromEntries(kept)
}
