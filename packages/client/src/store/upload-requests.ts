import { limits } from '@torc/protocol/limits'
import type { RequestOf } from '@torc/protocol/messages/table'
import type * as m from '@torc/protocol/store/multipart'
import type { CopySource } from '@torc/protocol/store/object-store'
import { addFacts, conditionFields } from './requests.js'
import type { Upload } from './upload.js'

/*
 * Heads of requests about uploads in parts, as in `requests.ts`.
 */

/** A part of an upload, and the operation that writes it. */
export interface PartName {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
  readonly partNumber: number
  readonly opId: Uint8Array
}

export function createRequest(
  bucket: string,
  key: string,
  opId: Uint8Array,
  options: m.UploadOptions,
): RequestOf<'createUpload'> {
  const { contentType, metadata, tags, policy, retry } = options
  const head: RequestOf<'createUpload'> = { bucket, key, opId }
  if (contentType !== undefined) head.contentType = contentType
  if (metadata !== undefined) head.metadata = metadata.map(([name, value]) => [name, value])
  if (tags !== undefined) head.tags = Object.entries(tags)
  if (policy !== undefined) head.policy = policy
  if (retry !== undefined) head.retry = retry
  return head
}

export function partRequest(
  part: PartName,
  { retry, etag, metadata }: m.PartOptions,
  { size, sha256, facts }: Upload,
): RequestOf<'uploadPart'> {
  const head: RequestOf<'uploadPart'> = { ...part }
  addFacts(head, { etag, metadata })
  addFacts(head, facts)
  if (retry !== undefined) head.retry = retry
  if (size !== undefined) head.size = size
  if (sha256 !== undefined) head.sha256 = sha256
  return head
}

export function copyPartRequest(
  part: PartName,
  source: CopySource,
  { range, retry }: m.CopyPartOptions,
): RequestOf<'copyPart'> {
  const head: RequestOf<'copyPart'> = { ...part, sourceBucket: source.bucket, sourceKey: source.key }
  if (source.versionId !== undefined) head.sourceVersionId = source.versionId
  if (range !== undefined) head.range = [range[0], range[1] ?? -1]
  if (retry !== undefined) head.retry = retry
  return head
}

export function completeRequest(
  upload: Pick<PartName, 'bucket' | 'key' | 'uploadId' | 'opId'>,
  parts: readonly m.NamedPart[],
  options: m.CompleteOptions,
): RequestOf<'completeUpload'> {
  const head: RequestOf<'completeUpload'> = {
    ...upload,
    parts: parts.map(({ partNumber, etag }) => [partNumber, etag]),
    ...conditionFields(options),
  }
  addFacts(head, options)
  const { context, retry } = options
  if (context !== undefined) head.context = context
  if (retry !== undefined) head.retry = retry
  return head
}

export function partPageRequest(
  upload: Pick<PartName, 'bucket' | 'key' | 'uploadId'>,
  { partNumberMarker, limit }: m.PartPageOptions,
): RequestOf<'listParts'> {
  const head: RequestOf<'listParts'> = { ...upload }
  if (partNumberMarker !== undefined) head.partNumberMarker = partNumberMarker
  if (limit !== undefined) head.limit = Math.min(limit, limits.listLimitMax)
  return head
}

export function uploadPageRequest(bucket: string, options: m.UploadPageOptions): RequestOf<'listUploads'> {
  const { prefix, delimiter, marker, limit } = options
  const head: RequestOf<'listUploads'> = { bucket }
  if (prefix !== undefined && prefix !== '') head.prefix = prefix
  if (delimiter !== undefined && delimiter !== '') head.delimiter = delimiter
  if (marker !== undefined) head.keyMarker = marker.key
  if (marker?.uploadId !== undefined) head.uploadIdMarker = marker.uploadId
  if (limit !== undefined) head.limit = Math.min(limit, limits.listLimitMax)
  return head
}
