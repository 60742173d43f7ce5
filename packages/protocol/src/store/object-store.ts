import type { ChangeFeed } from './changes.js'
import type { LateFacts } from './late-facts.js'
import type { UploadStore } from './multipart.js'
import type { RestoredKey, RestoreOptions } from './restore.js'
import type { SyncSessions } from './sync-sessions.js'

/**
 * The one interface of the store. The coordinator implements it in process, the client over TCP; CLI, REPL
 * and HTTP faces are written against it. Every call takes a signal and a deadline and fails with TorcError.
 */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Deadline of the call (of each step without progress where a body streams). */
  readonly timeoutMs?: number | undefined
  /** 16 random bytes that make a retry safe; made by the library when absent. */
  readonly opId?: Uint8Array | undefined
  /** The call was sent before under this opId: what an earlier attempt wrote is found and completed. */
  readonly retry?: boolean | undefined
}

export type BodyInput = Uint8Array | string | AsyncIterable<Uint8Array>

/** A write takes place only where its condition holds; otherwise CONDITION_FAILED. Only one at once, and no `context`. */
export interface WriteConditions {
  /** Only where the key has no object (delete markers do not count). */
  readonly ifNoneMatch?: '*' | undefined
  /** Only over a head with this version id, or a unique beginning of one, or this etag: just that is replaced. */
  readonly ifMatch?: string | undefined
}

export interface PutOptions extends CallOptions, WriteConditions {
  readonly contentType?: string | undefined
  readonly metadata?: readonly (readonly [string, string])[] | undefined
  /** Tags that the version is made with: nobody sees it without them. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Etag that the version gets (1 to 128 characters of printable ASCII); absent: one that the store makes. */
  readonly etag?: string | undefined
  /**
   * For a writer who learns facts of the body only from its bytes (an MD5, a checksum behind them): called once, when the
   * whole body was read and before the version is made. Its etag goes before `etag`, its metadata is added behind
   * `metadata`. Where it throws, the write fails with that and nothing is stored. Not with a shared path, whose bytes
   * the caller does not see (BAD_REQUEST).
   */
  readonly seal?: (() => LateFacts) | undefined
  /** Context token of a GET: the new version covers just what that GET showed; `''`: nothing, whatever there is. */
  readonly context?: string | undefined
  /** Bytes of a streamed body where known (checked). A client then sends only what the cluster lacks of a large one. */
  readonly size?: number | undefined
  /** Retention policy of the key from now on; `inherit` takes its own away. */
  readonly policy?: string | undefined
  /** Only owners' acks count. */
  readonly strict?: boolean | undefined
  /** Called as bytes of the body leave, or turn out to be in the cluster. */
  readonly onProgress?: ((bytes: number) => void) | undefined
}

export interface GetOptions extends CallOptions {
  /** An id, a unique beginning of one, or `null`: the newest null version. */
  readonly versionId?: string | undefined
  /** The latest head as of then, among the versions that are still there. Not beside `versionId`, not in the future. */
  readonly at?: Date | undefined
  /** First and last byte, inclusive; a missing last = to the end; a negative first = the last −first bytes. */
  readonly range?: readonly [first: number, last?: number] | undefined
  readonly strict?: boolean | undefined
  readonly onProgress?: ((bytes: number) => void) | undefined
}

export interface DeleteOptions extends CallOptions {
  /** An id, a unique beginning of one, or `null`: the newest null version. */
  readonly versionId?: string | undefined
  /** Context token of a GET: just what it showed goes, or is covered by the marker; `''`: nothing. */
  readonly context?: string | undefined
  readonly marker?: boolean | undefined
  readonly strict?: boolean | undefined
}

export interface ListOptions extends CallOptions {
  readonly prefix?: string | undefined
  readonly delimiter?: string | undefined
  /** Entries in all (not per page). */
  readonly limit?: number | undefined
  readonly startAfter?: string | undefined
  /** As of then: only versions up to it count. Not in the future. */
  readonly at?: Date | undefined
  /**
   * With what a HEAD of each entry would show (`EntryDetails`). A listing of keys then also has those whose latest head
   * is a delete marker where a sibling is an object, as that marker.
   */
  readonly details?: boolean | undefined
}

