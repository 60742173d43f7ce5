const slots = 1024
const sizeMax = 32

/**
 * Strings that came lately, found by their bytes: map keys, operation and bucket names and content types
 * repeat in nearly every frame, and comparing bytes is cheaper than making a string. One entry per slot; a
 * newcomer replaces it, so that nothing a peer sends makes it grow. ASCII only.
 */
export class TextCache {
  readonly #entries: (string | undefined)[] = new Array<string | undefined>(slots).fill(undefined)
  #slot = -1

  /** The string whose bytes are `[at, at + size)`; remembers the slot for a `store` that follows. */
  find(buffer: Uint8Array, at: number, size: number): string | undefined {
    this.#slot = -1
    if (size > sizeMax) return undefined
    let hash = size
    for (let i = at; i < at + size; i++) {
      const byte = buffer[i] as number
      if (byte >= 0x80) return undefined
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    const slot = (hash ^ (hash >>> 15)) & (slots - 1)
    this.#slot = slot
    const entry = this.#entries[slot]
    if (entry === undefined || entry.length !== size) return undefined
    for (let i = 0; i < size; i++) if (entry.charCodeAt(i) !== buffer[at + i]) return undefined
    return entry
  }

  store(value: string, size: number): void {
    if (this.#slot >= 0 && value.length === size) this.#entries[this.#slot] = value
  }
}
