import type { Log } from '../environment/log.js'
import type { Environment } from '../environment/system.js'
import { TorcError } from '../errors.js'
import type { FrameDecoder } from '../frames/decoder.js'
import type { Frame } from '../frames/frame.js'
import { limits } from '../limits.js'
import type { AnnouncedLimits } from '../messages/control.js'
import { frameType, type Role } from '../messages/frame-types.js'
import type { MessageName, RequestOf } from '../messages/table.js'
import type { Connection } from '../transport/transport.js'
import type { CallLink } from './call.js'
import { DeadlineTimer } from './deadlines.js'
import { errorHeadOf, errorOfHead } from './error-head.js'
import type { Answer, Exchange, Handlers, Peer, RequestOptions } from './exchange.js'
import { FetchQueue } from './fetch-queue.js'
import { Liveness, type SilenceRule } from './liveness.js'
import { Outbox } from './outbox.js'
import { Requester } from './requester.js'
import { Responder } from './responder.js'
import { onStreamFrame } from './stream-frames.js'

/** How long a connection that was ended in an orderly way may take to send what is queued. */
const lingerMs = 1_000

export interface ExchangeParts {
  readonly connection: Connection
  readonly decoder: FrameDecoder
  readonly environment: Environment
  readonly peer: Peer
  readonly role: Role
  readonly initiator: boolean
  readonly peerLimits: AnnouncedLimits
  readonly ownLimits: AnnouncedLimits
  readonly handlers: Handlers
  readonly log: Log
  /** Absent where there is nowhere else to go. */
  readonly silence?: SilenceRule | undefined
}

/** An authenticated connection: routes frames between the transport and the calls of both sides. */
export class ExchangeConnection implements Exchange, CallLink {
  readonly peer: Peer
  readonly outbox: Outbox
  readonly peerLimits: AnnouncedLimits
  readonly ownLimits: AnnouncedLimits
  readonly closed: Promise<TorcError | undefined>
  readonly #parts: ExchangeParts
  readonly #requester: Requester
  readonly #responder: Responder
  readonly #deadlines: DeadlineTimer
  readonly #ownParity: number
  #resolveClosed: (error: TorcError | undefined) => void = () => {}
  #open = true
  #closing = false
  #over = false
  /** Called when the last call of a connection that is closing ends. */
  #onIdle: (() => void) | undefined
  #cancelLinger: (() => void) | undefined
  #bufferedBytes = 0
  readonly #liveness: Liveness

