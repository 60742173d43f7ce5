import type { StoredObject } from '@torc/protocol/store/object-store'

/** One write of a key. Keys have one writer each, which writes one after the other. */
export interface Write {
  readonly key: string
  /** 1 for the first write of the key. */
  readonly number: number
  readonly body: Uint8Array
  outcome: 'open' | 'acknowledged' | 'indeterminate'
  /** Known once acknowledged. */
  versionId: string | undefined
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
    const writes = this.#writes.get(key) ?? []
    this.#writes.set(key, writes)
    const number = writes.length + 1
    const body = Buffer.concat([Buffer.from(`${key}#${number}\n`), filling])
    const write: Write = { key, number, body, outcome: 'open', versionId: undefined }
    writes.push(write)
    return write
  }

  acknowledge(write: Write, versionId: string): void {
    write.outcome = 'acknowledged'
    write.versionId = versionId
  }

  /** The write failed in a way that lets it appear later, or never. */
  fail(write: Write): void {
    write.outcome = 'indeterminate'
  }

  /** Keys with a write that was acknowledged: they must be there. */
  acknowledgedKeys(): readonly string[] {
    return [...this.#writes.keys()].filter(key => this.#lastAcknowledged(key) !== undefined).sort()
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
    if (last !== undefined)
      throw new Violation(`${key} is not found, but write ${last.number} was acknowledged`)
  }

  /**
   * Checks a read. It shows the last acknowledged write or one that began later. It may show an older one in two
   * cases, which are counted: a write that failed took effect late (that is what indeterminate means), or a retried
   * write has a twin, whose request was under way for long, and the last acknowledged one is a sibling of that.
   */
  checkRead(key: string, object: Pick<StoredObject, 'versionId' | 'siblings'>, body: Uint8Array): void {
    const shown = this.#writeOf(key, body)
    const last = this.#lastAcknowledged(key)
    if (last === undefined || shown.number >= last.number) return
    const sibling = last.versionId !== undefined && object.siblings.includes(last.versionId)
    if (shown.outcome === 'acknowledged' && !sibling) {
      const what = `${key} shows write ${shown.number} (${shown.outcome}) after ${last.number} was acknowledged`
      throw new Violation(`${what}, and the latter is no sibling`)
    }
    this.#lateHeads++
  }

  /** Checks the ids of all versions of a key that a listing names: nothing that was acknowledged may be lost. */
  checkVersions(key: string, versionIds: ReadonlySet<string>): void {
    for (const { versionId, number } of this.#writes.get(key) ?? []) {
      if (versionId !== undefined && !versionIds.has(versionId)) {
        throw new Violation(`${key}: write ${number} was acknowledged as version ${versionId} and is lost`)
      }
    }
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
