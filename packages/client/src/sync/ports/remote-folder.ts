import type { Content, RemoteEntry, RemoteHead } from '../trees/entry.js'

export interface RemoteChanges {
  /** Names of which something was written or removed, each with the versions that were told, oldest first. */
  readonly names: ReadonlyMap<string, readonly string[]>
  /** Those of the names of which a version went. */
  readonly removed: ReadonlySet<string>
  readonly cursor: string
  /** The cursor was too old or of another cluster: read everything again; nothing that is absent was thereby deleted. */
  readonly reset: boolean
}

export interface WriteOptions {
  readonly mtimeMs: number
  /** Token of what the write replaces; `''`: nothing, so that whatever is there becomes a sibling. */
  readonly context: string
  /** 16 bytes; the version's id derives from them. The same for a retry. */
  readonly opId: Uint8Array
  /** The write was sent before under this `opId`, perhaps by a process that was killed. */
  readonly retry?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((bytes: number) => void) | undefined
}

export interface Written {
  readonly versionId: string
  /** Token of a write that covers the version and what it covers, and nothing else. */
  readonly context: string
  /** As of `Content`: hex, of what was stored; empty for a folder. */
  readonly sha256: string
  /** There are other heads than it: beside it, or (where a retry found it) instead of it. */
  readonly siblings: boolean
}

/** The prefix in the store. All failures are TorcErrors. */
export interface RemoteFolder {
  /** A cursor of now, for `changes`: take it before `list`. */
  cursor(signal?: AbortSignal): Promise<string>
  /** All names under the prefix (implied folders are not told: the tree derives them). */
  list(signal?: AbortSignal): AsyncIterable<readonly [name: string, entry: RemoteEntry]>
  /**
   * What changed behind the cursor; waits up to `waitMs` where nothing did. Of very many changes only the first are told:
   * whoever wants all asks again behind the new cursor until no name is told.
   */
  changes(cursor: string, waitMs: number, signal?: AbortSignal): Promise<RemoteChanges>
  /** What the name is now; undefined: no head with an object. */
  look(name: string, signal?: AbortSignal): Promise<RemoteEntry | undefined>
  /** The bytes of a head: checked against its SHA-256 at their end (CHECKSUM). VERSION_REMOVED … where it is gone. */
  read(name: string, head: RemoteHead, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** Adds a version. `body` may be read again for a retry. */
  write(
    name: string,
    content: Content,
    body: AsyncIterable<Uint8Array>,
    options: WriteOptions,
  ): Promise<Written>
  /** Adds a version with the bytes of another one; none move through this machine. */
  copy(
    from: { readonly name: string; readonly versionId: string },
    name: string,
    content: Content,
    options: WriteOptions,
  ): Promise<Written>
  /**
   * As `copy`, onto a name that no object may have: undefined where one has. The copy keeps the source's `torc-client`.
   */
  copyNew(
    from: { readonly name: string; readonly head: RemoteHead },
    name: string,
    signal?: AbortSignal,
  ): Promise<Written | undefined>
  /** Adds a delete marker that covers what `context` does. */
  remove(name: string, context: string, signal?: AbortSignal): Promise<void>
}
