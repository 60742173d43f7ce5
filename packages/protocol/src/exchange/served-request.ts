import { TorcError } from '../errors.js'
import type { CompiledMessage } from '../messages/compiled.js'
import { frameType } from '../messages/frame-types.js'
import { inlinePieces, leasesOfBody, releaseBody } from './body-sender.js'
import { Call, type CallLink } from './call.js'
import { errorHeadOf } from './error-head.js'
import type { IncomingBody, OutgoingBody, Peer } from './exchange.js'

/** A handler's reply before its message's types are put on it. */
export interface RawReply {
  readonly head: Readonly<Record<string, unknown>>
  readonly body?: OutgoingBody | undefined
}

export interface ServedRequestOwner {
  readonly peer: Peer
  /** Takes a place for a body that leaves as a stream; false when the peer takes no more at once. */
  admitStream(): boolean
  /** Calls back when another one has ended, or the connection is over. */
  whenStreamEnds(callback: () => void): void
  /** The request is over in both directions. */
  forget(request: ServedRequest): void
}

/** A request of the peer, and what the handler sees of it. */
export class ServedRequest extends Call {
  readonly message: CompiledMessage
  readonly head: Record<string, unknown>
  readonly #owner: ServedRequestOwner
  #controller: AbortController | undefined
  #aborted: TorcError | undefined
  #holdsStream = false
  #over = false
  #waitsForWindow: (() => void) | undefined
  body: IncomingBody | undefined

  constructor(
    link: CallLink,
    owner: ServedRequestOwner,
    id: number,
    message: CompiledMessage,
    head: Record<string, unknown>,
    timeoutMs: number,
  ) {
    super(link, id, message.message.priority === 'background', timeoutMs)
    this.#owner = owner
    this.message = message
    this.head = head
  }

  get peer(): Peer {
    return this.#owner.peer
  }

  get over(): boolean {
    return this.#over
  }

  get cancelled(): boolean {
    return this.#aborted !== undefined
  }

  /** Made when it is first asked for: most handlers never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#aborted !== undefined) this.#controller.abort(this.#aborted)
    return this.#controller.signal
  }

  /** Whether the answer's body leaves as a stream and counts among those that the peer takes at once. */
  get holdsStream(): boolean {
    return this.#holdsStream
  }

  /** Sends one answer; `last` unless more FETCH_RESP follow. */
  answer(reply: RawReply, last: boolean): void {
    if (this.#over) {
      releaseBody(reply.body)
      return
    }
    const inline = inlinePieces(reply.body, this.link.peerLimits.inlineBodyBytesMax)
    const streamed = reply.body !== undefined && inline === undefined
    const misuse = this.#misuse(reply, last, streamed)
    if (misuse !== undefined) {
      releaseBody(reply.body)
      this.refuse(new TorcError('INTERNAL', misuse))
    } else if (streamed && !this.#owner.admitStream()) {
      this.#owner.whenStreamEnds(() => this.answer(reply, last))
    } else {
      this.#holdsStream = streamed
      this.#send(reply, inline, last)
    }
  }

  #send(reply: RawReply, inline: readonly Uint8Array[] | undefined, last: boolean): void {
    const { message, link } = this
    const encoder = link.outbox.encoder(this.background)
    try {
      const writer = encoder.begin(message.answerType, this.id, inline !== undefined)
      const end = last && message.answerType === frameType.FETCH_RESP
      message.writeResponse(writer, reply.head, end, this.#holdsStream)
      const length = encoder.finish(inline, link.peerLimits.frameBytesMax)
      if (!last) this.window -= length
    } catch (error) {
      encoder.abandon()
      releaseBody(reply.body)
      this.refuse(unsendable(error))
      return
    }
    if (inline !== undefined) for (const lease of leasesOfBody(reply.body)) this.releaseSent(lease)
    this.onProgress()
    if (!last) return
    if (this.#holdsStream && reply.body !== undefined) this.openOutgoing(reply.body)
    else this.#end()
  }

  #misuse(reply: RawReply, last: boolean, streamed: boolean): string | undefined {
    if (reply.body !== undefined && this.message.message.responseBody === 'none') {
      return `${this.message.name} has no body in its answer`
    }
    return streamed && !last ? 'only the last FETCH_RESP may have a stream' : undefined
  }

  /** Resolves once an answer that is not the last may be sent, or the request is over. */
  async readyForItem(): Promise<void> {
    while (!this.#over && (this.window <= 0 || !this.hasRoom)) {
      await new Promise<void>(resolve => {
        if (this.window <= 0) this.#waitsForWindow = resolve
        else this.whenRoom(resolve)
      })
    }
  }

  override credit(bytes: number): void {
    super.credit(bytes)
    this.#release()
  }

  #release(): void {
    const resolve = this.#waitsForWindow
    this.#waitsForWindow = undefined
    resolve?.()
  }

  /** Answers ERROR, also in the middle of the answer's body. */
  refuse(error: TorcError): void {
    if (this.#over) return
    this.outgoing?.stop()
    this.sendControl(frameType.ERROR, errorHeadOf(error))
    this.#end()
  }

  /** CANCEL, or the connection's end: nobody waits for the answer. */
  abort(error: TorcError): void {
    if (this.#over) return
    this.#over = true
    this.#aborted = error
    this.#controller?.abort(error)
    this.incoming?.fail(error)
    this.outgoing?.stop()
    this.#release()
    this.#owner.forget(this)
  }

  expire(): void {
    const error = new TorcError('TIMEOUT', `${this.message.name} took longer than ${this.timeoutMs} ms`)
    if (!this.#over) this.sendControl(frameType.ERROR, errorHeadOf(error))
    this.abort(error)
  }

  onDiscard(): void {
    // The answer still comes; only the sender of the body is told to stop.
    this.sendCancel()
  }

  onSent(): void {
    this.#end()
  }

  onSourceError(error: TorcError): void {
    this.refuse(error)
  }

  /** What the handler left of the request's body is not wanted any more. */
  #end(): void {
    if (this.#over) return
    this.incoming?.discard()
    this.#over = true
    this.#release()
    this.#owner.forget(this)
  }
}

/** The requester can't send anything smaller: it has to ask for less, or take more. */
function unsendable(thrown: unknown): TorcError {
  const error = TorcError.from(thrown)
  if (error.code !== 'TOO_LARGE') return error
  return new TorcError('TOO_LARGE', `the answer does not fit: ${error.message}`, {
    hint: 'Ask for less at once (a smaller limit), or announce a larger frameBytesMax.',
    cause: error,
  })
}
