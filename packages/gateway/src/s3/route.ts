import { limits } from '@torc/protocol/limits'
import { type S3Code, S3Error } from './errors/s3-error.js'
import { parameter, type Target } from './request/target.js'

/** What a request asks for, by the names of the S3 API; those of our own begin with `Torc`. */
export const operationNames = [
  'ListBuckets',
  'CreateBucket',
  'HeadBucket',
  'DeleteBucket',
  'GetBucketLocation',
  'GetBucketVersioning',
  'PutBucketVersioning',
  'GetBucketTagging',
  'PutBucketTagging',
  'DeleteBucketTagging',
  'GetBucketAcl',
  'PutBucketAcl',
  'GetBucketPolicyStatus',
  'ListObjects',
  'ListObjectsV2',
  'ListObjectVersions',
  'ListMultipartUploads',
  'DeleteObjects',
  'PutObject',
  'CopyObject',
  'GetObject',
  'HeadObject',
  'DeleteObject',
  'GetObjectAcl',
  'GetObjectAttributes',
  'GetObjectTagging',
  'PutObjectTagging',
  'DeleteObjectTagging',
  'CreateMultipartUpload',
  'UploadPart',
  'UploadPartCopy',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'ListParts',
  'TorcGetPolicy',
  'TorcPutPolicy',
  'TorcDeletePolicy',
] as const
export type OperationName = (typeof operationNames)[number]

export interface Route {
  readonly operation: OperationName
  /** Empty where the request is for the service. */
  readonly bucket: string
  /** Empty where it is for a bucket. */
  readonly key: string
}

/** What a method with a sub-resource asks for, or the error that tells that there is no such thing. */
type Meaning = OperationName | { readonly error: S3Code }
type Methods = Readonly<Record<string, Meaning>>

const absent = (error: S3Code): Methods => ({ GET: { error } })
/** Known to S3, and not to us. */
const unknown: Methods = {}

/** By sub-resource; `''`: without one. Methods that are missing are NotImplemented. */
const ofBucket: Readonly<Record<string, Methods>> = {
  '': { GET: 'ListObjects', HEAD: 'HeadBucket', PUT: 'CreateBucket', DELETE: 'DeleteBucket' },
  delete: { POST: 'DeleteObjects' },
  versions: { GET: 'ListObjectVersions' },
  uploads: { GET: 'ListMultipartUploads' },
  location: { GET: 'GetBucketLocation' },
  versioning: { GET: 'GetBucketVersioning', PUT: 'PutBucketVersioning' },
  tagging: { GET: 'GetBucketTagging', PUT: 'PutBucketTagging', DELETE: 'DeleteBucketTagging' },
  acl: { GET: 'GetBucketAcl', PUT: 'PutBucketAcl' },
  policyStatus: { GET: 'GetBucketPolicyStatus' },
  'x-torc-policy': { GET: 'TorcGetPolicy', PUT: 'TorcPutPolicy', DELETE: 'TorcDeletePolicy' },
  // That none of these is set is the truth, and what clients that look before they change something can read.
  policy: absent('NoSuchBucketPolicy'),
  lifecycle: absent('NoSuchLifecycleConfiguration'),
  cors: absent('NoSuchCORSConfiguration'),
  website: absent('NoSuchWebsiteConfiguration'),
  encryption: absent('ServerSideEncryptionConfigurationNotFoundError'),
  replication: absent('ReplicationConfigurationNotFoundError'),
  'object-lock': absent('ObjectLockConfigurationNotFoundError'),
  publicAccessBlock: absent('NoSuchPublicAccessBlockConfiguration'),
  ownershipControls: absent('OwnershipControlsNotFoundError'),
  logging: unknown,
  notification: unknown,
  accelerate: unknown,
  requestPayment: unknown,
  analytics: unknown,
  inventory: unknown,
  metrics: unknown,
  'intelligent-tiering': unknown,
  metadataConfiguration: unknown,
  metadataTable: unknown,
  session: unknown,
  abac: unknown,
}

