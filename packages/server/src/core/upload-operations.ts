import type { Condition } from '@torc/cluster/consensus/condition'
import { parsePolicy } from '@torc/cluster/retention/policy'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import type { NamedPart } from '@torc/protocol/store/multipart'
import type { BodySource } from '../bodies/body-source.js'
import type { Buckets } from '../buckets/buckets.js'
import { createdTags, type TagChange } from '../flows/tag-flow.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { completeUpload } from '../uploads/complete-upload.js'
import { type CopiedPartOutcome, copyPart } from '../uploads/copy-part.js'
import { abortUpload } from '../uploads/end-upload.js'
import { type ListedUploads, listUploads } from '../uploads/list-uploads.js'
import { answerable, type PartRecordPage, partRecordPage } from '../uploads/part-records.js'
import type { NamedUpload } from '../uploads/upload-names.js'
import type { UploadPageRequest } from '../uploads/upload-page.js'
import { uploadPart } from '../uploads/upload-part.js'
import { readOpenRecord, writeRecord } from '../uploads/upload-record.js'
import type { PartRequest } from '../uploads/write-part.js'
import { tokenOf } from './client-token.js'
import type { Coordination } from './coordination.js'
import { defaultContentType, type OperationLimits } from './operations.js'

export interface CreateUploadOperation extends OperationLimits {
  readonly bucket: string
  readonly key: string
  readonly opId: Uint8Array
  readonly contentType: string | undefined
  readonly metadata: readonly (readonly [string, string])[] | undefined
  readonly tags?: TagChange['set'] | undefined
  readonly policy: string | undefined
  readonly retry: boolean
}

export interface UploadOperation extends OperationLimits {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
}

export interface PartOperation extends UploadOperation {
  readonly partNumber: number
  readonly opId: Uint8Array
  readonly retry: boolean
  readonly etag?: string | undefined
  readonly metadata?: Version['metadata'] | undefined
}

export interface CopyPartOperation extends PartOperation {
  readonly sourceBucket: string
  readonly sourceKey: string
  readonly sourceVersionId: string | undefined
  readonly range: readonly [first: number, last?: number | undefined] | undefined
}

export interface CompleteUploadOperation extends UploadOperation {
  readonly opId: Uint8Array
  readonly parts: readonly NamedPart[]
  readonly etag: string | undefined
  /** Added behind the upload's. */
  readonly metadata: Version['metadata'] | undefined
  /** Token as the client gave it. */
  readonly context: string | undefined
  readonly condition?: Condition | undefined
  readonly retry: boolean
}

export interface PartPageOperation extends UploadOperation {
  readonly partNumberMarker: number
  readonly limit: number
}

export interface UploadPageOperation extends UploadPageRequest, OperationLimits {
  readonly bucket: string
}

/** Uploads in parts by bucket name, for both faces of the coordinator. Arguments have been validated. */
export class UploadOperations {
  readonly #c: Coordination
  readonly #buckets: Buckets

  constructor(c: Coordination, buckets: Buckets) {
    this.#c = c
    this.#buckets = buckets
  }

  /** The record: its id is the upload's. */
  async create(operation: CreateUploadOperation): Promise<Version> {
    const { key, opId, contentType = defaultContentType, metadata = [] } = operation
    const policy = operation.policy === undefined ? undefined : parsePolicy(operation.policy)
    const tags = createdTags(operation.tags)
    const bucket = await this.#buckets.find(operation.bucket, operation)
    const upload = { bucket, key, uploadId: versionIdOf(opId) }
    return writeRecord(this.#c, { ...operation, upload, contentType, metadata, tags, policy })
  }

  async part(operation: PartOperation, source: BodySource): Promise<WriteOutcome> {
    try {
      return await uploadPart(this.#c, await this.#part(operation), source)
    } catch (error) {
      source.discard()
      throw error
    }
  }

  async copyPart(operation: CopyPartOperation): Promise<CopiedPartOutcome> {
    const { sourceKey: key, sourceVersionId: versionId, range } = operation
    const part = await this.#part(operation)
    const bucket = await this.#buckets.find(operation.sourceBucket, operation)
    return copyPart(this.#c, { ...part, source: { bucket, key, versionId }, range })
  }

  async parts(operation: PartPageOperation): Promise<PartRecordPage> {
    const upload = await this.#upload(operation)
    await readOpenRecord(this.#c, upload, operation)
    const { partNumberMarker, limit } = operation
    return answerable(await partRecordPage(this.#c, upload, partNumberMarker, limit, operation))
  }

  async list(operation: UploadPageOperation): Promise<ListedUploads> {
    const bucket = await this.#buckets.find(operation.bucket, operation)
    return listUploads(this.#c, { ...operation, bucket })
  }

  async complete(operation: CompleteUploadOperation): Promise<WriteOutcome> {
    const upload = await this.#upload(operation)
    const token = tokenOf(operation.context, upload.bucket, upload.key)
    return completeUpload(this.#c, { ...operation, upload, token })
  }

  async abort(operation: UploadOperation & { readonly retry: boolean }): Promise<void> {
    await abortUpload(this.#c, await this.#upload(operation), operation.retry, operation)
  }

  async #part(operation: PartOperation): Promise<PartRequest> {
    const { partNumber, opId, retry, etag, metadata, timeoutMs, signal } = operation
    const upload = await this.#upload(operation)
    return { upload, partNumber, opId, retry, etag, metadata, timeoutMs, signal }
  }

  async #upload(operation: UploadOperation): Promise<NamedUpload> {
    const { key, uploadId } = operation
    return { bucket: await this.#buckets.find(operation.bucket, operation), key, uploadId }
  }
}