/** What a listing with details tells of a version more than others do. */
export interface EntryDetails extends Pick<VersionInfo, 'sha256' | 'parts' | 'contentType' | 'metadata'> {
  /**
   * Token of a write that covers what was listed: of a key all its heads, in a listing of versions the version, each with
   * what it covers.
   */
  readonly context: string
}

export interface CopySource {
  readonly bucket: string
  readonly key: string
  /** An id, a unique prefix of one, or `null`; the latest head when absent. */
  readonly versionId?: string | undefined
}

/** What is absent is the source's. */
export interface CopyOptions extends CallOptions, WriteConditions {
  readonly contentType?: string | undefined
  readonly metadata?: readonly (readonly [string, string])[] | undefined
  /** Tags that the copy is made with; absent: those that the source has then (one read more). */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Context token of a GET of the destination, as `PutOptions.context`. */
  readonly context?: string | undefined
  readonly policy?: string | undefined
}

export interface CopyResult extends PutResult {
  readonly sourceVersionId: string
  /** What was read of the source: a DELETE of it with this context completes a move. */
  readonly sourceContext: string
}

/** A version in a key's history. */
export interface HistoryEntry {
  readonly bucket: string
  readonly key: string
  readonly versionId: string
  readonly kind: 'object' | 'marker'
  readonly size: number
  readonly etag: string
  readonly contentType: string
  readonly createdAt: Date
  /** 1 + the greatest that it covers: its number for people. Of a write 0 where an older server does not tell. */
  readonly seq: number
  readonly actor: string
  readonly counter: number
  /** Node id of the agent that minted it, where that is known. */
  readonly mintedBy: string | undefined
  readonly isLatest: boolean
  readonly isHead: boolean
  /** As of `VersionInfo`. */
  readonly isNull: boolean
  /** Ids of the versions that it covers and no other that it covers does. */
  readonly parents: readonly string[]
}

/** Whose policy: of the cluster (neither), of a bucket, or of a key. */
export interface PolicyTarget {
  readonly bucket?: string | undefined
  readonly key?: string | undefined
}

export interface PolicyInfo {
  /** In force: `all`, `latest`, `global:N` or `dynamic:N`. */
  readonly policy: string
  readonly from: 'object' | 'bucket' | 'cluster' | 'default'
  /** What the target itself says; `inherit` when nothing. */
  readonly own: string
  /** Of a key: how many versions it has. */
  readonly versions: number | undefined
  /** Of a key: what the next PUT would remove, oldest first. */
  readonly next: readonly { readonly versionId: string; readonly createdAt: Date; readonly size: number }[]
}

export interface TagOptions extends CallOptions {
  /** An id, a unique beginning of one, or `null`: the newest null version. */
  readonly versionId?: string | undefined
}

export interface TagChanges {
  readonly set?: Readonly<Record<string, string>> | undefined
  readonly clear?: readonly string[] | undefined
}

export interface TagInfo {
  readonly bucket: string
  readonly key: string
  readonly versionId: string
  readonly tags: Readonly<Record<string, string>>
}

export interface PageOptions extends ListOptions {
  readonly token?: string | undefined
}

/** actor → counter. */
export type ClockView = Readonly<Record<string, number>>

export interface VersionInfo {
  readonly bucket: string
  readonly key: string
  readonly versionId: string
  readonly kind: 'object' | 'marker'
  readonly size: number
  readonly etag: string
  /** Hex; of an object in parts that of the digests of its parts. */
  readonly sha256: string
  /** Sizes of the parts of an object that was uploaded in parts. */
  readonly parts?: readonly number[] | undefined
  readonly contentType: string
  readonly metadata: readonly (readonly [string, string])[]
  readonly createdAt: Date
  readonly isLatest: boolean
  /** It was made where the bucket kept no versions (`Versioning`): the next such version takes its place. */
  readonly isNull: boolean
  /** Ids of the other heads. */
  readonly siblings: readonly string[]
  /** Opaque token for a PUT or DELETE that resolves what this read showed. */
  readonly context: string
  readonly clock: ClockView
  readonly degraded: boolean
}

