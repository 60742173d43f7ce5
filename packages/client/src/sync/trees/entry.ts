/**
 * What is compared of the two sides. A *name* is the path below the folder; that of a folder ends with `/`, so that a
 * change of type is one name less and another one more. The time of modification is no part of it: a bare touch is no edit.
 */
export interface Content {
  readonly kind: 'file' | 'folder' | 'link'
  /**
   * Hex SHA-256 of a file's bytes or of a link's target; empty for a folder. Of an object that was uploaded in parts, in the
   * store, `parts:` and the digest of their digests.
   */
  readonly sha256: string
  /** Bytes of a file or of a link's target. */
  readonly size: number
  /** Of a file: its owner may execute it. */
  readonly executable: boolean
}

export function sameContent(a: Content, b: Content): boolean {
  return a.kind === b.kind && a.sha256 === b.sha256 && a.executable === b.executable
}

export const folderContent: Content = Object.freeze({
  kind: 'folder',
  sha256: '',
  size: 0,
  executable: false,
})

/**
 * What a look at a file costs nothing to compare: inode, size, times, mode, as the folder writes them. While it is the
 * same, so is the content. Opaque outside of the folder that made it.
 */
export type Fingerprint = string

/** An entry of the folder on this machine. */
export interface LocalEntry {
  readonly content: Content
  readonly mtimeMs: number
  readonly fingerprint: Fingerprint
}

/** A head of a key that holds an object. */
export interface RemoteHead {
  readonly content: Content
  readonly mtimeMs: number
  readonly versionId: string
  readonly createdAt: Date
  /** Sync client that wrote it; undefined where another program did. */
  readonly client: string | undefined
}

/** A name in the store that has at least one head with an object. */
export interface RemoteEntry {
  /** Heads with objects, by version id: the first is the one that keeps the name. Empty for an implied folder. */
  readonly heads: readonly RemoteHead[]
  /** Another head is a delete marker. */
  readonly besideMarker: boolean
  /** Token of a write that covers all heads; empty for an implied folder. */
  readonly context: string
}

/** What both sides were when they were last equal. */
export interface SyncedEntry {
  readonly content: Content
  readonly fingerprint: Fingerprint
  /** Undefined for an implied folder. */
  readonly versionId: string | undefined
  /** Token of a write that covers what was synced and nothing else. */
  readonly context: string
}

/** The three entries of one name; absent where the side has none. */
export interface Triple {
  readonly local?: LocalEntry | undefined
  readonly remote?: RemoteEntry | undefined
  readonly synced?: SyncedEntry | undefined
}

export function isFolderName(name: string): boolean {
  return name.endsWith('/')
}

/** The folder that a name lies in: `a/b/` and `a/b` lie in `a/`; undefined at the top. */
export function parentOf(name: string): string | undefined {
  // A search from before the beginning would find a `/` that is the whole name, or begins it.
  if (name.length < 2) return undefined
  const slash = name.lastIndexOf('/', name.length - 2)
  return slash < 0 ? undefined : name.slice(0, slash + 1)
}

/** The name of the other type at the same path: `a/` for `a`, `a` for `a/`. A folder can't have both. */
export function otherType(name: string): string {
  return isFolderName(name) ? name.slice(0, -1) : `${name}/`
}

/** The bytes are the same, whoever may execute them. */
export function sameBytes(a: Content, b: Content): boolean {
  return a.kind === b.kind && a.sha256 === b.sha256
}
