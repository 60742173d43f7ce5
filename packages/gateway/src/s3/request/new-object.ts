import { limits } from '@torc/protocol/limits'
import { invalidArgument, S3Error } from '../errors/s3-error.js'
import { fitsHeader } from '../response/answer.js'
import { headerText, type S3Call } from '../s3-call.js'
import { headerPrefix, keptHeaders, type MetadataPair } from './stored-names.js'
import { readTaggingHeader } from './tags.js'

/** What the head of a request says of an object that it makes. */
export interface NewObject {
  readonly contentType: string
  /** The user's pairs, then the headers that are kept. */
  readonly metadata: readonly MetadataPair[]
  readonly tags: Readonly<Record<string, string>> | undefined
  /** Retention policy of the key from now on. */
  readonly policy: string | undefined
}

/** Bytes of all names and values of a user, as S3 counts them. */
const userMetadataBytesMax = 2048
/** Pairs that are left for what is no user's: kept headers and checksums. */
const reservedPairs = 12
const metadataPrefix = 'x-amz-meta-'
const defaultContentType = 'binary/octet-stream'

export function readNewObject(call: S3Call): NewObject {
  return {
    contentType: contentTypeOf(call),
    metadata: [...userMetadata(call), ...headersToKeep(call)],
    tags: readTaggingHeader(call.header('x-amz-tagging')),
    policy: call.header('x-torc-policy'),
  }
}

function contentTypeOf(call: S3Call): string {
  const contentType = call.header('content-type') ?? defaultContentType
  if (contentType === '') return defaultContentType
  if (Buffer.byteLength(contentType) > limits.contentTypeBytesMax || !fitsHeader(contentType))
    throw invalidArgument('The content type is too long.', 'Content-Type', contentType)
  return contentType
}

function userMetadata(call: S3Call): MetadataPair[] {
  const pairs: MetadataPair[] = []
  let bytes = 0
  for (const [header, values] of Object.entries(call.request.headersDistinct)) {
    if (!header.startsWith(metadataPrefix) || values === undefined) continue
    const name = header.slice(metadataPrefix.length)
    const value = headerText(values.join(','))
    if (name === '') throw invalidArgument('A name of metadata is empty.', header)
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
    pairs.push([name, value])
  }
  if (bytes > userMetadataBytesMax || pairs.length > limits.metadataPairsMax - reservedPairs) {
    const elements = { Size: String(bytes), MaxSizeAllowed: String(userMetadataBytesMax) }
    throw new S3Error('MetadataTooLarge', { elements })
  }
  return pairs
}

function headersToKeep(call: S3Call): MetadataPair[] {
  const pairs: MetadataPair[] = []
  for (const name of keptHeaders) {
    const given = call.header(name)
    const value = name === 'content-encoding' ? withoutFraming(given) : given
    if (value !== undefined && value !== '') pairs.push([headerPrefix + name, value])
  }
  return pairs
}

/** `aws-chunked` says how a body came, not what it is. */
function withoutFraming(encoding: string | undefined): string | undefined {
  if (encoding === undefined || !/aws-chunked/i.test(encoding)) return encoding
  return encoding
    .split(',')
    .map(coding => coding.trim())
    .filter(coding => coding.toLowerCase() !== 'aws-chunked')
    .join(', ')
}
