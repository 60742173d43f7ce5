import { TorcError } from '../errors.js'
import type { Frame } from '../frames/frame.js'
import type { CompiledMessage } from '../messages/compiled.js'
import type { BodyEnd } from '../messages/control.js'
import { Call, type CallLink } from './call.js'
import type { IncomingBody } from './exchange.js'
import { InlineBody } from './incoming-body.js'

/** An answer before its message's types are put on it. */
export interface RawAnswer {
  readonly head: Record<string, unknown>
  readonly body: IncomingBody | undefined
}

/** A request that was accepted for sending; it may still wait for a place. */
export interface RequestHandle {
  cancel(error: TorcError): void
  /** The application has taken an answer of `length` bytes that was not the last. */
  consumed(length: number): void
}

/** Where the answers of a request go. */
export interface AnswerSink {
  /** An answer; `last` when no other follows. `length` is the frame's. */
  onAnswer(answer: RawAnswer, last: boolean, length: number): void
  onFailure(error: TorcError): void
}

export interface OpenRequestOwner {
  /** Takes a place for a body that arrives; false when there is none. */
  admitStream(): boolean
  /** The request is over in both directions. */
  forget(request: OpenRequest): void
}

/** A request of this side. */
export class OpenRequest extends Call implements RequestHandle {
  readonly message: CompiledMessage
  readonly #owner: OpenRequestOwner
  readonly #sink: AnswerSink
  readonly #signal: AbortSignal | undefined
  #onAbort: (() => void) | undefined
  /** The last answer came, or the request failed. */
  #settled = false
  #over = false

  constructor(
    link: CallLink,
    owner: OpenRequestOwner,
    id: number,
    message: CompiledMessage,
    timeoutMs: number,
    sink: AnswerSink,
    signal: AbortSignal | undefined,
  ) {
    super(link, id, message.message.priority === 'background', timeoutMs)
    this.#owner = owner
    this.message = message
    this.#sink = sink
    this.#signal = signal
    if (signal !== undefined) {
      this.#onAbort = () =>
        this.cancel(new TorcError('CANCELLED', `${message.name} was cancelled`, { cause: signal.reason }))
      signal.addEventListener('abort', this.#onAbort, { once: true })
    }
  }

  get over(): boolean {
    return this.#over
  }

  /** A RESULT, FETCH_RESP or EVENT. */
  answer(frame: Frame): void {
    if (this.#settled) throw new TorcError('PROTOCOL', 'an answer after the last one')
    const last = this.message.message.frame !== 'FETCH' || frame.head.end === true
    const streamed = frame.head.stream === true
    if (streamed && frame.body !== undefined) throw new TorcError('PROTOCOL', 'an answer with two bodies')
    if (streamed && !last) throw new TorcError('PROTOCOL', 'only the last FETCH_RESP may have a stream')
    if ((streamed || frame.body !== undefined) && this.message.message.responseBody === 'none') {
      throw new TorcError('PROTOCOL', `${this.message.name} has no body in its answer`)
    }
    if (!last) this.receiveWindow.takeItem(frame.length)
    this.onProgress()
    let head: Record<string, unknown>
    try {
      head = this.message.checkResponse(frame.head)
    } catch (error) {
      const reason = TorcError.from(error).message
      this.cancel(new TorcError('PROTOCOL', `the answer to ${this.message.name} is malformed: ${reason}`))
      return
    }
    if (streamed && !this.#owner.admitStream()) {
      this.cancel(new TorcError('OVERLOADED', 'more bodies arrive on this connection than were allowed'))
      return
    }
    if (last) this.#settled = true
    const body = streamed
      ? this.openIncoming()
      : frame.body === undefined
        ? undefined
        : new InlineBody(frame.body)
    this.#sink.onAnswer({ head, body }, last, frame.length)
    this.#endIfDone()
  }

  /** ERROR: as the answer, or in the middle of the answer's body. */
  fail(error: TorcError): void {
    if (this.#over) return
    this.#end()
    this.outgoing?.stop()
    this.incoming?.fail(error)
    if (this.#settled) return
    this.#settled = true
    this.#sink.onFailure(error)
  }

  /** This side gives up: the peer is told to stop. */
  cancel(error: TorcError): void {
    if (this.#over) return
    this.sendCancel()
    this.fail(error)
  }

  consumed(length: number): void {
    if (this.#over) return
    this.onProgress()
    this.receiveWindow.consumed(length)
  }

  /** CANCEL from the peer: it wants no more of the body; the answer still comes. */
  stopBody(): void {
    this.outgoing?.stop()
    this.#endIfDone()
  }

  /** END of the answer's body. */
  finishBody(end: BodyEnd): void {
    this.incoming?.finish(end)
    this.#endIfDone()
  }

  onDiscard(): void {
    this.sendCancel()
    this.outgoing?.stop()
    this.#end()
  }

  onSent(): void {
    this.#endIfDone()
  }

  onSourceError(error: TorcError): void {
    this.cancel(error)
  }

  expire(): void {
    const what = this.incoming === undefined ? 'no answer' : 'no progress'
    this.cancel(new TorcError('TIMEOUT', `${this.message.name}: ${what} within ${this.timeoutMs} ms`))
  }

  abort(error: TorcError): void {
    this.fail(error)
  }

  #endIfDone(): void {
    const receiving = this.incoming !== undefined && !this.incoming.over
    const sending = this.outgoing !== undefined && !this.outgoing.over
    if (this.#settled && !receiving && !sending) this.#end()
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#owner.forget(this)
  }
}
