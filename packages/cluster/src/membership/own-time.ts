/**
 * The time in which this process ran. Looks come at a steady pace as long as it does; where one comes late (the
 * process was stopped, the machine slept, the event loop was blocked), the rest of the gap is lost time: it counts
 * for nobody, as nobody's answer could be noticed in it. Deadlines in own time are so extended by themselves.
 */
export class OwnTime {
  readonly #paceMs: number
  #lastMs: number
  #lostMs = 0

  /** `paceMs`: longest gap between two looks that is in order. */
  constructor(nowMs: number, paceMs: number) {
    this.#paceMs = paceMs
    this.#lastMs = nowMs
  }

  /** A look at `nowMs` (monotonic). Returns the time that was lost since the last one. */
  look(nowMs: number): number {
    const lostMs = Math.max(0, nowMs - this.#lastMs - this.#paceMs)
    this.#lostMs += lostMs
    this.#lastMs = Math.max(this.#lastMs, nowMs)
    return lostMs
  }

  /** Own time of the last look. */
  get nowMs(): number {
    return this.#lastMs - this.#lostMs
  }
}
