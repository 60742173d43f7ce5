/** One PUT or DELETE of a key. Keys have one writer each, which writes one after the other. */
export interface Write {
  readonly kind: 'put' | 'delete'
  readonly key: string
  /** 1 for the first write of the key. */
  readonly number: number
  /** Empty for a DELETE. */
  readonly body: Uint8Array
  outcome: 'open' | 'acknowledged' | 'indeterminate'
  /** Known once acknowledged. */
  versionId: string | undefined
  /**
   * It took so long that it may have been tried more than once. An attempt whose request was under way for long can
   * then still be minted after the acknowledged one: a twin with the same operation id (DESIGN §4), which later
   * writes and deletes did not see and do not cover.
   */
  mayHaveTwin: boolean
}

/** A rule that was broken; the simulation adds the seed. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/**
 * The oracle: what was written, what was acknowledged, and therefore what a read may show. Each body begins with its
 * key and number, so that a read tells which write it shows.
 */
export class History {
  readonly #writes = new Map<string, Write[]>()
  #lateHeads = 0

  begin(key: string, filling: Uint8Array): Write {
    const number = this.#next(key)
    return this.#add('put', key, number, Buffer.concat([Buffer.from(`${key}#${number}\n`), filling]))
  }

  beginDelete(key: string): Write {
    return this.#add('delete', key, this.#next(key), new Uint8Array(0))
  }

  #next(key: string): number {
    return (this.#writes.get(key)?.length ?? 0) + 1
  }

  #add(kind: Write['kind'], key: string, number: number, body: Uint8Array): Write {
    const write: Write = {
      kind,
      key,
      number,
      body,
      outcome: 'open',
      versionId: undefined,
      mayHaveTwin: false,
    }
    this.#writes.set(key, [...(this.#writes.get(key) ?? []), write])
    return write
  }

  /** `versionId` is that of the PUT's new version; `mayHaveTwin`: see there. */
  acknowledge(write: Write, versionId?: string, mayHaveTwin = false): void {
    write.outcome = 'acknowledged'
    write.versionId = versionId
    write.mayHaveTwin = mayHaveTwin
  }

  /** The write failed in a way that lets it appear later, or never. */
  fail(write: Write): void {
    write.outcome = 'indeterminate'
  }

  /** Keys that must be there: a PUT was acknowledged and no DELETE can have taken it. */
  livingKeys(): readonly string[] {
    return this.keys.filter(key => {
      const last = this.#lastAcknowledged(key)
      return last?.kind === 'put' && !this.#mayBePurged(last)
    })
  }

  get keys(): readonly string[] {
    return [...this.#writes.keys()].sort()
  }

  count(outcome: Write['outcome']): number {
    let count = 0
    for (const writes of this.#writes.values()) {
      for (const write of writes) if (write.outcome === outcome) count++
    }
    return count
  }

  /** Checks a read that found no object. */
  checkAbsent(key: string): void {
    const last = this.#lastAcknowledged(key)
    if (last?.kind === 'put' && !this.#mayBePurged(last)) {
      throw new Violation(`${key} is not found, but write ${last.number} was acknowledged`)
    }
  }

  /**
   * Checks a read. It shows the last acknowledged write or one that began later. It may show an older one in two
   * cases, which are counted: a write that failed took effect late (that is what indeterminate means), or the late
   * twin of a write that was tried more than once. Anything else that is old was overwritten or deleted.
   */
  checkRead(key: string, body: Uint8Array): void {
    const shown = this.#writeOf(key, body)
    const last = this.#lastAcknowledged(key)
    if (last === undefined || shown.number >= last.number) return
    if (shown.outcome === 'acknowledged' && !shown.mayHaveTwin) {
      const what = `${key} shows write ${shown.number} (${shown.outcome}) after ${last.number} (${last.kind})`
      throw new Violation(`${what} was acknowledged`)
    }
    this.#lateHeads++
  }

  /** Checks the ids of all versions of a key that a listing names: nothing that was acknowledged may be lost. */
  checkVersions(key: string, versionIds: ReadonlySet<string>): void {
    for (const write of this.#writes.get(key) ?? []) {
      const { versionId, number } = write
      if (versionId === undefined || versionIds.has(versionId) || this.#mayBePurged(write)) continue
      throw new Violation(`${key}: write ${number} was acknowledged as version ${versionId} and is lost`)
    }
  }

  /** Whether a DELETE came after it, or one failed and may take effect at any time. */
  #mayBePurged({ key, number }: Write): boolean {
    const deletes = this.#writes.get(key)?.filter(({ kind }) => kind === 'delete') ?? []
    return deletes.some(one => one.number > number || one.outcome === 'indeterminate')
  }

  /** Reads that showed an older write than the last acknowledged one. */
  get lateHeads(): number {
    return this.#lateHeads
  }

  #writeOf(key: string, body: Uint8Array): Write {
    const [name, number] =
      Buffer.from(body).subarray(0, 200).toString('latin1').split('\n', 1)[0]?.split('#') ?? []
    const write = this.#writes.get(key)?.[Number(number) - 1]
    if (name !== key || write === undefined) throw new Violation(`${key} shows bytes that nobody wrote there`)
    if (!Buffer.from(write.body).equals(body))
      throw new Violation(`${key} shows write ${number} with other bytes`)
    return write
  }

  #lastAcknowledged(key: string): Write | undefined {
    return this.#writes.get(key)?.findLast(write => write.outcome === 'acknowledged')
  }
}
