/**
 * How well this node does itself (Lifeguard §IV-A: local health multiplier): a node that is slow to read answers must
 * not take the others for slow. 0 = well; period and patience are stretched by 1 + score.
 */
export class LocalHealth {
  readonly #max: number
  #score = 0

  constructor(max: number) {
    this.#max = max
  }

  get score(): number {
    return this.#score
  }

  /** A probe was answered in time. */
  better(): void {
    this.#score = Math.max(0, this.#score - 1)
  }

  /** Answers that should have come did not; others suspected this node; its event loop lagged. */
  worse(): void {
    this.#score = Math.min(this.#max, this.#score + 1)
  }

  stretched(ms: number): number {
    return ms * (1 + this.#score)
  }
}
