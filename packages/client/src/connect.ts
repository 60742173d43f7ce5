import { type Environment, systemEnvironment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Identity } from '@torc/protocol/handshake/identity'
import { limits } from '@torc/protocol/limits'
import { type TlsFiles, tcpTransport } from '@torc/protocol/transport/tcp'
import { type Address, parseAddress, type Transport } from '@torc/protocol/transport/transport'
import { type AccessCredentials, findCredentials } from './config/credentials.js'
import type { GlobalOptions } from './config/options.js'
import type { Variables } from './config/resolve.js'
import { loadSettings } from './config/settings.js'
import { Connector } from './connection/connector.js'
import { Deadline } from './connection/deadline.js'
import { RemoteStore, type Store } from './store/remote-store.js'

export interface ConnectOptions {
  /**
   * `host:port` of the servers; else from environment and profile. The first connection is tried in this order, and
   * requests are spread over all that answer.
   */
  readonly servers?: readonly string[] | undefined
  readonly credentials?: AccessCredentials | undefined
  /** Name of a profile; `local` when none is chosen. */
  readonly profile?: string | undefined
  /** Default deadline of calls, milliseconds; 30 s when absent. */
  readonly timeoutMs?: number | undefined
  /** TLS by file paths; `{}` trusts the system's authorities. */
  readonly tls?: TlsFiles | undefined
  /** Stops the attempt to connect. */
  readonly signal?: AbortSignal | undefined
  /** Told before each new round over the servers after the connection was lost. */
  readonly onReconnecting?: ((error: TorcError, waitMs: number) => void) | undefined
  /** Environment variables; the process's own when absent. */
  readonly variables?: Variables | undefined
  /** Clock, randomness and hashing; the machine's own when absent. */
  readonly environment?: Environment | undefined
  /** How connections are opened; TCP, or TLS, when absent. */
  readonly transport?: Transport | undefined
}

/**
 * Connects to the first of the servers that answers and proves the access key; the others follow when there is
 * more than one request. Tries each server once: CONFIG when servers or credentials are not known, UNREACHABLE or
 * TIMEOUT when none answers, DENIED when the key is refused. A connection that is lost later is made anew behind the
 * scenes; the calls that were under way go on at another server, within their deadlines.
 */
export async function connect(options: ConnectOptions = {}): Promise<Store> {
  const { servers, credentials, timeoutMs, tls } = await completed(options)
  const identity: Identity = {
    role: 'client',
    id: credentials.accessKey,
    name: 'client',
    address: '',
    clusterId: '',
    secret: Buffer.from(credentials.secretKey),
  }
  return openStore(identity, { ...options, servers, timeoutMs, tls })
}

/** How the servers are reached. */
export interface Reach
  extends Pick<ConnectOptions, 'signal' | 'onReconnecting' | 'environment' | 'transport'> {
  readonly servers: readonly Address[]
  readonly timeoutMs: number
  readonly tls: TlsFiles | undefined
}

/** The store as `identity` may use it. */
export async function openStore(identity: Identity, reach: Reach): Promise<RemoteStore> {
  const { servers, timeoutMs, environment = systemEnvironment, signal, onReconnecting } = reach
  const transport = reach.transport ?? tcpTransport(reach.tls)
  const connector = new Connector({
    servers,
    environment,
    onReconnecting,
    open: (address, signal, silence) =>
      connectExchange(transport, address, {
        identity,
        environment,
        expectedRoles: ['server'],
        timeoutMs: Math.min(timeoutMs, limits.handshakeMs),
        signal,
        silence,
      }),
  })
  try {
    await connector.acquire(new Deadline(environment.clock, timeoutMs, signal), 1)
  } catch (error) {
    await connector.close()
    throw error
  }
  return new RemoteStore(connector, environment, timeoutMs)
}

interface Completed {
  readonly servers: readonly Address[]
  readonly credentials: AccessCredentials
  readonly timeoutMs: number
  readonly tls: TlsFiles | undefined
}

/** What the caller left open comes from the environment and the profile; neither is read when nothing is. */
async function completed(options: ConnectOptions): Promise<Completed> {
  const { servers, credentials, timeoutMs, tls } = options
  if (servers !== undefined && credentials !== undefined) {
    return { servers: servers.map(addressOf), credentials, timeoutMs: timeoutMs ?? limits.requestMs, tls }
  }
  const settings = loadSettings(
    { profile: options.profile, server: servers },
    options.variables ?? process.env,
  )
  return {
    servers: settings.server.map(addressOf),
    credentials: credentials ?? (await findCredentials(settings)),
    timeoutMs: timeoutMs ?? settings.timeout,
    tls: tls ?? tlsFilesOf(settings),
  }
}

/** The TLS files that the options name; undefined where TLS is not wanted. */
export function tlsFilesOf({ tls, tlsCa, tlsCert, tlsKey }: GlobalOptions): TlsFiles | undefined {
  const wanted = tls || tlsCa !== undefined || tlsCert !== undefined
  return wanted ? { ca: tlsCa, cert: tlsCert, key: tlsKey } : undefined
}

/** CONFIG where it is none. */
export function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address !== undefined) return address
  throw new TorcError('CONFIG', `${JSON.stringify(text)} is not a server's address`, {
    hint: 'Write HOST:PORT, or [IPv6]:PORT.',
  })
}
