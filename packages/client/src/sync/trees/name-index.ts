/** Names by something that many of them may have in common. */
export class NameIndex {
  readonly #names = new Map<string, Set<string>>()

  get(key: string): ReadonlySet<string> {
    return this.#names.get(key) ?? none
  }

  /** The name had the one key, and has the other now; `''` and undefined are none. */
  move(name: string, before: string | undefined, after: string | undefined): void {
    if (before !== undefined && before !== '' && before !== after) {
      const names = this.#names.get(before)
      names?.delete(name)
      if (names?.size === 0) this.#names.delete(before)
    }
    if (after === undefined || after === '') return
    const names = this.#names.get(after)
    if (names === undefined) this.#names.set(after, new Set([name]))
    else names.add(name)
  }
}

const none: ReadonlySet<string> = new Set()
