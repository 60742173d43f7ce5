import type { Content, Fingerprint, LocalEntry } from '../trees/entry.js'

/**
 * What the folder remembers of a name, so that an unchanged file is not read again. A scan may tell the same content with
 * another fingerprint (after a touch, or where the last look came too soon after the last write to be trusted): then the
 * new one is what to remember.
 */
export type Known = (
  name: string,
) => { readonly content: Content; readonly fingerprint: Fingerprint } | undefined

export interface Refusal {
  readonly name: string
  /** Why it can't be synced, for people. */
  readonly reason: string
  /** What they can do about it. */
  readonly hint?: string | undefined
  /** It was asked for (links are skipped): nobody wants to hear of it. */
  readonly silent?: boolean | undefined
}

export interface Scan {
  /** What is there now. */
  readonly entries: ReadonlyMap<string, LocalEntry>
  /**
   * What is there and can't be synced: unreadable, no valid name, a socket … It is neither there nor gone. Where the name
   * ends with `/`, the same holds for all that is below it.
   */
  readonly refused: readonly Refusal[]
  /** Files that changed while they were read, folders that did not come to rest: their entries are not told; look again. */
  readonly unstable: readonly string[]
}

export interface ScanOptions {
  readonly known: Known
  readonly signal?: AbortSignal | undefined
  /** Called as files are found and bytes of changed ones read. */
  readonly onProgress?: ((found: number, bytes: number) => void) | undefined
}

/** A change is carried out only where the name still is what the plan was made for. */
export type Outcome = { readonly done: LocalEntry } | 'changed'

/**
 * The folder on this machine. Names never leave it: neither by `..` nor through links. `expected` is the fingerprint of
 * what a change replaces; undefined: nothing may be there. Where something else is there, the answer is `changed` and
 * the folder is as it was. Other failures are TorcErrors (FILE_ACCESS, DISK_FULL …).
 */
export interface LocalFolder {
  /** Throws SYNC_ROOT_GONE where the folder is no longer the one that it was when it was opened. */
  checkRoot(): Promise<void>
  /** All of the folder. */
  scan(options: ScanOptions): Promise<Scan>
  /**
   * What is now at these paths (as the watcher tells them: without a `/` at the end), and below those that are folders.
   * A path that is not in the answer's entries, with or without `/`, is not there, nor is anything below it: unless it is
   * refused, or ignored.
   */
  scanAt(paths: readonly string[], options: ScanOptions): Promise<Scan>
  /** Whether a name is left alone, by the rules that the last scan read. It is neither there nor gone. */
  ignores(name: string): boolean
  /**
   * The bytes of a file or target of a link, to be read more than once; `changed` where it is not `expected`. Where it changes
   * while it is read, the bytes end with a CONFLICT.
   */
  read(name: string, expected: Fingerprint): Promise<AsyncIterable<Uint8Array> | 'changed'>
  /**
   * Makes or replaces a file or link: whole, under a temporary name first, flushed to the disk. The body's SHA-256 was checked
   * by whoever gives it. A parent folder that is not there is made.
   */
  write(
    name: string,
    content: Content,
    mtimeMs: number,
    body: AsyncIterable<Uint8Array>,
    expected: Fingerprint | undefined,
  ): Promise<Outcome>
  /** As `write`, with the bytes of another name here; `changed` also where these are not `from.sha256` any more. */
  copy(
    from: { readonly name: string; readonly fingerprint: Fingerprint; readonly sha256: string },
    name: string,
    content: Content,
    mtimeMs: number,
    expected: Fingerprint | undefined,
  ): Promise<Outcome>
  /** Changes who may execute a file, not its bytes. */
  setExecutable(name: string, executable: boolean, expected: Fingerprint): Promise<Outcome>
  makeFolder(name: string): Promise<Outcome>
  /** A folder is removed only where it is empty (else `changed`). Gone already is `removed`. */
  remove(name: string, expected: Fingerprint | undefined): Promise<'removed' | 'changed'>
  /** Puts back what a crash left aside, and takes temporary files away. Before the first scan. */
  recover(): Promise<void>
  /** Calls `onMark` with paths at or below which something may have changed; '' = scan all. Until the returned function is called. */
  watch(onMark: (path: string) => void): Promise<() => Promise<void>>
}
