import type { IncomingMessage } from 'node:http'
import { S3Error } from '../errors/s3-error.js'
import { parameter, type Target } from '../request/target.js'
import { canonicalRequest } from './canonical-request.js'
import { readClaim, type SignatureClaim } from './claim.js'
import { type Payload, readPayload } from './payload.js'
import { type CredentialScope, sameSignature, sign, stringToSign } from './signing.js'
import type { SigningKeys } from './signing-keys.js'

/** Who asks, once the signature was found right. */
export interface Signer {
  readonly accessKey: string
  readonly scope: CredentialScope
  readonly amzDate: string
  /** What the signatures of chunks begin from. */
  readonly signature: string
  readonly key: Uint8Array
}

export interface Authenticated {
  /** Undefined: anonymous. */
  readonly signer: Signer | undefined
  readonly payload: Payload
}

export interface AuthenticationNeeds {
  readonly secretOf: (accessKey: string) => Promise<string | undefined>
  readonly signingKeys: SigningKeys
  readonly nowMs: number
}

/** Most that a request's time may differ from ours, milliseconds. */
const skewMsMax = 15 * 60 * 1000

/** Checks the signature of a request's head. Of its body it only says how it is to be checked. */
export async function authenticate(
  request: Pick<IncomingMessage, 'method' | 'headersDistinct'>,
  target: Target,
  needs: AuthenticationNeeds,
): Promise<Authenticated> {
  const headers = request.headersDistinct
  const header = (name: string): string | undefined => headers[name]?.[0]
  const claim = readClaim({ target, header })
  const said = header('x-amz-content-sha256')
  if (claim === undefined) {
    const payload = said === undefined ? ({ kind: 'unsigned' } as const) : readPayload(said)
    if (payload.kind === 'chunked' && payload.signed)
      throw new S3Error('InvalidRequest', { message: 'Signed chunks need a signed request.' })
    return { signer: undefined, payload }
  }
  checkTime(claim, needs.nowMs)
  checkToken(target, header)
  const presigned = claim.expiresSeconds !== undefined
  if (said === undefined && !presigned) {
    throw new S3Error('InvalidRequest', {
      message: 'Missing required header for this request: x-amz-content-sha256',
    })
  }
  const payloadHash = said ?? parameter(target, 'X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD'
  const payload = readPayload(payloadHash)
  checkCoverage(claim, Object.keys(headers))
  const secret = await needs.secretOf(claim.accessKey)
  if (secret === undefined) {
    throw new S3Error('InvalidAccessKeyId', { elements: { AWSAccessKeyId: claim.accessKey.slice(0, 128) } })
  }
  const canonical = canonicalRequest({
    method: request.method ?? '',
    path: target.path,
    query: presigned ? target.query.filter(([name]) => name !== 'X-Amz-Signature') : target.query,
    signedHeaders: claim.signedHeaders,
    header: name => headers[name] ?? [],
    payloadHash,
  })
  const key = needs.signingKeys.keyOf(claim.accessKey, secret, claim.scope)
  const text = stringToSign(claim.amzDate, claim.scope, canonical)
  const { accessKey, scope, amzDate, signature } = claim
  if (!sameSignature(sign(key, text), signature)) {
    // What was hashed tells who signs where they differ; it holds nothing that the asker did not send.
    const elements = { AWSAccessKeyId: accessKey, StringToSign: text, CanonicalRequest: canonical }
    throw new S3Error('SignatureDoesNotMatch', { elements })
  }
  return { signer: { accessKey, scope, amzDate, signature, key }, payload }
}

function checkTime({ amzDate, expiresSeconds }: SignatureClaim, nowMs: number): void {
  const signedMs = Date.parse(
    `${amzDate.slice(0, 4)}-${amzDate.slice(4, 6)}-${amzDate.slice(6, 11)}:${amzDate.slice(11, 13)}:${amzDate.slice(13)}`,
  )
  if (Number.isNaN(signedMs)) throw new S3Error('AccessDenied', { message: 'The date is no date.' })
  if (expiresSeconds === undefined) {
    if (Math.abs(nowMs - signedMs) > skewMsMax) {
      const elements = {
        ...{ RequestTime: amzDate, ServerTime: isoTime(nowMs) },
        MaxAllowedSkewMilliseconds: String(skewMsMax),
      }
      throw new S3Error('RequestTimeTooSkewed', { elements })
    }
    return
  }
  if (signedMs - nowMs > skewMsMax) {
    const elements = { ServerTime: isoTime(nowMs) }
    throw new S3Error('AccessDenied', { message: 'Request is not valid yet', elements })
  }
  if (nowMs > signedMs + expiresSeconds * 1000) {
    const elements = { Expires: isoTime(signedMs + expiresSeconds * 1000), ServerTime: isoTime(nowMs) }
    throw new S3Error('AccessDenied', { message: 'Request has expired', elements })
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** There are no temporary credentials here: whoever sends a token of some has the wrong ones. */
function checkToken(target: Target, header: (name: string) => string | undefined): void {
  const token = header('x-amz-security-token') ?? parameter(target, 'X-Amz-Security-Token')
  if (token !== undefined) throw new S3Error('InvalidToken')
}

/** Headers that change what a request does count only where they are signed. */
function checkCoverage({ signedHeaders }: SignatureClaim, names: readonly string[]): void {
  const signed = new Set(signedHeaders)
  const left = names.filter(
    name => (name.startsWith('x-amz-') || name.startsWith('x-torc-')) && !signed.has(name),
  )
  if (left.length === 0) return
  throw new S3Error('AccessDenied', {
    message: 'There were headers present in the request which were not signed',
    elements: { HeadersNotSigned: left.join(', ').slice(0, 1024) },
  })
}
