import { TorcError } from '@torc/protocol/errors'
import type { Content, RemoteEntry, RemoteHead } from '../../src/sync/trees/entry.js'

/** A version of a simulated store. It never changes. */
export interface SimulatedVersion {
  readonly versionId: string
  /** Undefined: a delete marker. */
  readonly content: Content | undefined
  readonly mtimeMs: number
  readonly createdAt: Date
  /** Sync client that wrote it. */
  readonly client: string | undefined
  /** All versions that it covers, whatever they cover included. */
  readonly covers: ReadonlySet<string>
}

/**
 * All that was ever written under a name. A context is a set of versions that is closed (with a version it has what that
 * one covers); its token names the versions from which the set follows, and is bound to the name.
 */
export class SimulatedKey {
  readonly #name: string
  /** In the order in which they were made; removed ones too. */
  readonly #versions = new Map<string, SimulatedVersion>()
  readonly #removed = new Set<string>()
  /** Oldest first. */
  #heads: readonly SimulatedVersion[] = []

  constructor(name: string) {
    this.#name = name
  }

  /** Versions that are there and that no other one that is there covers; oldest first. */
  get heads(): readonly SimulatedVersion[] {
    return this.#heads
  }

  get versions(): readonly SimulatedVersion[] {
    return [...this.#versions.values()]
  }

  find(versionId: string): SimulatedVersion | undefined {
    return this.#versions.get(versionId)
  }

  isRemoved(versionId: string): boolean {
    return this.#removed.has(versionId)
  }

  /** The version, where it is there and an object; otherwise as the store would fail. */
  read(versionId: string): SimulatedVersion & { readonly content: Content } {
    const found = this.#versions.get(versionId)
    const { content } = found ?? {}
    const what = `version ${versionId} of ${this.#name}`
    if (this.#removed.has(versionId)) throw new TorcError('VERSION_REMOVED', `${what} was purged`)
    if (found === undefined || content === undefined) throw new TorcError('VERSION_NOT_FOUND', `no ${what}`)
    return { ...found, content }
  }

  add(version: SimulatedVersion): void {
    this.#versions.set(version.versionId, version)
    this.#heads = [...this.#heads.filter(({ versionId }) => !version.covers.has(versionId)), version]
  }

  /** What it alone covered are heads again. */
  remove(versionId: string): void {
    if (this.#versions.has(versionId)) this.#removed.add(versionId)
    const present = this.versions.filter(one => !this.#removed.has(one.versionId))
    this.#heads = present.filter(one => !present.some(({ covers }) => covers.has(one.versionId)))
  }

  /** What a write with the token covers: `''` nothing, absent all that is there. BAD_REQUEST for another key's token. */
  covered(token: string | undefined): ReadonlySet<string> {
    if (token === '') return new Set()
    const named = token === undefined ? this.#heads.map(idOf) : this.#idsOf(token)
    const covered = new Set(named)
    for (const id of named) for (const older of this.#versions.get(id)?.covers ?? []) covered.add(older)
    return covered
  }

  tokenOf(versions: readonly SimulatedVersion[]): string {
    return `${this.#name}?${versions.map(idOf).join('+')}`
  }

  /** Undefined where no head is an object. */
  entry(): RemoteEntry | undefined {
    const heads: RemoteHead[] = []
    for (const { content, mtimeMs, versionId, createdAt, client } of this.#heads) {
      if (content !== undefined) heads.push({ content, mtimeMs, versionId, createdAt, client })
    }
    if (heads.length === 0) return undefined
    heads.sort((a, b) => (a.versionId < b.versionId ? -1 : 1))
    return {
      heads,
      besideMarker: heads.length < this.#heads.length,
      context: this.tokenOf(this.#heads),
    }
  }

  #idsOf(token: string): readonly string[] {
    const start = `${this.#name}?`
    const ids = token.startsWith(start) ? token.slice(start.length).split('+') : []
    if (ids.length > 0 && ids.every(id => this.#versions.has(id))) return ids
    throw new TorcError('BAD_REQUEST', `the context ${token} was not made for ${this.#name}`)
  }
}

function idOf({ versionId }: SimulatedVersion): string {
  return versionId
}
