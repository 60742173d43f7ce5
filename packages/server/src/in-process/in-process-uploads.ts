import { hybridToDate } from '@torc/cluster/clocks/hybrid-clock'
import { limits } from '@torc/protocol/limits'
import { bucketName, integer, keyText } from '@torc/protocol/messages/fields'
import { checkedFacts } from '@torc/protocol/store/late-facts'
import type * as m from '@torc/protocol/store/multipart'
import type { BodyInput, CallOptions, CopySource, PutResult } from '@torc/protocol/store/object-store'
import { listParts, listUploads } from '@torc/protocol/store/upload-entries'
import { givenBody } from '../bodies/body-source.js'
import { conditionOf } from '../core/condition-fields.js'
import type { Coordination } from '../core/coordination.js'
import type { UploadOperations } from '../core/upload-operations.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { checkedOperationId } from './operations.js'
import { hex, putResult } from './results.js'
import { tagPairs } from './tag-pairs.js'

const partNumberField = integer(1, limits.objectPartsMax)
const partMarkerField = integer(0, limits.objectPartsMax)

/** Uploads in parts in the coordinator's own process. Its callers are not checked by the message table. */
export class InProcessUploads implements m.UploadStore {
  readonly #c: Coordination
  readonly #uploads: UploadOperations

  constructor(c: Coordination, uploads: UploadOperations) {
    this.#c = c
    this.#uploads = uploads
  }

  async createUpload(bucket: string, key: string, options: m.UploadOptions = {}): Promise<m.CreatedUpload> {
    const { contentType, policy, retry = false, timeoutMs, signal } = options
    const { metadata } = checkedFacts({ metadata: options.metadata })
    const tags = tagPairs(options.tags)
    const name = { bucket: bucketName.check(bucket, 'bucket'), key: keyText.check(key, 'key') }
    const operation = { ...name, opId: this.#opId(options), contentType, metadata, tags, policy, retry }
    const { id, createdAt } = await this.#uploads.create({ ...operation, timeoutMs, signal })
    return { bucket, key, uploadId: id, createdAt: hybridToDate(createdAt) }
  }

  async uploadPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: BodyInput,
    options: m.PartOptions = {},
  ): Promise<m.PartResult> {
    const { size, onProgress, seal, etag, metadata } = options
    const part = {
      ...this.#part(bucket, key, uploadId, partNumber, options),
      ...checkedFacts({ etag, metadata }),
    }
    const source = givenBody(body, size, onProgress, seal)
    const outcome = await this.#uploads.part(part, source)
    return partResult(partNumber, outcome, outcome.version.size)
  }

  async copyPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    source: CopySource,
    options: m.CopyPartOptions = {},
  ): Promise<m.CopiedPart> {
    const { written, sourceVersionId } = await this.#uploads.copyPart({
      ...this.#part(bucket, key, uploadId, partNumber, options),
      sourceBucket: bucketName.check(source.bucket, 'source bucket'),
      sourceKey: keyText.check(source.key, 'source key'),
      sourceVersionId: source.versionId,
      range: options.range,
    })
    return { ...partResult(partNumber, written, 0), sourceVersionId }
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
    const { partNumberMarker = 0, limit = limits.listLimitMax } = options
    const { parts, more } = await this.#uploads.parts({
      ...uploadName(bucket, key, uploadId, options),
      partNumberMarker: partMarkerField.check(partNumberMarker, 'partNumberMarker'),
      limit: Math.min(limit, limits.listLimitMax),
    })
    return {
      parts: parts.map(({ partNumber, version: { etag, size, sha256, metadata, createdAt } }) => ({
        partNumber,
        etag,
        size,
        sha256: hex(sha256),
        metadata,
        createdAt: hybridToDate(createdAt),
      })),
      nextPartNumberMarker: more ? parts.at(-1)?.partNumber : undefined,
    }
  }

  uploads(bucket: string, options: m.UploadListOptions = {}): AsyncIterable<m.UploadInfo> {
    return listUploads(this, bucket, options)
  }

  async uploadPage(bucket: string, options: m.UploadPageOptions = {}): Promise<m.UploadPage> {
    const { prefix = '', delimiter, marker, limit = limits.listLimitMax, timeoutMs, signal } = options
    const { uploads, prefixes, nextMarker } = await this.#uploads.list({
      bucket: bucketName.check(bucket, 'bucket'),
      prefix,
      delimiter: delimiter === '' ? undefined : delimiter,
      marker,
      limit: Math.min(limit, limits.listLimitMax),
      timeoutMs,
      signal,
    })
    return {
      uploads: uploads.map(({ createdAt, ...upload }) => ({
        bucket,
        ...upload,
        createdAt: hybridToDate(createdAt),
      })),
      prefixes,
      nextMarker,
    }
  }

  async completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly m.NamedPart[],
    options: m.CompleteOptions = {},
  ): Promise<PutResult> {
    const { context, etag, metadata, retry = false } = options
    const facts = checkedFacts({ etag, metadata })
    const upload = uploadName(bucket, key, uploadId, options)
    const opId = this.#opId(options)
    const condition = conditionOf(options, context)
    const operation = { ...upload, ...facts, opId, parts, context, condition, retry }
    return putResult(await this.#uploads.complete(operation), 0)
  }

  abortUpload(bucket: string, key: string, uploadId: string, options: CallOptions = {}): Promise<void> {
    const { retry = false } = options
    return this.#uploads.abort({ ...uploadName(bucket, key, uploadId, options), retry })
  }

  #part(bucket: string, key: string, uploadId: string, partNumber: number, options: CallOptions) {
    return {
      ...uploadName(bucket, key, uploadId, options),
      partNumber: partNumberField.check(partNumber, 'partNumber'),
      opId: this.#opId(options),
      retry: options.retry ?? false,
    }
  }

  #opId(options: CallOptions): Uint8Array {
    return checkedOperationId(options, this.#c.environment.random)
  }
}

function uploadName(bucket: string, key: string, uploadId: string, { timeoutMs, signal }: CallOptions) {
  return {
    bucket: bucketName.check(bucket, 'bucket'),
    key: keyText.check(key, 'key'),
    uploadId,
    timeoutMs,
    signal,
  }
}

function partResult(
  partNumber: number,
  { version, deduplicatedBytes }: WriteOutcome,
  sentBytes: number,
): m.PartResult {
  const { etag, size, sha256 } = version
  return { partNumber, etag, size, sha256: hex(sha256), deduplicatedBytes, sentBytes }
}
