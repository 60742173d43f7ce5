import { TorcError } from '../errors.js'
import type { Frame } from '../frames/frame.js'
import { limits } from '../limits.js'
import { type CompiledMessage, compiledMessage } from '../messages/compiled.js'
import type { MessageName } from '../messages/table.js'
import { inlinePieces } from './body-sender.js'
import type { CallLink } from './call.js'
import type { RequestOptions } from './exchange.js'
import { type AnswerSink, OpenRequest, type OpenRequestOwner } from './open-request.js'

type Head = Readonly<Record<string, unknown>>

/** A request that waits until the peer has a place for it. */
interface Waiting {
  readonly message: CompiledMessage
  readonly head: Head
  readonly options: RequestOptions
  readonly sink: AnswerSink
  readonly deadlineMs: number
}

/** The requests of this side: their numbers, their places at the peer, and who gets their answers. */
export class Requester implements OpenRequestOwner {
  readonly #link: CallLink
  readonly #open = new Map<number, OpenRequest>()
  readonly #waiting: { interactive: Waiting[]; background: Waiting[] } = { interactive: [], background: [] }
  #nextId: number
  #openStreams = 0

  /** `firstId` is 1 for the side that opened the connection, 2 for the other. */
  constructor(link: CallLink, firstId: number) {
    this.#link = link
    this.#nextId = firstId
  }

  get outbox() {
    return this.#link.outbox
  }
  get peerLimits() {
    return this.#link.peerLimits
  }
  get ownLimits() {
    return this.#link.ownLimits
  }
  nowMs(): number {
    return this.#link.nowMs()
  }
  watch(deadlineMs: number): void {
    this.#link.watch(deadlineMs)
  }
  onBuffered(bytes: number): void {
    this.#link.onBuffered(bytes)
  }

  /** Requests under way or waiting. */
  get count(): number {
    return this.#open.size + this.#waiting.interactive.length + this.#waiting.background.length
  }

  find(id: number): OpenRequest | undefined {
    return this.#open.get(id)
  }

  /** Whether a request of this number was ever sent. */
  knows(id: number): boolean {
    return id < this.#nextId
  }

  /** Sends the request now, or when there is a place for it. Failures go to the sink. */
  start(name: MessageName, head: Head, options: RequestOptions, sink: AnswerSink): OpenRequest | undefined {
    const message = compiledMessage(name)
    const { signal } = options
    if (signal?.aborted === true) {
      sink.onFailure(new TorcError('CANCELLED', `${name} was cancelled`, { cause: signal.reason }))
      return undefined
    }
    const timeoutMs = clampTimeout(options.timeoutMs)
    if (this.#hasPlace(options)) return this.#send(message, head, options, timeoutMs, sink)
    const queue = this.#waiting[message.message.priority]
    if (queue.length >= limits.waitingRequestsMax) {
      sink.onFailure(new TorcError('OVERLOADED', `${queue.length} requests wait for this connection`))
      return undefined
    }
    const deadlineMs = this.nowMs() + timeoutMs
    queue.push({ message, head, options, sink, deadlineMs })
    this.watch(deadlineMs)
    return undefined
  }

  #hasPlace(options: RequestOptions): boolean {
    if (this.#open.size >= this.peerLimits.openRequestsMax) return false
    return (
      !isStream(options, this.peerLimits.inlineBodyBytesMax) ||
      this.#openStreams < this.peerLimits.openStreamsMax
    )
  }

  #send(
    message: CompiledMessage,
    head: Head,
    options: RequestOptions,
    timeoutMs: number,
    sink: AnswerSink,
  ): OpenRequest | undefined {
    const id = this.#nextId
    const { body } = options
    const inline = inlinePieces(body, this.peerLimits.inlineBodyBytesMax)
    const streamed = body !== undefined && inline === undefined
    const encoder = this.outbox.encoder(message.message.priority === 'background')
    const writer = encoder.begin(message.type, id, inline !== undefined)
    try {
      message.writeRequest(writer, head, timeoutMs === limits.requestMs ? undefined : timeoutMs, streamed)
    } catch (error) {
      encoder.abandon()
      sink.onFailure(TorcError.from(error))
      return undefined
    }
    try {
      encoder.finish(inline, this.peerLimits.frameBytesMax)
    } catch (error) {
      sink.onFailure(TorcError.from(error))
      return undefined
    }
    this.#nextId += 2
    const request = new OpenRequest(this, id, message, timeoutMs, sink, options.signal)
    this.#open.set(id, request)
    this.watch(request.deadlineMs)
    if (streamed) {
      this.#openStreams++
      request.sent(body)
    }
    return request
  }

  forget(request: OpenRequest): void {
    this.#open.delete(request.id)
    if (request.outgoing !== undefined) this.#openStreams--
    if (this.#waiting.interactive.length + this.#waiting.background.length > 0) this.#admit()
  }

  #admit(): void {
    for (const queue of [this.#waiting.interactive, this.#waiting.background]) {
      // In order, but a stream that has to wait does not hold back requests behind it.
      for (let i = 0; i < queue.length; ) {
        const waiting = queue[i] as Waiting
        if (this.#open.size >= this.peerLimits.openRequestsMax) return
        if (!this.#hasPlace(waiting.options)) {
          i++
          continue
        }
        queue.splice(i, 1)
        if (waiting.options.signal?.aborted === true) {
          waiting.sink.onFailure(new TorcError('CANCELLED', `${waiting.message.name} was cancelled`))
          continue
        }
        const leftMs = Math.max(1, Math.ceil(waiting.deadlineMs - this.nowMs()))
        this.#send(waiting.message, waiting.head, waiting.options, leftMs, waiting.sink)
      }
    }
  }

  /** RESULT or FETCH_RESP. An answer to a request that is over already (it timed out, say) is dropped. */
  onAnswer(frame: Frame): void {
    const request = this.#open.get(frame.stream)
    if (request === undefined) return
    if (request.message.answerType !== frame.type)
      throw new TorcError('PROTOCOL', 'an answer of the wrong type')
    request.answer(frame)
  }

  /** Fails what is past its deadline; returns the next one. */
  sweep(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const request of this.#open.values()) {
      if (request.deadlineMs <= nowMs) request.expire()
      else if (request.deadlineMs < next) next = request.deadlineMs
    }
    for (const queue of [this.#waiting.interactive, this.#waiting.background]) {
      for (let i = queue.length - 1; i >= 0; i--) {
        const waiting = queue[i] as Waiting
        if (waiting.deadlineMs <= nowMs) {
          queue.splice(i, 1)
          waiting.sink.onFailure(
            new TorcError('TIMEOUT', `${waiting.message.name}: the connection had no place for it in time`),
          )
        } else if (waiting.deadlineMs < next) next = waiting.deadlineMs
      }
    }
    return next
  }

  /** The connection is over. */
  abort(error: TorcError): void {
    const waiting = [...this.#waiting.interactive, ...this.#waiting.background]
    this.#waiting.interactive = []
    this.#waiting.background = []
    for (const { sink } of waiting) sink.onFailure(error)
    for (const request of [...this.#open.values()]) request.abort(error)
  }
}

function clampTimeout(timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return limits.requestMs
  return Math.max(1, Math.min(limits.requestMsMax, Math.ceil(timeoutMs)))
}

function isStream(options: RequestOptions, inlineBytesMax: number): boolean {
  return options.body !== undefined && inlinePieces(options.body, inlineBytesMax) === undefined
}
