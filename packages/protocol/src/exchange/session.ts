import type { Log } from '../environment/log.js'
import type { Environment } from '../environment/system.js'
import { TorcError } from '../errors.js'
import { FrameDecoder } from '../frames/decoder.js'
import { encodeFrame } from '../frames/encoder.js'
import type { Frame } from '../frames/frame.js'
import type { HandshakeOutput, HandshakeResult } from '../handshake/hello.js'
import { assertLimits, limits } from '../limits.js'
import type { AnnouncedLimits } from '../messages/control.js'
import { frameType, type Role } from '../messages/frame-types.js'
import type { Connection, ConnectionListener } from '../transport/transport.js'
import { ExchangeConnection } from './connection.js'
import { errorHeadOf } from './error-head.js'
import type { Handlers } from './exchange.js'
import type { SilenceRule } from './liveness.js'

assertLimits()

/** How long an ERROR that ends a handshake may take to leave. */
const lingerMs = 1_000

/** One side's part in a handshake. */
export interface Handshake {
  start?(): void
  onFrame(frame: Frame, bytes: Uint8Array): void
}

export interface SessionParts {
  readonly connection: Connection
  readonly environment: Environment
  readonly role: Role
  readonly initiator: boolean
  readonly ownLimits: AnnouncedLimits
  readonly handlers: Handlers
  readonly log: Log
  readonly silence?: SilenceRule | undefined
  readonly timeoutMs: number
  /** What to call the peer in messages before it has a name. */
  readonly peerName: string
  readonly handshake: (output: HandshakeOutput) => Handshake
  readonly onExchange: (exchange: ExchangeConnection) => void
  readonly onFailure: (error: TorcError) => void
}

/** A connection from its first byte: the handshake under its deadline, then the exchange. */
export class Session implements ConnectionListener, HandshakeOutput {
  readonly #parts: SessionParts
  readonly #decoder: FrameDecoder
  readonly #handshake: Handshake
  #exchange: ExchangeConnection | undefined
  #failed = false
  #cancelTimer: (() => void) | undefined

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#handshake = parts.handshake(this)
    this.#decoder = new FrameDecoder(
      frame => this.#onFrame(frame),
      limits.handshakeFrameBytesMax,
      parts.connection.buffers,
    )
  }

  start(): void {
    const { connection, environment, timeoutMs, peerName } = this.#parts
    this.#cancelTimer = environment.clock.after(timeoutMs, () =>
      this.fail(
        new TorcError('TIMEOUT', `${peerName}: no handshake within ${Math.ceil(timeoutMs)} ms`),
        true,
      ),
    )
    connection.listen(this)
    this.#handshake.start?.()
  }

  get target(): Uint8Array | undefined {
    return this.#decoder.target
  }

  onData(chunk: Uint8Array): void {
    if (this.#exchange !== undefined) {
      this.#exchange.onData(chunk)
      return
    }
    if (this.#failed) return
    try {
      this.#decoder.push(chunk)
    } catch (error) {
      const reason = TorcError.from(error)
      // The handshake may have ended within this chunk: then the rest of it was the exchange's.
      const exchange = this.#exchange as ExchangeConnection | undefined
      if (exchange === undefined) this.fail(reason, true)
      else exchange.reject(reason)
    }
  }

  onDrain(): void {
    this.#exchange?.onDrain()
  }

  onClose(error: Error | undefined): void {
    if (this.#exchange !== undefined) {
      this.#exchange.onClose(error)
      return
    }
    this.#cancelTimer?.()
    if (this.#failed) return
    this.#failed = true
    this.#parts.onFailure(
      new TorcError('UNREACHABLE', `${this.#parts.peerName} closed the connection during the handshake`, {
        cause: error,
      }),
    )
  }

  #onFrame(frame: Frame): void {
    if (this.#exchange !== undefined) this.#exchange.onFrame(frame)
    else if (!this.#failed) this.#handshake.onFrame(frame, this.#decoder.currentFrame())
  }

  // ---- HandshakeOutput

  sendFrame(frame: Uint8Array): void {
    if (!this.#failed) this.#parts.connection.write([frame])
  }

  onDone(result: HandshakeResult): void {
    if (this.#failed) return
    this.#cancelTimer?.()
    const { connection, environment, role, initiator, ownLimits, handlers, log, silence } = this.#parts
    const peer =
      result.peer.address === '' ? { ...result.peer, address: connection.remoteAddress } : result.peer
    this.#decoder.frameBytesMax = ownLimits.frameBytesMax
    this.#exchange = new ExchangeConnection({
      connection,
      decoder: this.#decoder,
      environment,
      peer,
      role,
      initiator,
      peerLimits: result.peerLimits,
      ownLimits,
      handlers,
      log,
      silence,
    })
    this.#parts.onExchange(this.#exchange)
  }

  onFailure(error: TorcError, tell: boolean): void {
    this.fail(error, tell)
  }

  /** Ends the handshake; `tell` sends the peer an ERROR first. */
  fail(error: TorcError, tell: boolean): void {
    if (this.#failed || this.#exchange !== undefined) return
    this.#failed = true
    this.#decoder.stop()
    this.#cancelTimer?.()
    const { connection, environment, onFailure } = this.#parts
    if (tell) {
      connection.write(encodeFrame(frameType.ERROR, 0, errorHeadOf(error)))
      connection.end()
      this.#cancelTimer = environment.clock.after(lingerMs, () => connection.destroy())
    } else connection.destroy()
    onFailure(error)
  }
}
