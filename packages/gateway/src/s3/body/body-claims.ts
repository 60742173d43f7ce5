import type { IncomingMessage } from 'node:http'
import { limits } from '@torc/protocol/limits'
import {
  algorithmNamed,
  algorithmOfHeader,
  type ChecksumAlgorithm,
  isChecksum,
} from '../checksums/algorithms.js'
import { invalidArgument, S3Error } from '../errors/s3-error.js'
import type { Payload } from '../signature/payload.js'

/** What a request says of its body, all of which is checked against its bytes. */
export interface BodyClaims {
  /** Bytes of the content, without framing. */
  readonly size: number
  readonly payload: Payload
  /** Hex. */
  readonly md5: string | undefined
  readonly checksum: ClaimedChecksum | undefined
}

export interface ClaimedChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64; undefined where it follows the body. */
  readonly value: string | undefined
}

/**
 * Reads the claims of a request with a body. EntityTooLarge where it is more than any object may have. `checksumOf`: what
 * the checksums in its headers are of.
 */
export function readBodyClaims(
  request: IncomingMessage,
  payload: Payload,
  checksumOf: 'body' | 'object' = 'body',
): BodyClaims {
  const { headers } = request
  const size = sizeOf(request, payload)
  if (size > limits.objectBytesMax) {
    const elements = { ProposedSize: String(size), MaxSizeAllowed: String(limits.objectBytesMax) }
    throw new S3Error('EntityTooLarge', { elements })
  }
  return {
    size,
    payload,
    md5: md5Of(headers['content-md5']),
    checksum: checksumOf === 'body' ? claimedChecksum(request, payload) : undefined,
  }
}

function sizeOf({ headers }: IncomingMessage, payload: Payload): number {
  const length = headers['content-length']
  const decoded = headers['x-amz-decoded-content-length']
  if (payload.kind === 'chunked') {
    if (typeof decoded !== 'string') throw new S3Error('MissingContentLength')
    if (!/^\d{1,15}$/.test(decoded))
      throw invalidArgument('The decoded length is no number.', 'x-amz-decoded-content-length', decoded)
    return Number(decoded)
  }
  // The coding alone says little: some name it of bodies that are in no framing.
  if (isFramed(headers['content-encoding']) && decoded !== undefined) {
    throw new S3Error('InvalidRequest', {
      message: 'A body in aws-chunked needs a STREAMING value of x-amz-content-sha256.',
    })
  }
  if (length === undefined) throw new S3Error('MissingContentLength')
  return Number(length)
}

function isFramed(encoding: string | undefined): boolean {
  return encoding?.split(',').some(coding => coding.trim().toLowerCase() === 'aws-chunked') === true
}

function md5Of(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = String(header)
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 16 || bytes.toString('base64') !== text) throw new S3Error('InvalidDigest')
  return bytes.toString('hex')
}

function claimedChecksum({ headers }: IncomingMessage, payload: Payload): ClaimedChecksum | undefined {
  const found: ClaimedChecksum[] = []
  for (const [name, value] of Object.entries(headers)) {
    const algorithm = algorithmOfHeader(name)
    if (algorithm === undefined || typeof value !== 'string') continue
    if (!isChecksum(algorithm, value))
      throw new S3Error('InvalidRequest', { message: `Value for ${name} header is invalid.` })
    found.push({ algorithm, value })
  }
  const trailer = headers['x-amz-trailer']
  if (trailer !== undefined) {
    const algorithm = algorithmOfHeader(String(trailer).trim().toLowerCase())
    if (algorithm === undefined) {
      throw new S3Error('InvalidRequest', {
        message: 'The value specified in the x-amz-trailer header is not supported',
      })
    }
    if (payload.kind !== 'chunked' || !payload.trailer) {
      throw new S3Error('InvalidRequest', {
        message: 'x-amz-trailer needs a value of x-amz-content-sha256 that ends in TRAILER.',
      })
    }
    found.push({ algorithm, value: undefined })
  }
  if (found.length > 1) {
    throw new S3Error('InvalidRequest', {
      message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    })
  }
  const [claimed] = found
  checkNamed(headers['x-amz-sdk-checksum-algorithm'], claimed)
  return claimed
}

/** A checksum that was meant to come must come, and no other one. */
function checkNamed(named: string | string[] | undefined, claimed: ClaimedChecksum | undefined): void {
  if (named === undefined) return
  const algorithm = algorithmNamed(String(named))
  if (algorithm === undefined || claimed === undefined || claimed.algorithm !== algorithm) {
    throw new S3Error('InvalidRequest', {
      message:
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    })
  }
}
