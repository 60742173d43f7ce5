import { TorcError } from '../errors.js'
import type { AnswerSink, RawAnswer, RequestHandle } from './open-request.js'

interface Reader {
  resolve(result: IteratorResult<RawAnswer>): void
  reject(error: TorcError): void
}

const over: IteratorResult<RawAnswer> = { done: true, value: undefined }

/** The answers of one FETCH, in order. The window bounds what waits here; reading grants more. */
export class FetchQueue implements AnswerSink, AsyncIterableIterator<RawAnswer> {
  readonly #start: (sink: AnswerSink) => RequestHandle | undefined
  #started = false
  #request: RequestHandle | undefined
  /** `length` is what the item drew on the window: the last one is free. */
  #items: { answer: RawAnswer; length: number }[] = []
  #waiting: Reader | undefined
  #ended = false
  #error: TorcError | undefined

  /** `start` sends the request; it is called when the first item is asked for. */
  constructor(start: (sink: AnswerSink) => RequestHandle | undefined) {
    this.#start = start
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  onAnswer(answer: RawAnswer, last: boolean, length: number): void {
    if (last) this.#ended = true
    const waiting = this.#waiting
    if (waiting === undefined) {
      this.#items.push({ answer, length: last ? 0 : length })
      return
    }
    this.#waiting = undefined
    if (!last) this.#request?.consumed(length)
    waiting.resolve({ done: false, value: answer })
  }

  onFailure(error: TorcError): void {
    this.#error = error
    this.#items = []
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }

  next(): Promise<IteratorResult<RawAnswer>> {
    if (!this.#started) {
      this.#started = true
      this.#request = this.#start(this)
    }
    const item = this.#items.shift()
    if (item !== undefined) {
      this.#request?.consumed(item.length)
      return Promise.resolve({ done: false, value: item.answer })
    }
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#ended) return Promise.resolve(over)
    if (this.#waiting !== undefined) {
      return Promise.reject(new TorcError('INTERNAL', 'items are read one by one: await the one before'))
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /** Leaving the loop early cancels the request. */
  return(): Promise<IteratorResult<RawAnswer>> {
    this.#started = true
    const ended = this.#ended
    this.#ended = true
    for (const { answer } of this.#items.splice(0)) answer.body?.discard()
    if (!ended) this.#request?.cancel(new TorcError('CANCELLED', 'the loop over the answers was left'))
    this.#error = undefined
    return Promise.resolve(over)
  }
}
