import { compareVersions } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import { compareKeys } from '@torc/protocol/identifiers/key-order'
import { limits } from '@torc/protocol/limits'
import { uniqueById } from '../flows/get-flow.js'
import { detailBytes, tokenOfVersions } from './entry-details.js'
import { commonPrefix } from './key-order.js'
import type { Judged } from './list-flow.js'
import { decodePosition, isAfter, type Position } from './position.js'

/** A page must fit the head of a frame, whatever its keys and siblings. */
const pageBytesMax = limits.headBytesMax / 2
/** Of an entry on the wire, without its key and siblings (an upper bound). */
const entryBytes = 320
const siblingBytes = 32

export interface PageRequest {
  readonly what: 'keys' | 'versions'
  readonly prefix: string
  readonly delimiter: string | undefined
  /** Entries of the page. */
  readonly limit: number
  readonly startAfter: string | undefined
  /** Continuation of an earlier page. */
  readonly token: string | undefined
  /** Hybrid time: what there was then, judged on the versions that are still there. */
  readonly at?: number | undefined
  /**
   * With the context of each entry; and keys show whose latest head is a delete marker where another head is an object,
   * as that marker: a write that follows the listing must know of them.
   */
  readonly details?: boolean | undefined
}

export type ListedEntry =
  | { readonly prefix: string }
  | {
      readonly key: string
      readonly version: Version
      readonly isLatest: boolean
      /** Ids of the other heads. */
      readonly siblings: readonly string[]
      /**
       * In a listing with details: token of a write that covers what was listed. Of keys that is all heads, of versions
       * the version alone.
       */
      readonly context: string | undefined
    }

/** Makes the entries of one page out of judged keys that come in order, and knows where the page ends. Pure. */
export class PageBuilder {
  readonly start: Position | undefined
  readonly entries: ListedEntry[] = []
  readonly #request: PageRequest
  readonly #bucketId: Uint8Array
  /** The common prefix that was emitted last (or in the page before): what follows under it is skipped. */
  #emittedPrefix: string | undefined
  #position: Position
  /** Of the entries, estimated. */
  #bytes = 0
  /** The page ended within a key's versions. */
  cut = false

  constructor(request: PageRequest, bucketId: Uint8Array) {
    this.#request = request
    this.#bucketId = bucketId
    const { token, startAfter } = request
    if (token !== undefined) this.start = decodePosition(token)
    else if (startAfter !== undefined && startAfter !== '') this.start = { after: 'key', key: startAfter }
    this.#position = this.start ?? { after: 'key', key: '' }
    if (this.start?.after === 'prefix') this.#emittedPrefix = this.start.prefix
    // A common prefix that is where the listing starts after was listed before it.
    else if (this.start?.after === 'key') {
      const common = this.prefixOf(this.start.key)
      if (common === this.start.key) this.#emittedPrefix = common
    }
  }

  get full(): boolean {
    return this.entries.length >= this.#request.limit || this.#bytes >= pageBytesMax
  }

  get room(): number {
    return this.#request.limit - this.entries.length
  }

  /** Where the page after this one begins. */
  get position(): Position {
    return this.#position
  }

  /** Whether a key can add anything (before it is judged, which may cost a request). */
  wants(key: string): boolean {
    if (!key.startsWith(this.#request.prefix)) return false
    if (this.start?.after === 'version' && compareKeys(key, this.start.key) < 0) return false
    return this.#emittedPrefix === undefined || !key.startsWith(this.#emittedPrefix)
  }

  /** Whether the judged key shows as anything, itself or as its common prefix. */
  shows(key: string, judged: Judged): boolean {
    return this.#shown(key, judged).length > 0
  }

  /** The common prefix that the key would show as. */
  prefixOf(key: string): string | undefined {
    const { delimiter, prefix } = this.#request
    return delimiter === undefined || !key.startsWith(prefix)
      ? undefined
      : commonPrefix(key, prefix, delimiter)
  }

  /** Adds a judged key. Returns the common prefix to skip when one was emitted. */
  add(key: string, judged: Judged): string | undefined {
    if (!this.wants(key)) return undefined
    const shown = this.#shown(key, judged)
    if (shown.length === 0) {
      this.#position = { after: 'key', key }
      return undefined
    }
    const prefix = this.prefixOf(key)
    if (prefix !== undefined) {
      this.entries.push({ prefix })
      this.#bytes += entryBytes + Buffer.byteLength(prefix)
      this.#emittedPrefix = prefix
      this.#position = { after: 'prefix', prefix }
      return prefix
    }
    this.#addVersions(key, shown, judged.heads)
    return undefined
  }

  #shown(key: string, judged: Judged): readonly Version[] {
    const { what, details = false } = this.#request
    return what === 'keys' ? shownHead(judged, details) : this.#versionsFrom(key, judged)
  }

  #versionsFrom(key: string, judged: Judged): readonly Version[] {
    const { start } = this
    const versions = uniqueById([...judged.versions].sort(compareVersions))
    if (start?.after !== 'version' || start.key !== key) return versions
    return versions.filter(version => isAfter(version, start))
  }

  #addVersions(key: string, shown: readonly Version[], allHeads: readonly Version[]): void {
    const heads = uniqueById(allHeads)
    for (const version of shown) {
      if (this.full) {
        this.cut = true
        return
      }
      const isHead = heads.some(head => head.id === version.id)
      const siblings =
        isHead && heads.length > 1 ? heads.filter(head => head.id !== version.id).map(head => head.id) : none
      const context = this.#contextOf(key, version, allHeads)
      this.entries.push({ key, version, isLatest: heads[0]?.id === version.id, siblings, context })
      this.#bytes += entryBytes + Buffer.byteLength(key) + siblings.length * siblingBytes
      if (context !== undefined) this.#bytes += detailBytes(version, context)
      this.#position = { after: 'version', key, createdAt: version.createdAt, dot: version.dot }
    }
    this.#position = { after: 'key', key }
  }

  #contextOf(key: string, version: Version, heads: readonly Version[]): string | undefined {
    const { what, details } = this.#request
    if (details !== true) return undefined
    return tokenOfVersions(what === 'keys' ? heads : [version], this.#bucketId, key)
  }
}

const none: readonly string[] = []

/** The version that a listing of keys shows: the latest head, unless it is a delete marker (beside which, with details, no object is). */
function shownHead({ heads }: Judged, details: boolean): readonly Version[] {
  const [latest] = heads
  if (latest === undefined) return noVersions
  const isAlive = details ? heads.some(({ kind }) => kind === 'object') : latest.kind === 'object'
  return isAlive ? [latest] : noVersions
}

const noVersions: readonly Version[] = []
