import { canonicalRequest, encodeUri } from './canonical-request.js'
import { algorithm, scopeText, sign, signingKey, stringToSign } from './signing.js'

export interface LinkOptions {
  /** Of the S3 face: `http://host:port`. */
  readonly origin: string
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | undefined
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
  /** At most 604,800 (a week). */
  readonly expiresSeconds: number
  readonly nowMs: number
}

/** A GET has no body to vouch for. */
const unsignedPayload = 'UNSIGNED-PAYLOAD'

/**
 * A link with which anybody may GET one object until it expires: the request is signed in its query, as AWS documents it
 * ("Authenticating Requests: Using Query Parameters"). It ends sooner where the access key is deleted or loses its grant.
 */
export function presignedLink(options: LinkOptions): string {
  const { origin, bucket, key, versionId, accessKey, secretKey, region, expiresSeconds, nowMs } = options
  const amzDate = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = { date: amzDate.slice(0, 8), region }
  const { host } = new URL(origin)
  const path = `/${bucket}/${key}`
  const query = [
    ['X-Amz-Algorithm', algorithm],
    ['X-Amz-Content-Sha256', unsignedPayload],
    ['X-Amz-Credential', `${accessKey}/${scopeText(scope)}`],
    ['X-Amz-Date', amzDate],
    ['X-Amz-Expires', String(expiresSeconds)],
    ['X-Amz-SignedHeaders', 'host'],
    ...(versionId === undefined ? [] : [['versionId', versionId]]),
  ] as [string, string][]
  const canonical = canonicalRequest({
    ...{ method: 'GET', path, query, signedHeaders: ['host'], payloadHash: unsignedPayload },
    header: () => [host],
  })
  const signature = sign(signingKey(secretKey, scope), stringToSign(amzDate, scope, canonical))
  const parameters = [...query, ['X-Amz-Signature', signature]]
    .map(([name = '', value = '']) => `${encodeUri(name)}=${encodeUri(value)}`)
    .join('&')
  return `${new URL(origin).origin}${path.split('/').map(encodeUri).join('/')}?${parameters}`
}
