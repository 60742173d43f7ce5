import type { Hasher } from '../environment/hasher.js'

/** What says how the digest of an object is made. */
export interface DigestShape {
  /** Sizes of its parts; undefined for an object in one piece. */
  readonly parts?: readonly number[] | undefined
}

/**
 * The digest of a whole object as its bytes come: SHA-256 of them or, of an object that was uploaded in parts, of the
 * SHA-256s of its parts, one after the other.
 */
export class BodyDigest {
  readonly #hasher: Hasher
  readonly #parts: readonly number[] | undefined
  readonly #whole: ReturnType<Hasher['stream']>
  #part: ReturnType<Hasher['stream']>
  #index = 0
  /** Bytes that the part under way still lacks. */
  #left: number

  constructor(hasher: Hasher, { parts }: DigestShape) {
    this.#hasher = hasher
    this.#parts = parts
    this.#whole = hasher.stream()
    this.#part = parts === undefined ? this.#whole : hasher.stream()
    this.#left = parts?.[0] ?? 0
  }

  update(piece: Uint8Array): void {
    if (this.#parts === undefined) {
      this.#whole.update(piece)
      return
    }
    let at = 0
    while (at < piece.length) {
      if (this.#left === 0 && !this.#nextPart()) {
        // More than all parts together: it can't have the right digest, and must not pass for one that has.
        this.#whole.update(piece.subarray(at))
        return
      }
      const taken = Math.min(this.#left, piece.length - at)
      this.#part.update(piece.subarray(at, at + taken))
      this.#left -= taken
      at += taken
    }
  }

  /** Of all that came; call it once. */
  digest(): Uint8Array {
    if (this.#parts !== undefined) while (this.#nextPart());
    return this.#whole.digest()
  }

  /** Ends the part under way; false when it was the last one, or all have ended. */
  #nextPart(): boolean {
    const count = this.#parts?.length ?? 0
    if (this.#index >= count) return false
    this.#whole.update(this.#part.digest())
    this.#index++
    this.#part = this.#hasher.stream()
    this.#left = this.#parts?.[this.#index] ?? 0
    return this.#index < count
  }
}
