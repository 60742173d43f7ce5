import type { Log } from '../environment/log.js'
import { TorcError } from '../errors.js'
import { type Frame, sizeOf } from '../frames/frame.js'
import { limits } from '../limits.js'
import { type CompiledMessage, isRequestFrame, messageFor } from '../messages/compiled.js'
import { envelope } from '../messages/control.js'
import { checkerOf } from '../messages/fields.js'
import { article, frameNameOf, frameType, type Role } from '../messages/frame-types.js'
import type { CallLink } from './call.js'
import { errorHeadOf } from './error-head.js'
import type { Handlers, IncomingRequest, Peer } from './exchange.js'
import { InlineBody } from './incoming-body.js'
import { type RawReply, ServedRequest, type ServedRequestOwner } from './served-request.js'

type RawHandler = (request: IncomingRequest<never>) => unknown

const checkEnvelope = checkerOf(envelope.request)

/** The peer's requests: which may come, which handler serves them, and how their answers leave. */
export class Responder implements ServedRequestOwner {
  readonly peer: Peer
  readonly #link: CallLink
  readonly #role: Role
  readonly #handlers: Handlers
  readonly #log: Log
  readonly #open = new Map<number, ServedRequest>()
  /** The highest number the peer has used. */
  #lastId: number
  /** Handlers that have not come back, those of cancelled requests included. */
  #running = 0
  /** Bodies of requests that arrive as streams, and bodies of answers that leave so. */
  #incomingStreams = 0
  #outgoingStreams = 0
  /** Answers whose body has no place among the streams yet. */
  #waitForStream: (() => void)[] = []
  #closing = false

  /** `role` is this side's; `peersFirstId` is 1 when the peer opened the connection, else 2. */
  constructor(link: CallLink, peer: Peer, role: Role, handlers: Handlers, peersFirstId: number, log: Log) {
    this.#link = link
    this.peer = peer
    this.#role = role
    this.#handlers = handlers
    this.#lastId = peersFirstId - 2
    this.#log = log
  }

  get count(): number {
    return this.#open.size
  }

  find(id: number): ServedRequest | undefined {
    return this.#open.get(id)
  }

  /** Whether the peer has used this number. */
  knows(id: number): boolean {
    return id <= this.#lastId
  }

  /** From now on requests are refused; those under way go on. */
  refuseNew(): void {
    this.#closing = true
  }

  /**
   * A frame that asks for something. `overloaded` says that streams may not take more memory. Throws
   * PROTOCOL where the peer breaks the rules of numbering.
   */
  onRequest(frame: Frame, overloaded: boolean): void {
    const id = frame.stream
    const parity = this.#lastId & 1
    if (id % 2 !== parity || id <= this.#lastId) {
      throw new TorcError(
        'PROTOCOL',
        `a request with the number ${id}: the numbers of this side are ${parity === 1 ? 'odd' : 'even'}, and each is greater than the one before`,
      )
    }
    this.#lastId = id
    let call: ServedRequest
    let message: CompiledMessage
    try {
      message = this.#admit(frame)
      const { timeoutMs, stream } = checkEnvelope(frame.head)
      const streamed = stream === true
      checkBody(message, frame, streamed, this.#link.ownLimits.inlineBodyBytesMax)
      if (streamed && (overloaded || this.#incomingStreams >= this.#link.ownLimits.openStreamsMax)) {
        throw new TorcError('OVERLOADED', `${this.#incomingStreams} bodies arrive on this connection already`)
      }
      call = new ServedRequest(
        this.#link,
        this,
        id,
        message,
        message.checkRequest(frame.head),
        timeoutMs ?? limits.requestMs,
      )
      if (streamed) {
        this.#incomingStreams++
        call.body = call.openIncoming()
      } else if (frame.body !== undefined) call.body = new InlineBody(frame.body)
    } catch (error) {
      this.#refuse(id, TorcError.from(error))
      return
    }
    this.#open.set(id, call)
    this.#link.watch(call.deadlineMs)
    this.#serve(call, this.#handlers[message.name] as RawHandler)
  }

  #admit(frame: Frame): CompiledMessage {
    if (!isRequestFrame(frame.type)) {
      throw new TorcError(
        'UNSUPPORTED',
        `frame type ${frame.type} (${frameNameOf(frame.type) ?? 'unknown'}) is no request here`,
      )
    }
    const name = frameNameOf(frame.type)
    const message = messageFor(frame.type, frame.head.op)
    if (message === undefined)
      throw new TorcError('UNSUPPORTED', `${name} has no operation ${quoted(frame.head.op)}`)
    const { to, op } = message.message
    const from: readonly Role[] = message.message.from
    if (!from.includes(this.peer.role)) {
      throw new TorcError('DENIED', `${article(this.peer.role)} may not send ${name} ${op}`, {
        hint: `Connect as ${from.map(article).join(' or ')}.`,
      })
    }
    if (!to.includes(this.#role)) {
      throw new TorcError('UNSUPPORTED', `${article(this.#role)} does not answer ${name} ${op}`, {
        hint: `Send it to ${to.map(article).join(' or ')}.`,
      })
    }
    if (this.#handlers[message.name] === undefined) {
      throw new TorcError('UNSUPPORTED', `${name} ${op} is not served here`)
    }
    if (this.#closing) throw new TorcError('UNAVAILABLE', 'this process is shutting down')
    if (this.#running >= this.#link.ownLimits.openRequestsMax) {
      throw new TorcError('OVERLOADED', `${this.#running} requests are open on this connection`)
    }
    if (this.#link.outbox.queuedBytes > limits.sendQueueBytesMax) {
      throw new TorcError('OVERLOADED', 'answers wait on this connection because they are not read')
    }
    return message
  }

  #refuse(id: number, error: TorcError): void {
    const encoder = this.#link.outbox.encoder(false)
    encoder.begin(frameType.ERROR, id, false).value(errorHeadOf(error))
    encoder.finish(undefined, this.#link.peerLimits.frameBytesMax)
  }

  #serve(call: ServedRequest, handler: RawHandler): void {
    this.#running++
    let result: unknown
    try {
      result = handler(call as unknown as IncomingRequest<never>)
    } catch (error) {
      this.#failed(call, error)
      return
    }
    if (isPromise(result)) {
      result.then(
        reply => this.#reply(call, reply),
        (error: unknown) => this.#failed(call, error),
      )
    } else this.#reply(call, result)
  }

  #reply(call: ServedRequest, result: unknown): void {
    if (isIterable(result)) {
      this.#serveItems(call, result).then(
        () => void this.#running--,
        (error: unknown) => this.#failed(call, error),
      )
      return
    }
    this.#running--
    try {
      call.answer(result as RawReply, true)
    } catch (error) {
      // A handler that returns no reply at all must not take the process with it.
      call.refuse(TorcError.from(error))
    }
  }