  constructor(parts: ExchangeParts) {
    this.#parts = parts
    this.peer = parts.peer
    this.peerLimits = parts.peerLimits
    this.ownLimits = parts.ownLimits
    this.outbox = new Outbox(parts.connection, parts.environment.clock)
    const firstId = parts.initiator ? 1 : 2
    this.#ownParity = firstId & 1
    this.#requester = new Requester(this, firstId)
    this.#responder = new Responder(this, parts.peer, parts.role, parts.handlers, 3 - firstId, parts.log)
    this.closed = new Promise(resolve => {
      this.#resolveClosed = resolve
    })
    this.#liveness = new Liveness(
      this.nowMs(),
      {
        ping: () => this.#sendConnectionFrame(frameType.PING, {}),
        giveUp: () => this.destroy(new TorcError('UNREACHABLE', `${this.#peerName} gives no sign of life`)),
      },
      parts.silence,
    )
    this.#deadlines = new DeadlineTimer(parts.environment.clock, nowMs => this.#sweep(nowMs))
    this.#deadlines.watch(this.#liveness.check(this.nowMs(), false))
  }

  get open(): boolean {
    return this.#open
  }

  /** What to call the peer in messages. */
  get #peerName(): string {
    return this.peer.name || this.peer.id
  }

  get openRequests(): number {
    return this.#requester.count
  }

  // ---- Exchange

  request<N extends MessageName>(
    name: N,
    head: RequestOf<N>,
    options: RequestOptions = noOptions,
  ): Promise<Answer<N>> {
    return new Promise<Answer<N>>((resolve, reject) => {
      if (!this.#open) {
        reject(this.#notOpen())
        return
      }
      this.#expectAnswer()
      const request = this.#requester.start(name, head as Record<string, unknown>, options, {
        onAnswer(answer, last) {
          if (last) resolve(answer as unknown as Answer<N>)
          else request?.cancel(new TorcError('PROTOCOL', `${name} has several answers: use fetch`))
        },
        onFailure: reject,
      })
    })
  }

  fetch<N extends MessageName>(
    name: N,
    head: RequestOf<N>,
    options: RequestOptions = noOptions,
  ): AsyncIterable<Answer<N>> {
    const items = new FetchQueue(sink => {
      if (this.#open) {
        this.#expectAnswer()
        return this.#requester.start(name, head as Record<string, unknown>, options, sink)
      }
      sink.onFailure(this.#notOpen())
      return undefined
    })
    return items as unknown as AsyncIterable<Answer<N>>
  }

  /** From the first request that is under way on, silence means more than on an idle connection. */
  #expectAnswer(): void {
    if (this.#parts.silence === undefined || this.#requester.count > 0) return
    const lookMs = this.#liveness.expectAnswer(this.nowMs())
    if (lookMs !== undefined) this.#deadlines.watch(lookMs)
  }

  #notOpen(): TorcError {
    return new TorcError('UNREACHABLE', `the connection to ${this.#peerName} is closed`)
  }

  async close(timeoutMs: number = limits.requestMs): Promise<void> {
    if (!this.#over && !this.#closing) {
      this.#closing = true
      this.#open = false
      this.#responder.refuseNew()
      const cancel = this.#parts.environment.clock.after(timeoutMs, () => this.#onIdle?.())
      await new Promise<void>(resolve => {
        this.#onIdle = resolve
        this.#whenIdle()
      })
      cancel()
      this.#shut(undefined, undefined)
    }
    await this.closed
  }

  destroy(error?: TorcError): void {
    if (this.#over) return
    this.#finish(error)
    this.#parts.connection.destroy()
  }

  // ---- CallLink

  nowMs(): number {
    return this.#parts.environment.clock.monotonicMs()
  }

  watch(deadlineMs: number): void {
    this.#deadlines.watch(deadlineMs)
  }

  onBuffered(bytes: number): void {
    this.#bufferedBytes += bytes
  }

  onCallOver(): void {
    if (this.#closing) this.#whenIdle()
  }

  // ---- from the transport

  onData(chunk: Uint8Array): void {
    if (this.#over) return
    this.#liveness.received(this.nowMs())
    try {
      this.#parts.decoder.push(chunk)
    } catch (error) {
      this.reject(error)
      return
    }
    if (this.outbox.overflown)
      this.destroy(new TorcError('OVERLOADED', `${this.peer.id} does not read its answers`))
  }

  onDrain(): void {
    // A peer that takes bytes is there: on a slow link its PONG waits behind them.
    this.#liveness.received(this.nowMs())
    this.outbox.onDrain()
  }

  onClose(error: Error | undefined): void {
    this.#cancelLinger?.()
    if (this.#over) return
    this.#finish(
      new TorcError('UNREACHABLE', `the connection to ${this.#peerName} (${this.peer.address}) was lost`, {
        cause: error,
      }),
      error === undefined ? undefined : TorcError.from(error, 'UNREACHABLE'),
    )
  }

  /** A frame that the decoder found. */
  onFrame(frame: Frame): void {
    if (this.#over) return
    switch (frame.type) {
      case frameType.RESULT:
      case frameType.FETCH_RESP:
      case frameType.EVENT:
        this.#mustBeOwn(frame)
        this.#requester.onAnswer(frame)
        return
      case frameType.ERROR:
        this.#onError(frame)
        return
      case frameType.DATA:
      case frameType.END:
      case frameType.CREDIT:
      case frameType.CANCEL:
        this.#onStreamFrame(frame)
        return
      case frameType.PING:
        this.#sendConnectionFrame(frameType.PONG, {})
        return
      case frameType.PONG:
        return
      case frameType.HELLO:
      case frameType.WELCOME:
        throw new TorcError('PROTOCOL', 'a handshake frame after the handshake')
      default:
        this.#responder.onRequest(frame, this.#bufferedBytes > limits.receivedBytesMax)
    }
  }

  #mustBeOwn(frame: Frame): void {
    if (frame.stream % 2 !== this.#ownParity || !this.#requester.knows(frame.stream)) {
      throw new TorcError('PROTOCOL', `an answer to ${frame.stream}, which was never asked`)
    }
  }

  #onError(frame: Frame): void {
    const error = errorOfHead(frame.head)
    if (frame.stream === 0) {
      // The peer is about to close: it could not go on with what we sent.
      this.destroy(error)
      return
    }
    this.#mustBeOwn(frame)
    this.#requester.find(frame.stream)?.fail(error)
  }

  #onStreamFrame(frame: Frame): void {
    const { stream } = frame
    const own = stream % 2 === this.#ownParity
    const known = own ? this.#requester.knows(stream) : this.#responder.knows(stream)
    if (stream === 0 || !known) {
      throw new TorcError('PROTOCOL', `frame type ${frame.type} on stream ${stream}, which was never opened`)
    }
    const request = own ? this.#requester.find(stream) : undefined
    const served = own ? undefined : this.#responder.find(stream)
    onStreamFrame(frame, { request, served }, this.ownLimits.dataBytesMax)
  }

  #sendConnectionFrame(type: number, head: Readonly<Record<string, unknown>>): void {
    const encoder = this.outbox.encoder(false)
    encoder.begin(type, 0, false).value(head)
    encoder.finish(undefined, this.peerLimits.frameBytesMax)
  }

  // ---- time

  #sweep(nowMs: number): number {
    if (this.#over) return Number.POSITIVE_INFINITY
    const next = Math.min(
      this.#requester.sweep(nowMs),
      this.#responder.sweep(nowMs),
      this.#liveness.check(nowMs, this.#requester.count > 0),
    )
    return next
  }

  // ---- the end

  #whenIdle(): void {
    if (this.#requester.count > 0 || this.#responder.count > 0) return
    const onIdle = this.#onIdle
    this.#onIdle = undefined
    onIdle?.()
  }

  /** The peer broke the protocol: it is told what was wrong, and the connection ends. */
  reject(error: unknown): void {
    const reason = TorcError.from(error)
    this.#parts.log.warn({ err: reason, peer: this.peer.id }, 'connection ended: the peer broke the protocol')
    this.#shut(reason, reason)
  }

  /** Sends what is queued (and ERROR where there is a reason), then closes. */
  #shut(reason: TorcError | undefined, result: TorcError | undefined): void {
    if (this.#over) return
    if (reason !== undefined) this.#sendConnectionFrame(frameType.ERROR, errorHeadOf(reason))
    this.outbox.close()
    const { connection, environment } = this.#parts
    this.#finish(reason, result)
    connection.end()
    this.#cancelLinger = environment.clock.after(lingerMs, () => connection.destroy())
  }

  #finish(error: TorcError | undefined, result: TorcError | undefined = error): void {
    if (this.#over) return
    this.#over = true
    this.#open = false
    this.#parts.decoder.stop()
    this.#deadlines.stop()
    const reason = error ?? this.#notOpen()
    this.#requester.abort(reason)
    this.#responder.abort(reason)
    this.outbox.discard()
    this.#onIdle?.()
    this.#resolveClosed(result)
  }
}

const noOptions: RequestOptions = Object.freeze({})
