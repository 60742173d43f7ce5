import { limits } from '../limits.js'

/**
 * For one side of a connection that has somewhere else to go: how long a peer may be silent while it owes an answer.
 * A peer that only takes its time answers PING; one that was stopped, or whose machine is gone, does not.
 */
export interface SilenceRule {
  /** Milliseconds without a sign of life, while a request is under way, before a PING. */
  readonly pingMs: number
  /** Milliseconds that the peer has to answer it, with a PONG or anything else. */
  readonly pongMs: number
  /** The peer owes a PONG (true), or has shown itself since (false). */
  onSuspect(suspect: boolean): void
  /** Asked when the time is over: whether to leave the peer already, or to be as patient as without a rule. */
  mayLeave(): boolean
}

/** What a connection does for its watch. */
export interface LivenessActions {
  ping(): void
  giveUp(): void
}

/** Bytes that came while this process was busy elsewhere are read before the peer is given up. */
const rereadMs = 5

/** Watches a connection that went quiet: a PING, then the end when nothing at all comes. Monotonic times. */
export class Liveness {
  readonly #actions: LivenessActions
  readonly #rule: SilenceRule | undefined
  #lastReceivedMs: number
  /** When the requests that are under way began, where they began after the last sign of life. */
  #waitingSinceMs = 0
  #pingSentMs: number | undefined
  #suspected = false
  #reread = false

  constructor(nowMs: number, actions: LivenessActions, rule?: SilenceRule) {
    this.#actions = actions
    this.#rule = rule
    this.#lastReceivedMs = nowMs
  }

  /** Anything that arrives is a sign of life. */
  received(nowMs: number): void {
    this.#lastReceivedMs = nowMs
    if (this.#pingSentMs === undefined) return
    this.#pingSentMs = undefined
    this.#reread = false
    if (this.#suspected) this.#suspect(false)
  }

  /** A request goes out where none was under way. Returns when to look; undefined where no rule asks for it. */
  expectAnswer(nowMs: number): number | undefined {
    if (this.#rule === undefined) return undefined
    this.#waitingSinceMs = nowMs
    return nowMs + this.#rule.pingMs
  }

  /** Does what is due and returns when to look again. `waiting`: requests are under way. */
  check(nowMs: number, waiting: boolean): number {
    const rule = waiting ? this.#rule : undefined
    if (this.#pingSentMs !== undefined) return this.#awaitPong(nowMs, this.#pingSentMs, rule)
    const quietSinceMs =
      rule === undefined ? this.#lastReceivedMs : Math.max(this.#lastReceivedMs, this.#waitingSinceMs)
    const probeMs = quietSinceMs + (rule?.pingMs ?? limits.idlePingMs)
    if (nowMs < probeMs) return probeMs
    this.#pingSentMs = nowMs
    this.#actions.ping()
    if (rule !== undefined) this.#suspect(true)
    return nowMs + (rule?.pongMs ?? limits.pongMs)
  }

  #awaitPong(nowMs: number, pingSentMs: number, rule: SilenceRule | undefined): number {
    const lastMs = pingSentMs + limits.pongMs
    const dueMs = rule === undefined ? lastMs : pingSentMs + rule.pongMs
    if (nowMs < dueMs) return dueMs
    if (!this.#reread) {
      // Timers that are late run before what has arrived meanwhile is read.
      this.#reread = true
      return nowMs + rereadMs
    }
    if (rule === undefined || nowMs >= lastMs || rule.mayLeave()) {
      this.#actions.giveUp()
      return Number.POSITIVE_INFINITY
    }
    return Math.min(lastMs, nowMs + rule.pingMs)
  }

  #suspect(suspect: boolean): void {
    this.#suspected = suspect
    this.#rule?.onSuspect(suspect)
  }
}
