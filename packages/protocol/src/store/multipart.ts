import type { LateFacts } from './late-facts.js'
import type {
  BodyInput,
  CallOptions,
  CopySource,
  GetOptions,
  PutResult,
  WriteConditions,
} from './object-store.js'

/** What the object will have; given when its upload begins. */
export interface UploadOptions extends CallOptions {
  readonly contentType?: string | undefined
  readonly metadata?: readonly (readonly [string, string])[] | undefined
  /** Tags that the completed version is made with. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Retention policy of the key from the completed version on; `inherit` takes its own away. */
  readonly policy?: string | undefined
}

export interface CreatedUpload {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
  readonly createdAt: Date
}

export interface PartOptions extends CallOptions {
  /** Bytes of a streamed body where known (checked). */
  readonly size?: number | undefined
  /** Etag that the part gets, as `PutOptions.etag`. */
  readonly etag?: string | undefined
  /** Kept with the part, and shown with it; it does not become the object's. */
  readonly metadata?: readonly (readonly [string, string])[] | undefined
  /** Facts of the part that are known once it was read, as `PutOptions.seal`. */
  readonly seal?: (() => LateFacts) | undefined
  /** Called as bytes of the body leave. */
  readonly onProgress?: ((bytes: number) => void) | undefined
}

export interface CopyPartOptions extends CallOptions {
  /** First and last byte of the source, as `GetOptions.range`; all of it when absent. */
  readonly range?: GetOptions['range']
}

export interface PartResult {
  readonly partNumber: number
  readonly etag: string
  readonly size: number
  /** Hex. */
  readonly sha256: string
  readonly deduplicatedBytes: number
  readonly sentBytes: number
}

export interface CopiedPart extends PartResult {
  readonly sourceVersionId: string
}

/** A part that is there. */
export interface PartInfo {
  readonly partNumber: number
  readonly etag: string
  readonly size: number
  /** Hex. */
  readonly sha256: string
  readonly metadata: readonly (readonly [string, string])[]
  readonly createdAt: Date
}

/** An upload that is listed. */
export interface UploadInfo extends CreatedUpload {
  /** `ending`: it was completed or aborted, and what is left of it is removed by `abortUpload`. */
  readonly state: 'open' | 'ending'
}

/** A part as its uploader knows it. */
export interface NamedPart {
  readonly partNumber: number
  readonly etag: string
}

export interface CompleteOptions extends CallOptions, WriteConditions {
  /** Etag that the version gets, as `PutOptions.etag`. */
  readonly etag?: string | undefined
  /** Added behind the metadata that the upload was begun with. */
  readonly metadata?: readonly (readonly [string, string])[] | undefined
  /** Context token of a GET of the key: the new version covers just what that GET showed; `''`: nothing. */
  readonly context?: string | undefined
}

export interface PartPageOptions extends CallOptions {
  /** Only parts above this number. */
  readonly partNumberMarker?: number | undefined
  /** Most parts of the page; 1000 at most, and when absent. */
  readonly limit?: number | undefined
}

export interface PartPage {
  /** Fewer than `limit`, also where more follow, when they have much metadata. */
  readonly parts: readonly PartInfo[]
  /** The `partNumberMarker` of the next page; undefined at the end. */
  readonly nextPartNumberMarker: number | undefined
}

export interface UploadListOptions extends CallOptions {
  readonly prefix?: string | undefined
}

/** Where a listing of uploads goes on: behind an upload or, without an id, behind all uploads of a key (or prefix). */
export interface UploadMarker {
  readonly key: string
  readonly uploadId?: string | undefined
}

export interface UploadPageOptions extends UploadListOptions {
  readonly delimiter?: string | undefined
  readonly marker?: UploadMarker | undefined
  /** Most uploads and prefixes of the page; 1000 at most, and when absent. */
  readonly limit?: number | undefined
}

export interface UploadPage {
  readonly uploads: readonly UploadInfo[]
  /** Common prefixes, each standing for all uploads under it. */
  readonly prefixes: readonly string[]
  /** The `marker` of the next page; undefined at the end. */
  readonly nextMarker: UploadMarker | undefined
}

/**
 * Objects that are uploaded in parts: parts come in any order, several at once, and again; completing the upload makes
 * a version of those that are named and moves no data. UPLOAD_NOT_FOUND where there is no such upload (any more).
 */
export interface UploadStore {
  createUpload(bucket: string, key: string, options?: UploadOptions): Promise<CreatedUpload>
  /** Stores a part; one of the same number is replaced. `partNumber` is 1 to 10,000. */
  uploadPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: BodyInput,
    options?: PartOptions,
  ): Promise<PartResult>
  /** Stores an object, a version of it or a range of that as a part; no body moves through the caller. */
  copyPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    source: CopySource,
    options?: CopyPartOptions,
  ): Promise<CopiedPart>
  /** In order of their numbers. */
  parts(bucket: string, key: string, uploadId: string, options?: CallOptions): AsyncIterable<PartInfo>
  partPage(bucket: string, key: string, uploadId: string, options?: PartPageOptions): Promise<PartPage>
  /** Uploads under way, by key, then by upload id. */
  uploads(bucket: string, options?: UploadListOptions): AsyncIterable<UploadInfo>
  uploadPage(bucket: string, options?: UploadPageOptions): Promise<UploadPage>
  /**
   * Adds the version that consists of these parts, in this order, which must be that of their numbers. INVALID_PART
   * where one is not there or has another etag. Fails as `put` does; a retry needs the same `opId`.
   */
  completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly NamedPart[],
    options?: CompleteOptions,
  ): Promise<PutResult>
  /** Removes the upload and its parts. Parts that are on their way fail. */
  abortUpload(bucket: string, key: string, uploadId: string, options?: CallOptions): Promise<void>
}
