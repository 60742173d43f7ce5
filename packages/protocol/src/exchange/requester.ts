import { TorcError } from '../errors.js'
import type { Frame } from '../frames/frame.js'
import { limits } from '../limits.js'
import { type CompiledMessage, compiledMessage } from '../messages/compiled.js'
import type { MessageName } from '../messages/table.js'
import { inlinePieces, leasesOfBody, releaseBody } from './body-sender.js'
import type { CallLink } from './call.js'
import type { RequestOptions } from './exchange.js'
import { type AnswerSink, OpenRequest, type OpenRequestOwner, type RequestHandle } from './open-request.js'
import { WaitingRequest, WaitingRoom } from './waiting-room.js'

type Head = Readonly<Record<string, unknown>>

/** The requests of this side: their numbers, their places at the peer, and who gets their answers. */
export class Requester implements OpenRequestOwner {
  readonly #link: CallLink
  readonly #open = new Map<number, OpenRequest>()
  readonly #waiting = new WaitingRoom()
  #watchesRoom = false
  #nextId: number
  /** Bodies of requests that leave as streams, and bodies of answers that arrive so. */
  #outgoingStreams = 0
  #incomingStreams = 0

  /** `firstId` is 1 for the side that opened the connection, 2 for the other. */
  constructor(link: CallLink, firstId: number) {
    this.#link = link
    this.#nextId = firstId
  }

  /** Requests under way or waiting. */
  get count(): number {
    return this.#open.size + this.#waiting.count
  }

  find(id: number): OpenRequest | undefined {
    return this.#open.get(id)
  }

  /** Whether a request of this number was ever sent. */
  knows(id: number): boolean {
    return id < this.#nextId
  }

  /** Sends the request now, or when there is a place for it. Failures go to the sink. */
  start(name: MessageName, head: Head, options: RequestOptions, sink: AnswerSink): RequestHandle | undefined {
    const message = compiledMessage(name)
    const { signal } = options
    if (signal?.aborted === true) {
      return this.#refuse(
        options,
        sink,
        new TorcError('CANCELLED', `${name} was cancelled`, { cause: signal.reason }),
      )
    }
    const timeoutMs = clampTimeout(options.timeoutMs)
    if (this.#hasPlace(message, options)) return this.#send(message, head, options, timeoutMs, sink)
    if (this.#waiting.full) {
      return this.#refuse(
        options,
        sink,
        new TorcError('OVERLOADED', 'too many requests wait for this connection'),
      )
    }
    const waiting = new WaitingRequest(message, head, options, sink, this.#link.nowMs() + timeoutMs)
    this.#waiting.add(waiting)
    this.#link.watch(waiting.deadlineMs)
    this.#watchRoom()
    return waiting
  }

  #refuse(options: RequestOptions, sink: AnswerSink, error: TorcError): undefined {
    releaseBody(options.body)
    sink.onFailure(error)
  }

  /**
   * Requests leave in the order of their numbers, so that an interactive one can overtake only what has no
   * number yet: background requests get theirs when the connection has room.
   */
  #hasPlace(message: CompiledMessage, options: RequestOptions): boolean {
    const { openRequestsMax, openStreamsMax, inlineBodyBytesMax } = this.#link.peerLimits
    if (this.#open.size >= openRequestsMax) return false
    if (message.message.priority === 'background' && !this.#link.outbox.hasRoom) return false
    return this.#outgoingStreams < openStreamsMax || !isStream(options, inlineBodyBytesMax)
  }

  #watchRoom(): void {
    if (this.#watchesRoom || this.#link.outbox.hasRoom) return
    this.#watchesRoom = true
    this.#link.outbox.whenRoom(() => {
      this.#watchesRoom = false
      this.#admit()
    })
  }

  #send(
    message: CompiledMessage,
    head: Head,
    options: RequestOptions,
    timeoutMs: number,
    sink: AnswerSink,
  ): RequestHandle | undefined {
    const link = this.#link
    const id = this.#nextId
    const { body } = options
    const inline = inlinePieces(body, link.peerLimits.inlineBodyBytesMax)
    const streamed = body !== undefined && inline === undefined
    // All in one lane, in the order of their numbers; the bodies that follow have lanes of their own.
    const encoder = link.outbox.encoder(false)
    try {
      const writer = encoder.begin(message.type, id, inline !== undefined)
      message.writeRequest(writer, head, timeoutMs === limits.requestMs ? undefined : timeoutMs, streamed)
      encoder.finish(inline, link.peerLimits.frameBytesMax)
    } catch (error) {
      encoder.abandon()
      return this.#refuse(options, sink, TorcError.from(error))
    }
    this.#nextId += 2
    const request = new OpenRequest(link, this, id, message, timeoutMs, sink, options.signal)
    this.#open.set(id, request)
    link.watch(request.deadlineMs)
    if (inline !== undefined) for (const lease of leasesOfBody(body)) link.outbox.releaseSent(lease, false)
    if (streamed) {
      this.#outgoingStreams++
      request.openOutgoing(body)
    }
    return request
  }

  admitStream(): boolean {
    if (this.#incomingStreams >= this.#link.ownLimits.openStreamsMax) return false
    this.#incomingStreams++
    return true
  }

  forget(request: OpenRequest): void {
    this.#open.delete(request.id)
    if (request.outgoing !== undefined) this.#outgoingStreams--
    if (request.incoming !== undefined) this.#incomingStreams--
    if (this.#waiting.count > 0) this.#admit()
    this.#link.onCallOver()
  }

  #admit(): void {
    this.#waiting.offer(waiting => {
      if (!this.#hasPlace(waiting.message, waiting.options)) return false
      const leftMs = Math.max(1, Math.ceil(waiting.deadlineMs - this.#link.nowMs()))
      waiting.admitted(this.#send(waiting.message, waiting.head, waiting.options, leftMs, waiting.sink))
      return true
    })
    if (this.#waiting.count > 0) this.#watchRoom()
  }

  /** RESULT, FETCH_RESP or EVENT. An answer to a request that is over already (it timed out, say) is dropped. */
  onAnswer(frame: Frame): void {
    const request = this.#open.get(frame.stream)
    if (request === undefined) return
    if (request.message.answerType !== frame.type)
      throw new TorcError('PROTOCOL', 'an answer of the wrong type')
    request.answer(frame)
  }

  /** Fails what is past its deadline; returns the next one. */
  sweep(nowMs: number): number {
    let next = this.#waiting.sweep(nowMs)
    for (const request of this.#open.values()) {
      if (request.deadlineMs <= nowMs) request.expire()
      else if (request.deadlineMs < next) next = request.deadlineMs
    }
    return next
  }

  /** The connection is over. */
  abort(error: TorcError): void {
    this.#waiting.abort(error)
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
