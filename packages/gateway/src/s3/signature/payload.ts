import { invalidArgument } from '../errors/s3-error.js'

/** What a request's `x-amz-content-sha256` says of its body. */
export type Payload =
  | { readonly kind: 'hashed'; readonly sha256: string }
  | { readonly kind: 'unsigned' }
  /** In the framing of aws-chunked. */
  | { readonly kind: 'chunked'; readonly signed: boolean; readonly trailer: boolean }

const chunked: Readonly<Record<string, Payload>> = {
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { kind: 'chunked', signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { kind: 'chunked', signed: true, trailer: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { kind: 'chunked', signed: false, trailer: true },
}

/** InvalidArgument for what is neither a hash nor one of the words that S3 knows. */
export function readPayload(text: string): Payload {
  if (text === 'UNSIGNED-PAYLOAD') return { kind: 'unsigned' }
  if (/^[0-9a-f]{64}$/i.test(text)) return { kind: 'hashed', sha256: text.toLowerCase() }
  const known = Object.hasOwn(chunked, text) ? chunked[text] : undefined
  if (known !== undefined) return known
  throw invalidArgument(
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING value that is supported, or a valid sha256 value.',
    'x-amz-content-sha256',
    text,
  )
}
