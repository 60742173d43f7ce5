import type { Cutter } from '@torc/protocol/cutting/cutter'
import type { Hasher } from '@torc/protocol/environment/hasher'

/** A block of a body that is read: pieces that are views on what came in. */
export interface BodyBlock {
  readonly hash: Uint8Array
  readonly size: number
  readonly pieces: readonly Uint8Array[]
}

/** Cuts a body into blocks and hashes each, and the whole, as its pieces come by: every byte is looked at once. */
export class BodyCutter {
  readonly #cutter: Cutter
  readonly #hasher: Hasher
  readonly #whole: ReturnType<Hasher['stream']>
  #block: ReturnType<Hasher['stream']>
  #pieces: Uint8Array[] = []
  #size = 0

  constructor(cutter: Cutter, hasher: Hasher) {
    this.#cutter = cutter
    this.#hasher = hasher
    this.#whole = hasher.stream()
    this.#block = hasher.stream()
  }

  /** Bytes that wait for the rest of their block. */
  get pendingBytes(): number {
    return this.#size
  }

  /** Takes a piece in and yields the blocks that it completes; all of them must be taken. */
  *push(piece: Uint8Array): Generator<BodyBlock, void, undefined> {
    this.#whole.update(piece)
    let from = 0
    for (;;) {
      const end = this.#cutter.endOfBlock(piece, from)
      const part = piece.subarray(from, end)
      // Hashed now: what its owner does to the memory later is found out where the block arrives.
      this.#block.update(part)
      if (part.length > 0) this.#pieces.push(part)
      this.#size += part.length
      if (end === undefined) return
      from = end
      yield this.#close()
    }
  }

  /** The last, shorter block; undefined when nothing waits. */
  finish(): BodyBlock | undefined {
    return this.#size === 0 ? undefined : this.#close()
  }

  /** Digest of the whole body, once all of it was pushed. */
  sha256(): Uint8Array {
    return this.#whole.digest()
  }

  #close(): BodyBlock {
    const block = { hash: this.#block.digest(), size: this.#size, pieces: this.#pieces }
    this.#block = this.#hasher.stream()
    this.#pieces = []
    this.#size = 0
    return block
  }
}
