import { type Dot, dotsEqual } from '@torc/cluster/clocks/dot'
import type { KeySummary, LocalVersions } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import type { KeyRows } from './key-rows.js'

/** What a merge may ask about the versions that an agent holds of one key. Reads the database only when asked. */
export class IndexedVersions implements LocalVersions {
  readonly #rows: KeyRows
  readonly #keyId: number
  readonly #latest: Version | undefined

  constructor(rows: KeyRows, keyId: number, summary: KeySummary) {
    this.#rows = rows
    this.#keyId = keyId
    this.#latest = summary.heads[0]
  }

  has(dot: Dot): boolean {
    const latest = this.#latest
    if (latest !== undefined && dotsEqual(latest.dot, dot)) return true
    return this.#rows.hasVersion(this.#keyId, dot)
  }

  get(dot: Dot): Version | undefined {
    const latest = this.#latest
    if (latest !== undefined && dotsEqual(latest.dot, dot)) return latest
    const record = this.#rows.recordOf(this.#keyId, dot)
    return record === undefined ? undefined : decodeVersion(record)
  }

  *all(): Iterable<Version> {
    if (this.#latest !== undefined) yield this.#latest
    for (const { record } of this.#rows.recordsOf(this.#keyId)) yield decodeVersion(record)
  }
}

/** For a key that this agent does not know. */
export const noVersions: LocalVersions = { has: () => false, get: () => undefined, all: () => [] }
