import { type Log, silentLog } from '../environment/log.js'
import type { Environment } from '../environment/system.js'
import { TorcError } from '../errors.js'
import { AcceptorHandshake } from '../handshake/acceptor.js'
import { ownLimits } from '../handshake/hello.js'
import type { Credentials, Identity } from '../handshake/identity.js'
import { InitiatorHandshake } from '../handshake/initiator.js'
import { limits } from '../limits.js'
import type { AnnouncedLimits } from '../messages/control.js'
import type { Role } from '../messages/frame-types.js'
import { type Address, formatAddress, type Transport } from '../transport/transport.js'
import type { Exchange, Handlers } from './exchange.js'
import type { SilenceRule } from './liveness.js'
import { Session } from './session.js'

export interface ConnectOptions {
  readonly identity: Identity
  /** Serve the peer's requests on the same connection. */
  readonly handlers?: Handlers | undefined
  readonly environment: Environment
  /** CONFIG when the peer has another role. */
  readonly expectedRoles?: readonly Role[] | undefined
  /** For the connection and the handshake together; `limits.handshakeMs` when absent. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Smaller limits than usual. */
  readonly announce?: Partial<AnnouncedLimits> | undefined
  readonly log?: Log | undefined
  /** For a side that could go elsewhere: when to leave a peer that owes an answer and is silent. */
  readonly silence?: SilenceRule | undefined
}

/**
 * Opens a connection and proves both sides to each other. Rejects with UNREACHABLE, TIMEOUT, CANCELLED, DENIED
 * (wrong secret, other cluster), PROTOCOL (no Torc, or no common version), CONFIG (a peer of another role).
 */
export async function connectExchange(
  transport: Transport,
  address: Address,
  options: ConnectOptions,
): Promise<Exchange> {
  const { environment, identity, signal } = options
  const timeoutMs = options.timeoutMs ?? limits.handshakeMs
  const startMs = environment.clock.monotonicMs()
  const connection = await transport.connect(address, {
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  })
  const announced = { ...ownLimits, ...options.announce }
  const leftMs = Math.max(1, timeoutMs - (environment.clock.monotonicMs() - startMs))
  return new Promise<Exchange>((resolve, reject) => {
    const onAbort = (): void =>
      session.fail(
        new TorcError('CANCELLED', 'the handshake was cancelled', { cause: signal?.reason }),
        false,
      )
    const session = new Session({
      connection,
      environment,
      role: identity.role,
      initiator: true,
      ownLimits: announced,
      handlers: options.handlers ?? {},
      log: options.log ?? silentLog,
      silence: options.silence,
      timeoutMs: leftMs,
      peerName: formatAddress(address),
      handshake: output =>
        new InitiatorHandshake(identity, announced, environment, options.expectedRoles, output),
      onExchange(exchange) {
        signal?.removeEventListener('abort', onAbort)
        resolve(exchange)
      },
      onFailure(error) {
        signal?.removeEventListener('abort', onAbort)
        reject(error)
      },
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    session.start()
    if (signal?.aborted === true) onAbort()
  })
}

export interface AcceptOptions {
  readonly identity: Identity
  readonly credentials: Credentials
  readonly handlers: Handlers
  readonly environment: Environment
  /** Peers of other roles get DENIED. */
  readonly allowedRoles: readonly Role[]
  /** Called for each peer that has proved itself, before its first request is served. */
  readonly onExchange?: ((exchange: Exchange) => void) | undefined
  /** Smaller limits than usual. */
  readonly announce?: Partial<AnnouncedLimits> | undefined
  readonly log?: Log | undefined
}

export interface Acceptor {
  /** The bound address, with the real port when 0 was asked for. */
  readonly address: Address
  /** Exchanges that are open. */
  readonly exchanges: ReadonlySet<Exchange>
  /** Takes no more connections, lets open requests end (up to `timeoutMs`), closes all. */
  close(timeoutMs?: number): Promise<void>
}

/** Default patience of `close` with requests under way. */
const closeMs = 5_000

/** Listens, and serves each peer that proves itself. Rejects with CONFIG when the address can't be bound. */
export async function acceptExchanges(
  transport: Transport,
  address: Address,
  options: AcceptOptions,
): Promise<Acceptor> {
  const { environment, identity } = options
  const log = options.log ?? silentLog
  const announced = { ...ownLimits, ...options.announce }
  const sessions = new Set<Session>()
  const exchanges = new Set<Exchange>()
  let closing = false
  const listener = await transport.listen(address, connection => {
    if (closing || sessions.size >= limits.handshakesMax) {
      connection.destroy()
      return
    }
    const session = new Session({
      connection,
      environment,
      role: identity.role,
      initiator: false,
      ownLimits: announced,
      handlers: options.handlers,
      log,
      timeoutMs: limits.handshakeMs,
      peerName: connection.remoteAddress,
      handshake: output =>
        new AcceptorHandshake(
          identity,
          announced,
          environment,
          options.credentials,
          options.allowedRoles,
          output,
        ),
      onExchange(exchange) {
        sessions.delete(session)
        exchanges.add(exchange)
        exchange.closed.then(() => exchanges.delete(exchange))
        options.onExchange?.(exchange)
      },
      onFailure(error) {
        sessions.delete(session)
        log.warn({ err: error, remote: connection.remoteAddress }, 'a connection was refused')
      },
    })
    sessions.add(session)
    session.start()
  })
  return {
    address: listener.address,
    exchanges,
    async close(timeoutMs = closeMs) {
      closing = true
      await listener.close()
      for (const session of [...sessions])
        session.fail(new TorcError('UNAVAILABLE', 'this process is shutting down'), true)
      await Promise.all([...exchanges].map(exchange => exchange.close(timeoutMs)))
    },
  }
}
