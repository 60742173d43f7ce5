import { limits } from '../limits.js'

/** Watches a connection that went quiet: a PING, then the end when nothing at all comes. Monotonic times. */
export class Liveness {
  readonly #ping: () => void
  readonly #giveUp: () => void
  #lastReceivedMs: number
  #pingSentMs: number | undefined

  constructor(nowMs: number, ping: () => void, giveUp: () => void) {
    this.#lastReceivedMs = nowMs
    this.#ping = ping
    this.#giveUp = giveUp
  }

  /** Anything that arrives is a sign of life. */
  received(nowMs: number): void {
    this.#lastReceivedMs = nowMs
  }

  /** Does what is due and returns when to look again. */
  check(nowMs: number): number {
    if (this.#pingSentMs !== undefined && this.#lastReceivedMs >= this.#pingSentMs)
      this.#pingSentMs = undefined
    if (this.#pingSentMs !== undefined) {
      const giveUpMs = this.#pingSentMs + limits.pongMs
      if (nowMs < giveUpMs) return giveUpMs
      this.#giveUp()
      return Number.POSITIVE_INFINITY
    }
    const probeMs = this.#lastReceivedMs + limits.idlePingMs
    if (nowMs < probeMs) return probeMs
    this.#pingSentMs = nowMs
    this.#ping()
    return nowMs + limits.pongMs
  }
}
