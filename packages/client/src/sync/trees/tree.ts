import { parentOf } from './entry.js'

const top = ''

/**
 * Entries by name, with an index of what lies directly in each folder. A folder is in the index of its parent where it
 * has an entry or anything lies below it, so that a walk from the top meets every name. In no certain order.
 */
export class Tree<E> {
  readonly #entries = new Map<string, E>()
  readonly #children = new Map<string, Set<string>>()

  get size(): number {
    return this.#entries.size
  }

  get(name: string): E | undefined {
    return this.#entries.get(name)
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  set(name: string, entry: E): void {
    this.#entries.set(name, entry)
    for (let child: string | undefined = name; child !== undefined; child = parentOf(child)) {
      const folder = parentOf(child) ?? top
      const children = this.#children.get(folder)
      if (children?.has(child)) return
      if (children === undefined) this.#children.set(folder, new Set([child]))
      else children.add(child)
    }
  }

  delete(name: string): boolean {
    if (!this.#entries.delete(name)) return false
    for (let child: string | undefined = name; child !== undefined; child = parentOf(child)) {
      if (this.#entries.has(child) || this.#children.has(child)) return true
      const folder = parentOf(child) ?? top
      const children = this.#children.get(folder)
      children?.delete(child)
      if (children?.size === 0) this.#children.delete(folder)
    }
    return true
  }

  /** Anything that has an entry lies below the folder. */
  hasBelow(folder: string): boolean {
    return this.#children.has(folder)
  }

  /** What lies directly in the folder (`''`: at the top): names, and folders on the way to deeper ones. */
  children(folder: string): Iterable<string> {
    return this.#children.get(folder) ?? []
  }

  /** All names with an entry below the folder (`''`: all that there are), not the folder itself. */
  *below(folder: string): Generator<string> {
    const waiting: Iterable<string>[] = [this.children(folder)]
    for (let names = waiting.pop(); names !== undefined; names = waiting.pop()) {
      for (const name of names) {
        if (this.#entries.has(name)) yield name
        if (this.#children.has(name)) waiting.push(this.children(name))
      }
    }
  }

  names(): IterableIterator<string> {
    return this.#entries.keys()
  }

  entries(): IterableIterator<[string, E]> {
    return this.#entries.entries()
  }
}
