import { TorcError } from '../errors.js'

/** What the peer may still send on one stream, and when to tell it that there is more. */
export class ReceiveWindow {
  readonly #windowBytes: number
  #allowance: number
  #owed = 0
  readonly #credit: (bytes: number) => void

  /** `credit` sends a CREDIT frame. */
  constructor(windowBytes: number, credit: (bytes: number) => void) {
    this.#windowBytes = windowBytes
    this.#allowance = windowBytes
    this.#credit = credit
  }

  /** Bytes of a DATA frame: never more than what was granted. */
  takeData(bytes: number): void {
    if (bytes > this.#allowance) {
      throw new TorcError(
        'PROTOCOL',
        `DATA of ${bytes} bytes where ${Math.max(0, this.#allowance)} were granted`,
      )
    }
    this.#allowance -= bytes
  }

  /** A FETCH_RESP that is not the last may come while anything is left, and may overdraw. */
  takeItem(bytes: number): void {
    if (this.#allowance <= 0) throw new TorcError('PROTOCOL', 'FETCH_RESP beyond the window')
    this.#allowance -= bytes
  }

  /** The program has taken `bytes`; half a window at a time is granted anew. */
  consumed(bytes: number): void {
    this.#owed += bytes
    if (this.#owed * 2 < this.#windowBytes) return
    const owed = this.#owed
    this.#owed = 0
    this.#allowance += owed
    this.#credit(owed)
  }
}
