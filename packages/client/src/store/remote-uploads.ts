import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type * as m from '@torc/protocol/store/multipart'
import type { BodyInput, CallOptions, CopySource, PutResult } from '@torc/protocol/store/object-store'
import { listParts, listUploads } from '@torc/protocol/store/upload-entries'
import type { Caller } from '../connection/caller.js'
import { checkEtag, dateOf, hexOf, putResultOf } from './answers.js'
import type { OperationIds } from './operation-ids.js'
import { again, limitsOf, sharedLimits } from './requests.js'
import { uploadOf } from './upload.js'
import {
  completeRequest,
  copyPartRequest,
  createRequest,
  type PartName,
  partPageRequest,
  partRequest,
  uploadPageRequest,
} from './upload-requests.js'

/** The calls on uploads in parts. */
export class RemoteUploads implements m.UploadStore {
  readonly #caller: Caller
  readonly #environment: Environment
  readonly #opIds: OperationIds

  constructor(caller: Caller, environment: Environment, opIds: OperationIds) {
    this.#caller = caller
    this.#environment = environment
    this.#opIds = opIds
  }

  async createUpload(bucket: string, key: string, options: m.UploadOptions = {}): Promise<m.CreatedUpload> {
    const head = createRequest(bucket, key, this.#opId(options), options)
    const plan = { ...limitsOf(options), writes: true, repeat: again }
    const { uploadId, createdAt } = (await this.#caller.call('createUpload', head, plan)).head
    return { bucket, key, uploadId, createdAt: dateOf(createdAt) }
  }

  async uploadPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: BodyInput,
    options: m.PartOptions = {},
  ): Promise<m.PartResult> {
    const upload = uploadOf(body, this.#environment.hasher, options)
    const part: PartName = { bucket, key, uploadId, partNumber, opId: this.#opId(options) }
    const plan = { ...limitsOf(options), body: upload, writes: true, repeat: again }
    let answer: ResponseOf<'uploadPart'>
    try {
      answer = (await this.#caller.call('uploadPart', partRequest(part, options, upload), plan)).head
    } catch (error) {
      if (upload.sourceError === undefined) throw error
      throw TorcError.from(upload.sourceError)
    }
    checkEtag(answer, upload.sentEtag() ?? options.etag)
    const sent = upload.sentSha256()
    if (sent !== undefined && hexOf(sent) !== hexOf(answer.sha256)) {
      throw new TorcError(
        'CHECKSUM',
        `part ${partNumber} of ${bucket}/${key}: the server stored other bytes than were sent`,
      )
    }
    return partResultOf(answer)
  }

  async copyPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    source: CopySource,
    options: m.CopyPartOptions = {},
  ): Promise<m.CopiedPart> {
    const part: PartName = { bucket, key, uploadId, partNumber, opId: this.#opId(options) }
    const plan = { ...limitsOf(sharedLimits(options)), writes: true, repeat: again }
    const { head } = await this.#caller.call('copyPart', copyPartRequest(part, source, options), plan)
    return { ...partResultOf(head), sourceVersionId: head.sourceVersionId }
  }

  parts(bucket: string, key: string, uploadId: string, options: CallOptions = {}): AsyncIterable<m.PartInfo> {
    return listParts(this, bucket, key, uploadId, options)
  }

  async partPage(
    bucket: string,
    key: string,
    uploadId: string,
    options: m.PartPageOptions = {},
  ): Promise<m.PartPage> {
    const request = partPageRequest({ bucket, key, uploadId }, options)
    const { head } = await this.#caller.call('listParts', request, limitsOf(options))
    return {
      parts: head.parts.map(({ sha256, createdAt, metadata = [], ...part }) => ({
        ...part,
        metadata,
        sha256: hexOf(sha256),
        createdAt: dateOf(createdAt),
      })),
      nextPartNumberMarker: head.nextPartNumberMarker,
    }
  }

  uploads(bucket: string, options: m.UploadListOptions = {}): AsyncIterable<m.UploadInfo> {
    return listUploads(this, bucket, options)
  }

  async uploadPage(bucket: string, options: m.UploadPageOptions = {}): Promise<m.UploadPage> {
    const request = uploadPageRequest(bucket, options)
    const { head } = await this.#caller.call('listUploads', request, limitsOf(options))
    const { uploads, prefixes, nextKeyMarker: key, nextUploadIdMarker: uploadId } = head
    return {
      uploads: uploads.map(({ createdAt, ending = false, ...upload }) => ({
        bucket,
        ...upload,
        createdAt: dateOf(createdAt),
        state: ending ? 'ending' : 'open',
      })),
      prefixes,
      nextMarker: key === undefined ? undefined : { key, uploadId },
    }
  }

  async completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly m.NamedPart[],
    options: m.CompleteOptions = {},
  ): Promise<PutResult> {
    const request = completeRequest({ bucket, key, uploadId, opId: this.#opId(options) }, parts, options)
    // It takes as long as there are parts to remove, and shows no progress.
    const plan = { ...limitsOf(sharedLimits(options)), writes: true, repeat: again }
    const result = putResultOf(bucket, key, (await this.#caller.call('completeUpload', request, plan)).head)
    checkEtag(result, options.etag)
    return result
  }

  async abortUpload(bucket: string, key: string, uploadId: string, options: CallOptions = {}): Promise<void> {
    const { retry } = options
    const head = { bucket, key, uploadId, ...(retry === undefined ? {} : { retry }) }
    const plan = { ...limitsOf(sharedLimits(options)), writes: true, repeat: again }
    await this.#caller.call('abortUpload', head, plan)
  }

  #opId(options: CallOptions): Uint8Array {
    return options.opId ?? this.#opIds.next()
  }
}

function partResultOf(head: ResponseOf<'uploadPart'>): m.PartResult {
  const { partNumber, etag, size, sha256, deduplicatedBytes, sentBytes } = head
  return { partNumber, etag, size, sha256: hexOf(sha256), deduplicatedBytes, sentBytes }
}
