import type { Handlers } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import type { ResponseOf } from '@torc/protocol/messages/table'
import { receivedBody } from '../bodies/body-source.js'
import { conditionOf } from '../core/condition-fields.js'
import type { UploadOperations } from '../core/upload-operations.js'
import type { WriteOutcome } from '../flows/write-request.js'
import type { PartRecord } from '../uploads/part-records.js'
import type { ListedUpload } from '../uploads/upload-page.js'
import { writeAnswer } from './answers.js'

/** What clients ask about objects that are uploaded in parts. */
export function uploadHandlers(uploads: UploadOperations): Handlers {
  return {
    async createUpload({ head, signal }) {
      const { bucket, key, opId, contentType, metadata, tags, policy, retry = false } = head
      const operation = { bucket, key, opId, contentType, metadata, tags, policy, retry, timeoutMs, signal }
      const { id, createdAt } = await uploads.create(operation)
      return { head: { uploadId: id, createdAt } }
    },
    async uploadPart({ head, body, signal }) {
      const { bucket, key, uploadId, partNumber, opId, retry = false, size, sha256, etag, metadata } = head
      const part = { bucket, key, uploadId, partNumber, opId, retry, etag, metadata }
      const operation = { ...part, timeoutMs, signal }
      const written = await uploads.part(operation, receivedBody(body, size, sha256))
      return { head: partAnswer(partNumber, written, written.version.size) }
    },
    async copyPart({ head, signal }) {
      const { sourceBucket, sourceKey, sourceVersionId, range, ...part } = head
      const { bucket, key, uploadId, partNumber, opId, retry = false } = part
      const operation = { bucket, key, uploadId, partNumber, opId, retry, timeoutMs, signal }
      const source = { sourceBucket, sourceKey, sourceVersionId, range }
      const copied = await uploads.copyPart({ ...operation, ...source })
      const answer = partAnswer(partNumber, copied.written, 0)
      return { head: { ...answer, sourceVersionId: copied.sourceVersionId } }
    },
    async completeUpload({ head }) {
      const { bucket, key, uploadId, opId, etag, metadata, context, retry = false } = head
      const parts = head.parts.map(([partNumber, etag]) => ({ partNumber, etag }))
      const condition = conditionOf(head, context)
      const upload = { bucket, key, uploadId, opId, parts, etag, metadata }
      const operation = { ...upload, context, condition, retry, timeoutMs }
      // Once begun it goes to its end: half a completion would only have to be repeated.
      return { head: writeAnswer(await uploads.complete({ ...operation, signal: undefined }), 0) }
    },
    async abortUpload({ head }) {
      const { bucket, key, uploadId, retry = false } = head
      await uploads.abort({ bucket, key, uploadId, retry, timeoutMs, signal: undefined })
      return { head: {} }
    },
    async listParts({ head, signal }) {
      const { bucket, key, uploadId, partNumberMarker = 0, limit = limits.listLimitMax } = head
      const operation = { bucket, key, uploadId, partNumberMarker, limit, timeoutMs, signal }
      const { parts, more } = await uploads.parts(operation)
      const answer: ResponseOf<'listParts'> = { parts: parts.map(partEntry) }
      const last = parts.at(-1)
      if (more && last !== undefined) answer.nextPartNumberMarker = last.partNumber
      return { head: answer }
    },
    async listUploads({ head, signal }) {
      const { bucket, prefix = '', delimiter, keyMarker, uploadIdMarker, limit = limits.listLimitMax } = head
      const marker = keyMarker === undefined ? undefined : { key: keyMarker, uploadId: uploadIdMarker }
      const operation = { bucket, prefix, delimiter, marker, limit, timeoutMs, signal }
      const { uploads: listed, prefixes, nextMarker } = await uploads.list(operation)
      const answer: ResponseOf<'listUploads'> = {
        uploads: listed.map(uploadEntry),
        prefixes: [...prefixes],
      }
      if (nextMarker !== undefined) answer.nextKeyMarker = nextMarker.key
      if (nextMarker?.uploadId !== undefined) answer.nextUploadIdMarker = nextMarker.uploadId
      return { head: answer }
    },
  }
}

/** The requester's own deadline ends a request; in between, agents have theirs. */
const timeoutMs = undefined

function partAnswer(
  partNumber: number,
  { version, deduplicatedBytes }: WriteOutcome,
  sentBytes: number,
): ResponseOf<'uploadPart'> {
  const { etag, size, sha256 } = version
  return { partNumber, etag, size, sha256, deduplicatedBytes, sentBytes }
}

function partEntry({ partNumber, version }: PartRecord): ResponseOf<'listParts'>['parts'][number] {
  const { etag, size, sha256, metadata, createdAt } = version
  const entry: ResponseOf<'listParts'>['parts'][number] = { partNumber, etag, size, sha256, createdAt }
  if (metadata.length > 0) entry.metadata = metadata.map(([name, value]) => [name, value])
  return entry
}

function uploadEntry(upload: ListedUpload): ResponseOf<'listUploads'>['uploads'][number] {
  const { key, uploadId, createdAt, state } = upload
  const entry: ResponseOf<'listUploads'>['uploads'][number] = { key, uploadId, createdAt }
  if (state === 'ending') entry.ending = true
  return entry
}