export interface PutResult extends Pick<HistoryEntry, 'seq'> {
  readonly bucket: string
  readonly key: string
  readonly versionId: string
  readonly size: number
  readonly etag: string
  readonly sha256: string
  readonly contentType: string
  readonly createdAt: Date
  readonly context: string
  readonly clock: ClockView
  readonly siblings: readonly string[]
  readonly mintedBy: string
  readonly preferenceList: readonly string[]
  readonly replicasWritten: readonly string[]
  readonly vectorClocks: Readonly<Record<string, ClockView>>
  readonly down: readonly string[]
  readonly hinted: Readonly<Record<string, readonly string[]>>
  readonly deduplicatedBytes: number
  readonly sentBytes: number
  /** As of `VersionInfo`. */
  readonly isNull: boolean
}

/** A version and its body. Read the body once (or `discard` it). */
export interface StoredObject extends VersionInfo {
  /** First and last byte of the body in the object, when a range was asked for. */
  readonly range: readonly [number, number] | undefined
  /** Checked against `sha256` at its end when it is the whole object: CHECKSUM on a difference. */
  readonly body: AsyncIterable<Uint8Array>
  bytes(): Promise<Uint8Array>
  text(): Promise<string>
  json(): Promise<unknown>
  discard(): void
}

export interface DeleteResult {
  readonly bucket: string
  readonly key: string
  readonly removed: readonly string[]
  /** Id of the delete marker that was added. */
  readonly marker: string | undefined
  readonly context: string
}

export type ListEntry =
  | { readonly bucket: string; readonly prefix: string }
  | ({
      readonly bucket: string
      readonly key: string
      readonly versionId: string
      readonly size: number
      readonly etag: string
      readonly createdAt: Date
      readonly kind: 'object' | 'marker'
      readonly isLatest: boolean
      readonly isNull: boolean
      readonly siblings: readonly string[]
    } & Partial<EntryDetails>)

export interface ListPage {
  readonly entries: readonly ListEntry[]
  /** Where the next page begins; undefined at the end. */
  readonly token: string | undefined
}

export interface FetchItem {
  readonly bucket: string
  readonly key: string
  readonly versionId: string
  readonly size: number
  /** Ids of the agents that hold it. */
  readonly agents: readonly string[]
}

/**
 * How bodies are cut into blocks: `fixed` (each 1 MiB, the last one shorter) or `content` (640 KiB to 2 MiB, about 1 MiB
 * on average, where the content says so: a changed version shares what did not change with the one before).
 */
export type Cutting = 'fixed' | 'content'

/** Whether new blocks are kept compressed where that saves a tenth or more. */
export type Compression = 'none' | 'brotli'

/**
 * What becomes of a version that another one replaces, in S3's sense. `enabled`: it stays. `unversioned`, `suspended`: what
 * is written is a *null version*, which takes the place of the null version before it.
 */
export type Versioning = 'unversioned' | 'enabled' | 'suspended'

