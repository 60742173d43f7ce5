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
  /** Options that all agents get. */
  readonly agentArguments: readonly string[]
  readonly logLevel: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly onEvent: (event: ProcessEvent) => void
}

/** How long a process may take to end what is under way before it is killed. */
const graceMs = 10_000

/** A server and its agents, each a process of this machine. */
export class LocalCluster {
  readonly server: ManagedProcess
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
    this.server = manage('server', last => [
      ...['server', '--name', 'server', ...common],
      ...['--listen', listenAddress(last, addresses.server)],
      ...advertised(addresses.server),
      ...this.#joinOthers('server'),
      ...options.sharedRoots.flatMap(root => ['--shared-root', root]),
    ])
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

  /** Starts the server, then all agents at once. Rejects with the first failure; `stop` then ends the rest. */
  async start(): Promise<void> {
    await this.server.start()
    await Promise.all(this.agents.map(agent => agent.start()))
  }

  /** The server goes first, so that what it has under way is still answered by the agents. */
  async stop(): Promise<void> {
    await this.server.stop(graceMs)
    await Promise.all(this.agents.map(agent => agent.stop(graceMs)))
  }

  /** Where a client on this machine reaches the server. */
  get serverAddress(): string {
    return reachableAddress(this.server.node?.address ?? '')
  }

  #joinOthers(name: string): string[] {
    const known = [this.server, ...(this.agents ?? [])]
      .filter(process => process.name !== name)
      .flatMap(process => (process.node === undefined ? [] : [reachableAddress(process.node.address)]))
    return known.length === 0 ? [] : ['--join', known.join(',')]
  }
}

export function agentName(index: number): string {
  return `agent-${index + 1}`
}

/** A process that is started again listens where it did: others know it by that address. */
function listenAddress(last: RunningNode | undefined, asked: Address): string {
  return asked.port === 0 && last !== undefined ? last.address : formatAddress(asked)
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