  /** One FETCH_RESP for each item; the last is known only when the next is asked for. */
  async #serveItems(call: ServedRequest, items: AsyncIterable<RawReply>): Promise<void> {
    let held: RawReply | undefined
    for await (const item of items) {
      if (held !== undefined) {
        await call.readyForItem()
        call.answer(held, false)
      }
      if (call.over) return
      held = item
    }
    if (held === undefined) throw new TorcError('INTERNAL', `${call.message.name} gave no item at all`)
    call.answer(held, true)
  }

  #failed(call: ServedRequest, error: unknown): void {
    this.#running--
    if (!(error instanceof TorcError) && !call.over) {
      this.#log.error({ err: error, message: call.message.name, peer: this.peer.id }, 'a handler failed')
    }
    call.refuse(TorcError.from(error))
  }

  admitStream(): boolean {
    if (this.#outgoingStreams >= this.#link.peerLimits.openStreamsMax) return false
    this.#outgoingStreams++
    return true
  }

  whenStreamEnds(callback: () => void): void {
    this.#waitForStream.push(callback)
  }

  forget(call: ServedRequest): void {
    this.#open.delete(call.id)
    if (call.incoming !== undefined) this.#incomingStreams--
    if (call.holdsStream) {
      this.#outgoingStreams--
      this.#admitWaiting()
    }
    this.#link.onCallOver()
  }

  /** A waiting answer whose request is over by now takes no place: the next one is called too. */
  #admitWaiting(): void {
    while (this.#outgoingStreams < this.#link.peerLimits.openStreamsMax) {
      const callback = this.#waitForStream.shift()
      if (callback === undefined) return
      callback()
    }
  }

  /** Ends what is past its deadline; returns the next one. */
  sweep(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const call of this.#open.values()) {
      if (call.deadlineMs <= nowMs) call.expire()
      else if (call.deadlineMs < next) next = call.deadlineMs
    }
    return next
  }

  /** The connection is over. */
  abort(error: TorcError): void {
    for (const call of [...this.#open.values()]) call.abort(error)
    // Their calls are over: they only release the bodies that they hold.
    for (const callback of this.#waitForStream.splice(0)) callback()
  }
}

function checkBody(message: CompiledMessage, frame: Frame, streamed: boolean, inlineBytesMax: number): void {
  const { requestBody, frame: name, op } = message.message
  const inline = frame.body !== undefined
  if (inline && streamed)
    throw new TorcError('BAD_REQUEST', `${name} ${op} has its body in the frame and as a stream`)
  if (frame.body !== undefined && sizeOf(frame.body) > inlineBytesMax) {
    throw new TorcError('TOO_LARGE', `a body of more than ${inlineBytesMax} bytes comes as a stream`)
  }
  if (requestBody === 'none' && (inline || streamed))
    throw new TorcError('BAD_REQUEST', `${name} ${op} takes no body`)
  if (requestBody === 'required' && !inline && !streamed)
    throw new TorcError('BAD_REQUEST', `${name} ${op} needs a body`)
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}

function isIterable(value: unknown): value is AsyncIterable<RawReply> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function quoted(op: unknown): string {
  return typeof op === 'string' ? JSON.stringify(op.slice(0, 64)) : 'without a name'
}
