import { createHmac, timingSafeEqual } from 'node:crypto'
import { sha256Hex } from './canonical-request.js'

export const algorithm = 'AWS4-HMAC-SHA256'

/** `20130524/us-east-1/s3/aws4_request`, taken apart. */
export interface CredentialScope {
  readonly date: string
  readonly region: string
}

export function scopeText({ date, region }: CredentialScope): string {
  return `${date}/${region}/s3/aws4_request`
}

/** The key that signs all of a day's requests to a region. */
export function signingKey(secret: string, { date, region }: CredentialScope): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), 's3'), 'aws4_request')
}

export function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'latin1').digest()
}

/** `amzDate` as `20130524T000000Z`. */
export function stringToSign(amzDate: string, scope: CredentialScope, canonical: string): string {
  return [algorithm, amzDate, scopeText(scope), sha256Hex(canonical)].join('\n')
}

/** Hex. */
export function sign(key: Uint8Array, text: string): string {
  return hmac(key, text).toString('hex')
}

/** Takes as long for a signature that is nearly right as for any other. */
export function sameSignature(expected: string, given: string): boolean {
  const a = Buffer.from(expected, 'latin1')
  const b = Buffer.from(given, 'latin1')
  return a.length === b.length && timingSafeEqual(a, b)
}
