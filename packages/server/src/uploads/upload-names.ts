import { TorcError } from '@torc/protocol/errors'
import type { UploadMarker } from '@torc/protocol/store/multipart'
import type { BucketView } from '../buckets/bucket-record.js'

/** An upload as its clients name it. */
export interface NamedUpload {
  readonly bucket: BucketView
  readonly key: string
  readonly uploadId: string
}

/** No client's key has it, so that records are in the order of keys, and then of ids. */
const separator = '\0'
/** Above all characters of an id. */
const behindIds = '\x7f'
const numberDigits = 5
/** Ids of versions: 16 bytes in lower-case base32. */
const idPattern = /^[a-z2-7]{26}$/

/** Key of an upload's record in the bucket of uploads. UPLOAD_NOT_FOUND for an id that no upload can have. */
export function recordKey(upload: NamedUpload): string {
  if (!idPattern.test(upload.uploadId)) throw uploadNotFound(upload)
  return recordName(upload)
}

export function recordName({ key, uploadId }: Pick<NamedUpload, 'key' | 'uploadId'>): string {
  return key + separator + uploadId
}

export function readRecordKey(name: string): { readonly key: string; readonly uploadId: string } {
  const at = name.lastIndexOf(separator)
  return { key: name.slice(0, at), uploadId: name.slice(at + 1) }
}

/** The record key strictly after which a listing goes on. */
export function recordsAfter({ key, uploadId = behindIds }: UploadMarker): string {
  return recordName({ key, uploadId })
}

/** What the keys of an upload's parts begin with. */
export function partPrefix(uploadId: string): string {
  return `${uploadId}/`
}

/** Key of a part in the bucket of parts. */
export function partKey(uploadId: string, partNumber: number): string {
  return partPrefix(uploadId) + String(partNumber).padStart(numberDigits, '0')
}

export function partNumberOf(key: string): number {
  return Number(key.slice(-numberDigits))
}

export function uploadNotFound({ bucket, key, uploadId }: NamedUpload): TorcError {
  return new TorcError(
    'UPLOAD_NOT_FOUND',
    `there is no upload ${uploadId} of ${bucket.name}/${key} under way`,
  )
}
