import { type ErrorCode, TorcError } from '@torc/protocol/errors'

interface S3ErrorRow {
  readonly status: number
  /** The same in Torc's own words. */
  readonly torc: ErrorCode
  readonly message: string
}

const row = (status: number, torc: ErrorCode, message: string): S3ErrorRow => ({ status, torc, message })

/** Error codes as AWS documents them, with their status. Clients branch on the code. */
const table = {
  AccessControlListNotSupported: row(400, 'UNSUPPORTED', 'The bucket does not allow ACLs of objects.'),
  AccessDenied: row(403, 'DENIED', 'Access Denied'),
  AccessForbidden: row(403, 'DENIED', 'CORS is not enabled for this bucket.'),
  AuthorizationHeaderMalformed: row(400, 'BAD_REQUEST', 'The authorization header is malformed.'),
  AuthorizationQueryParametersError: row(400, 'BAD_REQUEST', 'The authorization parameters are malformed.'),
  BadDigest: row(
    400,
    'CHECKSUM',
    'The Content-MD5 or checksum you specified did not match what we received.',
  ),
  BucketAlreadyExists: row(409, 'BUCKET_EXISTS', 'The requested bucket name is not available.'),
  BucketAlreadyOwnedByYou: row(409, 'BUCKET_EXISTS', 'You already have a bucket of this name.'),
  BucketNotEmpty: row(409, 'BUCKET_NOT_EMPTY', 'The bucket you tried to delete is not empty.'),
  EntityTooLarge: row(400, 'TOO_LARGE', 'Your proposed upload exceeds the maximum allowed object size.'),
  EntityTooSmall: row(400, 'INVALID_PART', 'Your proposed upload is smaller than the minimum allowed size.'),
  IllegalLocationConstraintException: row(400, 'BAD_REQUEST', 'There is no such region here.'),
  IllegalVersioningConfigurationException: row(
    400,
    'BAD_REQUEST',
    'The versioning configuration specified in the request is invalid.',
  ),
  IncompleteBody: row(
    400,
    'CHECKSUM',
    'You did not provide the number of bytes specified by Content-Length.',
  ),
  InternalError: row(500, 'INTERNAL', 'We encountered an internal error. Please try again.'),
  InvalidAccessKeyId: row(403, 'DENIED', 'The access key ID you provided does not exist in our records.'),
  InvalidArgument: row(400, 'BAD_REQUEST', 'Invalid Argument'),
  InvalidBucketName: row(400, 'BAD_REQUEST', 'The specified bucket is not valid.'),
  InvalidBucketState: row(409, 'CONFLICT', 'The request is not valid with the current state of the bucket.'),
  InvalidDigest: row(400, 'BAD_REQUEST', 'The Content-MD5 you specified was invalid.'),
  InvalidPart: row(400, 'INVALID_PART', 'One or more of the specified parts could not be found.'),
  InvalidPartNumber: row(416, 'BAD_REQUEST', 'The requested partnumber is not satisfiable.'),
  InvalidPartOrder: row(400, 'INVALID_PART', 'The list of parts was not in ascending order.'),
  InvalidRange: row(416, 'BAD_REQUEST', 'The requested range is not satisfiable.'),
  InvalidRequest: row(400, 'BAD_REQUEST', 'Invalid Request'),
  InvalidStorageClass: row(400, 'UNSUPPORTED', 'The storage class you specified is not valid.'),
  InvalidTag: row(400, 'BAD_REQUEST', 'The tag provided was not a valid tag.'),
  InvalidToken: row(400, 'DENIED', 'The provided token is malformed or otherwise not valid.'),
  InvalidURI: row(400, 'BAD_REQUEST', "Couldn't parse the specified URI."),
  KeyTooLongError: row(400, 'BAD_REQUEST', 'Your key is too long.'),
  MalformedTrailerError: row(
    400,
    'BAD_REQUEST',
    'The request contained trailing data that was not well-formed.',
  ),
  MalformedXML: row(400, 'BAD_REQUEST', 'The XML you provided was not well-formed.'),
  MaxMessageLengthExceeded: row(400, 'TOO_LARGE', 'Your request was too large.'),
  MetadataTooLarge: row(400, 'TOO_LARGE', 'Your metadata headers exceed the maximum allowed metadata size.'),
  MethodNotAllowed: row(405, 'BAD_REQUEST', 'The specified method is not allowed against this resource.'),
  MissingContentLength: row(411, 'BAD_REQUEST', 'You must provide the Content-Length HTTP header.'),
  MissingRequestBodyError: row(400, 'BAD_REQUEST', 'Request Body is empty'),
  MissingSecurityHeader: row(400, 'BAD_REQUEST', 'Your request was missing a required header.'),
  NoSuchBucket: row(404, 'BUCKET_NOT_FOUND', 'The specified bucket does not exist.'),
  NoSuchBucketPolicy: row(404, 'KEY_NOT_FOUND', 'The bucket policy does not exist.'),
  NoSuchCORSConfiguration: row(404, 'KEY_NOT_FOUND', 'The CORS configuration does not exist.'),
  NoSuchKey: row(404, 'KEY_NOT_FOUND', 'The specified key does not exist.'),
  NoSuchLifecycleConfiguration: row(404, 'KEY_NOT_FOUND', 'The lifecycle configuration does not exist.'),
  NoSuchObjectLockConfiguration: row(404, 'KEY_NOT_FOUND', 'The object has no lock configuration.'),
  NoSuchPublicAccessBlockConfiguration: row(
    404,
    'KEY_NOT_FOUND',
    'The public access block configuration was not found.',
  ),
  NoSuchTagSet: row(404, 'KEY_NOT_FOUND', 'The TagSet does not exist.'),
  NoSuchUpload: row(404, 'UPLOAD_NOT_FOUND', 'The specified multipart upload does not exist.'),
  NoSuchVersion: row(404, 'VERSION_NOT_FOUND', 'The specified version does not exist.'),
  NoSuchWebsiteConfiguration: row(404, 'KEY_NOT_FOUND', 'The website configuration does not exist.'),
  NotImplemented: row(501, 'UNSUPPORTED', 'This functionality is not implemented.'),
  ObjectLockConfigurationNotFoundError: row(
    404,
    'KEY_NOT_FOUND',
    'Object Lock configuration does not exist for this bucket.',
  ),
  OperationAborted: row(409, 'CONFLICT', 'A conflicting operation is in progress. Try again.'),
  OwnershipControlsNotFoundError: row(404, 'KEY_NOT_FOUND', 'The bucket ownership controls were not found.'),
  PreconditionFailed: row(
    412,
    'CONDITION_FAILED',
    'At least one of the preconditions you specified did not hold.',
  ),
  ReplicationConfigurationNotFoundError: row(
    404,
    'KEY_NOT_FOUND',
    'The replication configuration was not found.',
  ),
  RequestTimeout: row(400, 'TIMEOUT', 'Your socket connection was not read from or written to in time.'),
  RequestTimeTooSkewed: row(
    403,
    'DENIED',
    'The difference between the request time and the current time is too large.',
  ),
  ServerSideEncryptionConfigurationNotFoundError: row(
    404,
    'KEY_NOT_FOUND',
    'The server side encryption configuration was not found.',
  ),
  ServiceUnavailable: row(503, 'UNAVAILABLE', 'Service is unable to handle request.'),
  SignatureDoesNotMatch: row(
    403,
    'DENIED',
    'The request signature we calculated does not match the signature you provided.',
  ),
  SlowDown: row(503, 'OVERLOADED', 'Please reduce your request rate.'),
  StorageFull: row(507, 'DISK_FULL', 'The storage is full.'),
  XAmzContentSHA256Mismatch: row(
    400,
    'CHECKSUM',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ),
} as const satisfies Record<string, S3ErrorRow>

export type S3Code = keyof typeof table

export interface S3ErrorOptions {
  /** Instead of the table's. */
  readonly message?: string | undefined
  /** Further elements of the answer's body. */
  readonly elements?: Readonly<Record<string, string>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly cause?: unknown
}

/** What an S3 client is told. It is a TorcError too, so that the store hands it through unchanged. */
export class S3Error extends TorcError {
  readonly s3Code: S3Code
  readonly status: number
  readonly elements: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>

  constructor(s3Code: S3Code, options: S3ErrorOptions = {}) {
    const { status, torc, message } = table[s3Code]
    super(torc, options.message ?? message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'S3Error'
    this.s3Code = s3Code
    this.status = status
    this.elements = options.elements ?? {}
    this.headers = options.headers ?? {}
  }
}

/** A failure of an argument, told by its name as AWS does. */
export function invalidArgument(message: string, name: string, value?: string): S3Error {
  const elements = {
    ArgumentName: name,
    ...(value === undefined ? {} : { ArgumentValue: value.slice(0, 256) }),
  }
  return new S3Error('InvalidArgument', { message, elements })
}
