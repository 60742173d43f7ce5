import { canonicalRequest } from '@torc/gateway/s3/signature/canonical-request'
import {
  type CredentialScope,
  scopeText,
  sign,
  signingKey,
  stringToSign,
} from '@torc/gateway/s3/signature/signing'

export interface Signing {
  /** `host:port` of the gateway. */
  readonly host: string
  readonly accessKey: string
  readonly secretKey: string
}

const payloadHash = 'UNSIGNED-PAYLOAD'
const signedHeaders = ['host', 'x-amz-content-sha256', 'x-amz-date'] as const

/** Makes heads of requests that are signed as the SDKs sign them, with a key that is derived once. */
export class SignedHeads {
  readonly #signing: Signing
  readonly #amzDate: string
  readonly #scope: CredentialScope
  readonly #key: Buffer

  constructor(signing: Signing, at: Date) {
    this.#signing = signing
    this.#amzDate = at.toISOString().replace(/[-:]|\.\d{3}/g, '')
    this.#scope = { date: this.#amzDate.slice(0, 8), region: 'us-east-1' }
    this.#key = signingKey(signing.secretKey, this.#scope)
  }

  /** `path` needs no encoding. `bodyBytes`: of a request with a body. */
  head(method: 'GET' | 'PUT', path: string, bodyBytes?: number): string {
    const { host, accessKey } = this.#signing
    const values = { host, 'x-amz-content-sha256': payloadHash, 'x-amz-date': this.#amzDate } as const
    const canonical = canonicalRequest({
      ...{ method, path, query: [], signedHeaders, payloadHash },
      header: name => [values[name as keyof typeof values]],
    })
    const signature = sign(this.#key, stringToSign(this.#amzDate, this.#scope, canonical))
    const credential = `${accessKey}/${scopeText(this.#scope)}`
    const lines = [
      `${method} ${path} HTTP/1.1`,
      ...signedHeaders.map(name => `${name}: ${values[name]}`),
      `authorization: AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`,
      ...(bodyBytes === undefined ? [] : [`content-length: ${bodyBytes}`]),
    ]
    return `${lines.join('\r\n')}\r\n\r\n`
  }
}
