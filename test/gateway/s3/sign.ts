import { createHash } from 'node:crypto'
import { parseTarget } from '@torc/gateway/s3/request/target'
import { canonicalRequest } from '@torc/gateway/s3/signature/canonical-request'
import {
  type CredentialScope,
  scopeText,
  sign,
  signingKey,
  stringToSign,
} from '@torc/gateway/s3/signature/signing'
import type { Credentials } from './s3-cluster.js'

export interface Unsigned {
  readonly method: string
  /** Path and query, as they are sent. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly credentials: Credentials
  /** When it is signed; now when absent. */
  readonly at?: Date
}

export interface Signed {
  readonly headers: Readonly<Record<string, string>>
  readonly amzDate: string
  readonly scope: CredentialScope
  readonly signature: string
  readonly key: Uint8Array
}

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** Signs a request by hand, for what no client would send. `host` must be among the headers. */
export function signed({ method, target, headers, credentials, at = new Date() }: Unsigned): Signed {
  const amzDate = at.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = { date: amzDate.slice(0, 8), region: 'us-east-1' }
  const all: Readonly<Record<string, string>> = {
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    ...headers,
    'x-amz-date': amzDate,
  }
  const names = Object.keys(all).sort()
  const canonical = canonicalRequest({
    method,
    ...parseTarget(target),
    signedHeaders: names,
    header: name => [all[name] ?? ''],
    payloadHash: all['x-amz-content-sha256'] ?? '',
  })
  const key = signingKey(credentials.secretAccessKey, scope)
  const signature = sign(key, stringToSign(amzDate, scope, canonical))
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scopeText(scope)}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { headers: { ...all, authorization }, amzDate, scope, signature, key }
}
