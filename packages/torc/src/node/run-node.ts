import type { CommandContext } from '@torc/client/commands/command'
import type { OptionsOf } from '@torc/client/config/option'
import { TorcError } from '@torc/protocol/errors'
import { tcpTransport } from '@torc/protocol/transport/tcp'
import { type Address, parseAddress, type Transport } from '@torc/protocol/transport/transport'
import { type ClusterSecret, requireClusterSecret } from '../files/cluster-secret.js'
import { openShell } from '../shell/open-shell.js'
import { supervision } from '../supervise/supervised.js'
import { type Logger, makeLogger } from './logger.js'
import type { nodeOptions } from './node-options.js'

/** What a node is built from, beside its own options. */
export interface NodeParts {
  readonly secret: ClusterSecret
  readonly transport: Transport
  readonly listen: Address
  readonly advertise: Address | undefined
  readonly join: readonly Address[]
  readonly log: Logger
}

/** A node that runs in this process. */
export interface StartedNode {
  readonly id: string
  /** `host:port` where it is reached. */
  readonly address: string
  /** Where it serves HTTP, as URLs. */
  readonly http?: string | undefined
  readonly s3?: string | undefined
  close(): Promise<void>
  /** Resolves when it is over, for whatever reason. */
  readonly closed: Promise<unknown>
}

export type NodeOptions = OptionsOf<typeof nodeOptions>

export interface RunNodeOptions {
  readonly context: Pick<CommandContext, 'settings' | 'io' | 'signal' | 'output'> & CommandContext
  readonly options: NodeOptions
  /** What it is, and its name where `--name` does not say: `server`, `agent`. */
  readonly kind: string
  start(parts: NodeParts): Promise<StartedNode>
  /** Server that the REPL of `--shell` talks to, once the node runs. */
  shellServer(address: string): string
}

/** A node that takes longer to close is ended. Below the patience of `torc up`. */
const closeMsMax = 8_000

/** Runs one node in this process until it is told to stop; the exit status. */
export async function runNode(run: RunNodeOptions): Promise<number> {
  const { context, options, kind } = run
  const supervised = supervision()
  // Ctrl-C reaches the supervised as well, before the supervisor asks them to end one after the other.
  if (supervised !== undefined) context.takeInterrupts(() => undefined)
  const log = makeLogger({
    // Lines that nobody asked for would tear the prompt apart.
    level: options.logLevel ?? (options.shell ? 'warn' : 'info'),
    name: options.name ?? kind,
    // With the REPL in the terminal, standard output belongs to it.
    descriptor: options.shell ? 2 : 1,
    pretty: (options.shell ? context.io.stderr : context.io.stdout).isTTY === true,
  })
  let secret: ClusterSecret
  let node: StartedNode
  try {
    secret = requireClusterSecret(options.clusterSecretFile)
    node = await run.start({ secret, log, ...networkOf(context, options) })
  } catch (thrown) {
    await supervised?.failed(thrown)
    log.fatal({ err: thrown }, `the ${kind} could not start`)
    throw thrown
  }
  const { id, address, http, s3 } = node
  supervised?.ready({ id, address, http, s3 })
  log.info({ event: 'ready', id, address, http, s3 }, `${kind} is ready`)
  try {
    if (options.shell) {
      return await openShell(context, { servers: [run.shellServer(address)], secret: secret.secret })
    }
    const why = await Promise.race([
      aborted(supervised?.stop ?? context.signal).then(() => 'stop' as const),
      node.closed,
    ])
    if (why === 'stop') return 0
    await supervised?.failed(why)
    if (!(why instanceof TorcError)) throw new TorcError('INTERNAL', `the ${kind} ended by itself`)
    // The cluster refused it: that is a failure of the process, whatever code the refusal had.
    throw new TorcError('INTERNAL', why.message, { cause: why, hint: why.hint })
  } finally {
    log.info({ event: 'stopping' }, `${kind} stops`)
    // With the supervisor gone, nobody else would end a process that can't close.
    const cancelExit = context.environment.clock.after(closeMsMax, () => process.exit(1))
    await node.close()
    cancelExit()
    log.info({ event: 'stopped' }, `${kind} has stopped`)
  }
}

function networkOf(context: CommandContext, options: NodeOptions): Omit<NodeParts, 'secret' | 'log'> {
  const { tls, tlsCa, tlsCert, tlsKey } = context.settings
  const secured = tls || tlsCa !== undefined || tlsCert !== undefined
  if (options.listen === undefined) {
    throw new TorcError('CONFIG', '--listen is missing', { hint: 'Say where to listen: --listen HOST:PORT.' })
  }
  return {
    transport: tcpTransport(secured ? { ca: tlsCa, cert: tlsCert, key: tlsKey } : undefined),
    listen: addressOf(options.listen, '--listen'),
    advertise: options.advertise === undefined ? undefined : addressOf(options.advertise, '--advertise'),
    join: (options.join ?? []).map(text => addressOf(text, '--join')),
  }
}

function addressOf(text: string, flag: string): Address {
  const address = parseAddress(text)
  if (address === undefined)
    throw new TorcError('CONFIG', `${flag} must be HOST:PORT, not ${JSON.stringify(text)}`)
  return address
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