export interface BucketOptions extends CallOptions {
  readonly replicas?: number | undefined
  readonly readQuorum?: number | undefined
  readonly writeQuorum?: number | undefined
  readonly strict?: boolean | undefined
  /** Retention policy; `inherit` (the cluster's) when absent. */
  readonly policy?: string | undefined
  /** `fixed` when absent. A change counts for bodies written from then on. */
  readonly cutting?: Cutting | undefined
  /** `none` when absent. A change counts for blocks that are new from then on. */
  readonly compression?: Compression | undefined
  /** `enabled` when absent. Once it was that, it can be suspended, and not be `unversioned` again. */
  readonly versioning?: Versioning | undefined
  /** Whoever comes without an access key may read objects and list keys and versions. False when absent. */
  readonly publicRead?: boolean | undefined
  /** All tags of the bucket: up to 50, names of 1 to 128 and values of up to 256 characters, 12 KiB in all. */
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** What can be changed later; what is absent stays. */
export type BucketChanges = Omit<BucketOptions, 'replicas'>

export interface BucketInfo {
  readonly bucket: string
  readonly createdAt: Date
  readonly replicas: number
  readonly readQuorum: number
  readonly writeQuorum: number
  readonly strict: boolean
  /** Retention policy in force for keys without one of their own. */
  readonly policy: string
  readonly policyFrom: 'bucket' | 'cluster' | 'default'
  readonly cutting: Cutting
  readonly compression: Compression
  readonly versioning: Versioning
  readonly publicRead: boolean
  readonly tags: Readonly<Record<string, string>>
}

/** A bucket in the list of all of them, which has no room for tags. */
export type ListedBucket = Omit<BucketInfo, 'tags'>

export interface ObjectStore extends UploadStore, ChangeFeed, SyncSessions {
  /** Adds a version. Fails with INDETERMINATE when fewer than W agents acknowledged it. */
  put(bucket: string, key: string, body: BodyInput, options?: PutOptions): Promise<PutResult>
  /** Shared path: the server reads the file at `path` itself. */
  putShared(bucket: string, key: string, path: string, options?: PutOptions): Promise<PutResult>
  /** Stores a datum under a key that the server makes. */
  post(bucket: string, body: BodyInput, options?: PutOptions): Promise<PutResult>
  get(bucket: string, key: string, options?: GetOptions): Promise<StoredObject>
  /** Shared path: the server writes the file at `path` (temporary name, fsync, rename). */
  getShared(bucket: string, key: string, path: string, options?: GetOptions): Promise<VersionInfo>
  head(bucket: string, key: string, options?: GetOptions): Promise<VersionInfo>
  delete(bucket: string, key: string, options?: DeleteOptions): Promise<DeleteResult>
  /** Adds a version with the content of another object or version; no body moves through the caller. */
  copy(source: CopySource, bucket: string, key: string, options?: CopyOptions): Promise<CopyResult>
  /** All versions of a key, newest first, each after those that cover it. KEY_NOT_FOUND where there is none. */
  history(
    bucket: string,
    key: string,
    options?: CallOptions & { readonly limit?: number | undefined },
  ): AsyncIterable<HistoryEntry>
  /**
   * Brings the keys under a prefix back to what they were by adding versions: a copy of the one of then, or a delete
   * marker. A retention policy applies as to any write. Keys come in order; may be repeated after an interruption.
   */
  restore(bucket: string, options: RestoreOptions): AsyncIterable<RestoredKey>
  policy(target: PolicyTarget, options?: CallOptions): Promise<PolicyInfo>
  /** Sets or (`inherit`) takes away a policy; it acts with the next PUT. KEY_NOT_FOUND for a key without versions. */
  setPolicy(target: PolicyTarget, policy: string, options?: CallOptions): Promise<void>
  tags(bucket: string, key: string, options?: TagOptions): Promise<TagInfo>
  setTags(bucket: string, key: string, changes: TagChanges, options?: TagOptions): Promise<TagInfo>
  /** Live keys in bytewise order of their UTF-8, page by page behind the scenes. */
  list(bucket: string, options?: ListOptions): AsyncIterable<ListEntry>
  /** Versions and markers: keys in order, versions of a key newest first. */
  versions(bucket: string, options?: ListOptions): AsyncIterable<ListEntry>
  /** One page of `list` (or of `versions`), for faces that page themselves. */
  listPage(bucket: string, what: 'keys' | 'versions', options?: PageOptions): Promise<ListPage>
  /** What all agents hold under a prefix, gathered; ends with PARTIAL when partitions were not covered. */
  fetch(
    bucket: string,
    options?: CallOptions & { readonly prefix?: string | undefined },
  ): AsyncIterable<FetchItem>
  createBucket(bucket: string, options?: BucketOptions): Promise<BucketInfo>
  headBucket(bucket: string, options?: CallOptions): Promise<BucketInfo>
  changeBucket(bucket: string, changes: BucketChanges): Promise<BucketInfo>
  deleteBucket(
    bucket: string,
    options?: CallOptions & { readonly force?: boolean | undefined },
  ): Promise<void>
  buckets(options?: CallOptions): Promise<readonly ListedBucket[]>
}
