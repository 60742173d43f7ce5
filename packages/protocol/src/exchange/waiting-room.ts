import { TorcError } from '../errors.js'
import { limits } from '../limits.js'
import type { CompiledMessage } from '../messages/compiled.js'
import { releaseBody } from './body-sender.js'
import type { RequestOptions } from './exchange.js'
import type { AnswerSink, RequestHandle } from './open-request.js'

type Head = Readonly<Record<string, unknown>>

/** A request that waits until the peer has a place for it. */
export class WaitingRequest implements RequestHandle {
  readonly message: CompiledMessage
  readonly head: Head
  readonly options: RequestOptions
  readonly sink: AnswerSink
  readonly deadlineMs: number
  /** The request itself once it was sent. */
  #sent: RequestHandle | undefined
  #over = false
  #onAbort: (() => void) | undefined

  constructor(
    message: CompiledMessage,
    head: Head,
    options: RequestOptions,
    sink: AnswerSink,
    deadlineMs: number,
  ) {
    this.message = message
    this.head = head
    this.options = options
    this.sink = sink
    this.deadlineMs = deadlineMs
    const { signal } = options
    if (signal !== undefined) {
      this.#onAbort = () =>
        this.cancel(new TorcError('CANCELLED', `${message.name} was cancelled`, { cause: signal.reason }))
      signal.addEventListener('abort', this.#onAbort, { once: true })
    }
  }

  /** It was sent or has failed: its place in the queue is to be dropped. */
  get over(): boolean {
    return this.#over
  }

  /** Leaves the queue; `handle` is the request from now on. */
  admitted(handle: RequestHandle | undefined): void {
    this.#sent = handle
    this.#leave()
  }

  #leave(): void {
    this.#over = true
    if (this.#onAbort !== undefined) this.options.signal?.removeEventListener('abort', this.#onAbort)
  }

  cancel(error: TorcError): void {
    if (this.#sent !== undefined) this.#sent.cancel(error)
    else if (!this.#over) {
      this.#leave()
      releaseBody(this.options.body)
      this.sink.onFailure(error)
    }
  }

  consumed(length: number): void {
    this.#sent?.consumed(length)
  }
}

/** Requests that wait for a place, interactive ones first, each kind in its order. */
export class WaitingRoom {
  #interactive: WaitingRequest[] = []
  #background: WaitingRequest[] = []

  get count(): number {
    return this.#interactive.length + this.#background.length
  }

  get full(): boolean {
    return this.count >= limits.waitingRequestsMax
  }

  add(request: WaitingRequest): void {
    if (request.message.message.priority === 'interactive') this.#interactive.push(request)
    else this.#background.push(request)
  }

  /** Offers each in order to `admit`, which says whether it took it; who was refused does not block others. */
  offer(admit: (request: WaitingRequest) => boolean): void {
    const keep = (request: WaitingRequest): boolean => !request.over && !admit(request)
    // The lists are emptied first: what `admit` starts may ask to wait itself.
    const [interactive, background] = [this.#interactive, this.#background]
    this.#interactive = []
    this.#background = []
    this.#interactive = [...interactive.filter(keep), ...this.#interactive]
    this.#background = [...background.filter(keep), ...this.#background]
  }

  /** Fails what is past its deadline; returns the next one. */
  sweep(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const queue of [this.#interactive, this.#background]) {
      for (const waiting of queue) {
        if (waiting.over) continue
        if (waiting.deadlineMs <= nowMs) {
          waiting.cancel(
            new TorcError('TIMEOUT', `${waiting.message.name}: the connection had no place for it in time`),
          )
        } else if (waiting.deadlineMs < next) next = waiting.deadlineMs
      }
    }
    this.#interactive = this.#interactive.filter(waiting => !waiting.over)
    this.#background = this.#background.filter(waiting => !waiting.over)
    return next
  }

  abort(error: TorcError): void {
    const all = [...this.#interactive, ...this.#background]
    this.#interactive = []
    this.#background = []
    for (const waiting of all) waiting.cancel(error)
  }
}
