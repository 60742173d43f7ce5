/** Bounds of the memory that one look takes. */
const itemsMax = 16_384
const bytesMax = 4 * 1024 * 1024

interface LookedLeaf<K> {
  readonly kind: K
  readonly partition: number
  readonly leaf: number
  readonly names: ReadonlySet<string>
}

/** What differed at the first look, to be looked at again: names of keys or references, by their leaves. */
export class Look<K> {
  readonly #leaves: LookedLeaf<K>[] = []
  #items = 0
  #bytes = 0

  /** No more is taken: the rest is for another look. */
  get isFull(): boolean {
    return this.#items >= itemsMax || this.#bytes >= bytesMax
  }

  get isEmpty(): boolean {
    return this.#items === 0
  }

  /** Where names of a leaf are noted; what comes when it is full is left out. */
  leaf(kind: K, partition: number, leaf: number): { add(name: string): void } {
    const names = new Set<string>()
    this.#leaves.push({ kind, partition, leaf, names })
    return {
      add: name => {
        if (this.isFull || names.has(name)) return
        names.add(name)
        this.#items++
        this.#bytes += name.length
      },
    }
  }

  /** Leaves in which anything was noted. */
  leaves(): readonly LookedLeaf<K>[] {
    return this.#leaves.filter(({ names }) => names.size > 0)
  }
}
