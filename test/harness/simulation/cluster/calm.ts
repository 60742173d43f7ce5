/** Tells whether any fault was in force during a call. */
export class Calm {
  #begun = 0
  #active = 0

  /** A fault begins; the returned function is called at its end. */
  disturb(): () => void {
    this.#begun++
    this.#active++
    return () => {
      this.#active--
    }
  }

  /** The returned function tells whether there was no fault from now until it is called. */
  watch(): () => boolean {
    const begun = this.#active > 0 ? undefined : this.#begun
    return () => this.#begun === begun
  }
}
