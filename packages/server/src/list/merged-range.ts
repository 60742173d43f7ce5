import { compareKeys } from '@torc/protocol/identifiers/key-order'
import type { KeyReport } from './judge.js'
import type { RangeSource } from './range-source.js'

/** All that the sources say of one key. */
export interface MergedKey {
  readonly key: string
  readonly reports: readonly KeyReport[]
}

/**
 * The sources' keys merged in order. A key is only given out once every source has gone past it or has nothing
 * left: no source that was cut short can still hold something before it.
 */
export class MergedRange {
  #sources: RangeSource[]

  constructor(sources: RangeSource[]) {
    this.#sources = sources
  }

  /** Nothing follows. */
  get done(): boolean {
    return this.#sources.every(source => source.done)
  }

  /** Whether the next key is known without asking any agent. */
  get ready(): boolean {
    return this.#sources.every(source => source.head !== undefined || source.exhausted)
  }

  /** The sources that must be filled before the next key is known. */
  get waiting(): RangeSource[] {
    return this.#sources.filter(source => source.head === undefined && !source.exhausted)
  }

  /** Takes the next key. Call only when `ready`. */
  take(): MergedKey | undefined {
    let key: string | undefined
    for (const { head } of this.#sources) {
      if (head !== undefined && (key === undefined || compareKeys(head.key, key) < 0)) key = head.key
    }
    if (key === undefined) return undefined
    const reports: KeyReport[] = []
    for (const source of this.#sources) {
      const { head } = source
      if (head?.key !== key) continue
      reports.push(head)
      source.shift()
    }
    return { key, reports }
  }

  /** Skips all keys that begin with `prefix`. */
  skip(prefix: string): void {
    for (const source of this.#sources) source.skip(prefix)
  }

  /** Goes on without a source that failed. */
  drop(source: RangeSource): void {
    this.#sources = this.#sources.filter(other => other !== source)
  }
}
