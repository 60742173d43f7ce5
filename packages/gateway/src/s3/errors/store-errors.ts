import { type ErrorCode, TorcError } from '@torc/protocol/errors'
import { type S3Code, S3Error } from './s3-error.js'

/** What each of the store's errors is to an S3 client. */
const s3CodeOf: Readonly<Record<ErrorCode, S3Code>> = {
  INTERNAL: 'InternalError',
  PROTOCOL: 'InternalError',
  BAD_REQUEST: 'InvalidArgument',
  TOO_LARGE: 'EntityTooLarge',
  UNSUPPORTED: 'NotImplemented',
  DENIED: 'AccessDenied',
  BUCKET_NOT_FOUND: 'NoSuchBucket',
  KEY_NOT_FOUND: 'NoSuchKey',
  VERSION_NOT_FOUND: 'NoSuchVersion',
  BUCKET_EXISTS: 'BucketAlreadyOwnedByYou',
  BUCKET_NOT_EMPTY: 'BucketNotEmpty',
  CONFLICT: 'OperationAborted',
  UNAVAILABLE: 'ServiceUnavailable',
  INDETERMINATE: 'ServiceUnavailable',
  TIMEOUT: 'ServiceUnavailable',
  UNREACHABLE: 'ServiceUnavailable',
  OVERLOADED: 'SlowDown',
  CANCELLED: 'RequestTimeout',
  DISK_FULL: 'StorageFull',
  CORRUPT: 'InternalError',
  NO_LAYOUT: 'ServiceUnavailable',
  STALE_EPOCH: 'ServiceUnavailable',
  NOT_OWNER: 'ServiceUnavailable',
  PATH_DENIED: 'AccessDenied',
  NOT_A_FILE: 'InvalidArgument',
  FILE_NOT_FOUND: 'NoSuchKey',
  DATA_DIRECTORY: 'InternalError',
  CLOCK_SKEW: 'ServiceUnavailable',
  CHECKSUM: 'InternalError',
  CONFIG: 'InternalError',
  PARTIAL: 'ServiceUnavailable',
  CLOCK_UNREAD: 'ServiceUnavailable',
  INTERRUPTED: 'ServiceUnavailable',
  FILE_ACCESS: 'AccessDenied',
  VERSION_REMOVED: 'NoSuchVersion',
  SUPERSEDED: 'OperationAborted',
  INTENT_EXPIRED: 'ServiceUnavailable',
  UPLOAD_NOT_FOUND: 'NoSuchUpload',
  INVALID_PART: 'InvalidPart',
  BLOCKS_MISSING: 'ServiceUnavailable',
  CONDITION_FAILED: 'PreconditionFailed',
  STALE_COLLECTION: 'ServiceUnavailable',
  SYNC_ROOT_GONE: 'InternalError',
  SYNC_NEEDS_DECISION: 'InternalError',
  SESSION_NOT_FOUND: 'InvalidArgument',
}

/** Any failure as an S3 client is told of it. Defects keep their message to the log. */
export function asS3Error(thrown: unknown): S3Error {
  if (thrown instanceof S3Error) return thrown
  const error = TorcError.from(thrown)
  const code = s3CodeOf[error.code]
  // What went wrong inside is nothing that strangers should read, or could do anything about.
  const message = code === 'InternalError' ? undefined : error.message
  return new S3Error(code, { message, cause: error })
}
