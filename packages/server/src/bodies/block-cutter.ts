import type { Cutter } from '@torc/protocol/cutting/cutter'
import { type Lease, SharedLease } from '@torc/protocol/frames/lease'

/** A block to be: views on what came in, which are given back by whoever has the block. */
export interface CutBlock {
  readonly leases: readonly Lease[]
  readonly size: number
}

/** Cuts a stream of pieces into the blocks that `cutter` says, without copying. Pure. */
export class BlockCutter {
  readonly #cutter: Cutter
  #leases: Lease[] = []
  #size = 0

  constructor(cutter: Cutter) {
    this.#cutter = cutter
  }

  /** Bytes that wait for the rest of their block. */
  get pendingBytes(): number {
    return this.#size
  }

  /**
   * Takes a piece in and yields the blocks that it completes; all of them must be taken. The next one is looked for
   * when it is asked for, so that a large piece is not gone through at one stretch.
   */
  *push(lease: Lease): Generator<CutBlock, void, undefined> {
    const { bytes } = lease
    // Blocks that meet in this piece give back their parts of it at different times.
    const shared = new SharedLease(lease)
    let from = 0
    for (;;) {
      const end = this.#cutter.endOfBlock(bytes, from)
      if (end === undefined) break
      this.#add(shared, from, end)
      from = end
      yield this.#close()
    }
    this.#add(shared, from, bytes.length)
    shared.release()
  }

  /** The last, shorter block; undefined when nothing waits. */
  finish(): CutBlock | undefined {
    return this.#size === 0 ? undefined : this.#close()
  }

  #add(shared: SharedLease, from: number, end: number): void {
    if (from === end) return
    this.#leases.push(shared.share(from, end))
    this.#size += end - from
  }

  #close(): CutBlock {
    const block = { leases: this.#leases, size: this.#size }
    this.#leases = []
    this.#size = 0
    return block
  }
}