const ofObject: Readonly<Record<string, Methods>> = {
  '': { GET: 'GetObject', HEAD: 'HeadObject', PUT: 'PutObject', DELETE: 'DeleteObject' },
  uploads: { POST: 'CreateMultipartUpload' },
  uploadId: {
    GET: 'ListParts',
    PUT: 'UploadPart',
    POST: 'CompleteMultipartUpload',
    DELETE: 'AbortMultipartUpload',
  },
  tagging: { GET: 'GetObjectTagging', PUT: 'PutObjectTagging', DELETE: 'DeleteObjectTagging' },
  acl: { GET: 'GetObjectAcl' },
  attributes: { GET: 'GetObjectAttributes' },
  'x-torc-policy': { GET: 'TorcGetPolicy', PUT: 'TorcPutPolicy', DELETE: 'TorcDeletePolicy' },
  retention: absent('NoSuchObjectLockConfiguration'),
  'legal-hold': absent('NoSuchObjectLockConfiguration'),
  torrent: unknown,
  restore: unknown,
  select: unknown,
  encryption: unknown,
  renameObject: unknown,
}

const ofService: Readonly<Record<string, Methods>> = { '': { GET: 'ListBuckets' } }

const bucketPattern = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/

export interface RoutedRequest {
  readonly method: string
  readonly target: Target
  /** Bucket of a virtual-host style request; undefined for one in path style. */
  readonly hostBucket: string | undefined
  /** It names the source of a copy. */
  readonly copies: boolean
}

/** Finds what a request asks for. Pure. S3Error for what there is not, or not here. */
export function route({ method, target, hostBucket, copies }: RoutedRequest): Route {
  const { bucket, key } = resourceOf(target.path, hostBucket)
  if (bucket !== '' && !bucketPattern.test(bucket))
    throw new S3Error('InvalidBucketName', { elements: { BucketName: bucket.slice(0, 128) } })
  if (key !== '') checkKey(key)
  if (method === 'OPTIONS') throw new S3Error('AccessForbidden')
  const meanings = bucket === '' ? ofService : key === '' ? ofBucket : ofObject
  const subresource = subresourceOf(target, meanings)
  const methods = meanings[subresource] ?? {}
  const meaning = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (meaning === undefined) throw notThere(method, subresource, bucket === '')
  if (typeof meaning === 'object') throw new S3Error(meaning.error)
  return { operation: refined(meaning, target, copies), bucket, key }
}

function resourceOf(path: string, hostBucket: string | undefined): Pick<Route, 'bucket' | 'key'> {
  if (hostBucket !== undefined) return { bucket: hostBucket, key: path.slice(1) }
  const slash = path.indexOf('/', 1)
  if (slash < 0) return { bucket: path.slice(1), key: '' }
  const bucket = path.slice(1, slash)
  if (bucket === '') throw new S3Error('InvalidBucketName')
  return { bucket, key: path.slice(slash + 1) }
}

function checkKey(key: string): void {
  if (Buffer.byteLength(key) > limits.keyBytesMax) {
    const elements = {
      MaxSizeAllowed: String(limits.keyBytesMax),
      Size: String(Buffer.byteLength(key)),
    }
    throw new S3Error('KeyTooLongError', { elements })
  }
  if (key.includes('\0')) throw new S3Error('InvalidURI', { message: 'A key must not contain NUL.' })
}

function subresourceOf(target: Target, meanings: Readonly<Record<string, Methods>>): string {
  const found = new Set<string>()
  for (const [name] of target.query) if (name !== '' && Object.hasOwn(meanings, name)) found.add(name)
  const [first = '', second] = found
  if (second !== undefined) {
    throw new S3Error('InvalidArgument', {
      message: 'Conflicting query string parameters',
      elements: { ArgumentName: 'ResourceType', ArgumentValue: `${first}, ${second}` },
    })
  }
  return first
}

function notThere(method: string, subresource: string, ofTheService: boolean): S3Error {
  if (subresource !== '') {
    return new S3Error('NotImplemented', {
      message: `${method} of the sub-resource ${subresource} is not implemented.`,
    })
  }
  if (method === 'POST' && !ofTheService) {
    return new S3Error('NotImplemented', { message: 'Uploads by HTML forms are not implemented.' })
  }
  return new S3Error('MethodNotAllowed', { elements: { Method: method.slice(0, 32) } })
}

/** Operations that share their method and sub-resource. */
function refined(operation: OperationName, target: Target, copies: boolean): OperationName {
  if (operation === 'ListObjects') {
    const listType = parameter(target, 'list-type')
    if (listType === undefined || listType === '1') return operation
    if (listType === '2') return 'ListObjectsV2'
    throw new S3Error('InvalidArgument', { message: 'list-type is 1 or 2' })
  }
  if (operation === 'PutObject' && copies) return 'CopyObject'
  if (operation === 'UploadPart' && copies) return 'UploadPartCopy'
  return operation
}
