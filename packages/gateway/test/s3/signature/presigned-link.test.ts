import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import t from 'tap'
import { presignedLink } from '../../../src/s3/signature/presigned-link.js'

type Bytes = string | ArrayBuffer | ArrayBufferView

/** The digest that the other implementation wants to be given. */
class Sha256 {
  readonly #hash
  constructor(secret?: Bytes) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', asBuffer(secret))
  }
  update(data: Bytes): void {
    this.#hash.update(asBuffer(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
}

function asBuffer(data: Bytes): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return Buffer.from(data)
}

const nowMs = Date.UTC(2026, 10, 27, 12, 30, 5)
const credentials = { accessKey: 'TORCEXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

/** What another implementation makes of the same request. */
async function signatureOf(host: string, path: string, versionId: string | undefined): Promise<unknown> {
  const signer = new SignatureV4({
    ...{ service: 's3', region: 'us-east-1', uriEscapePath: false, applyChecksum: false },
    credentials: { accessKeyId: credentials.accessKey, secretAccessKey: credentials.secretKey },
    sha256: Sha256,
  })
  const [hostname = '', port] = host.split(':')
  const request = {
    ...{ method: 'GET', protocol: 'http:', hostname, path },
    headers: { host, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' },
    ...(port === undefined ? {} : { port: Number(port) }),
    query: versionId === undefined ? {} : { versionId },
  }
  const signed = await signer.presign(request, {
    expiresIn: 3600,
    signingDate: new Date(nowMs),
    unhoistableHeaders: new Set(),
  })
  return signed.query?.['X-Amz-Signature']
}

t.test('a link is signed as others sign it', async t => {
  const cases: readonly (readonly [origin: string, key: string, path: string, versionId?: string])[] = [
    ['http://127.0.0.1:7490', 'a.txt', '/box/a.txt'],
    ['https://s3.example.org', 'a b/ü+&=?#%.txt', '/box/a%20b/%C3%BC%2B%26%3D%3F%23%25.txt'],
    ['http://127.0.0.1:7490', "it's (1)*!~", '/box/it%27s%20%281%29%2A%21~', 'abcdef'],
    ['http://127.0.0.1:7490', 'a//b/../c', '/box/a//b/../c'],
  ]
  for (const [origin, key, path, versionId] of cases) {
    const link = presignedLink({
      ...{ origin, bucket: 'box', key, versionId, region: 'us-east-1', expiresSeconds: 3600, nowMs },
      ...credentials,
    })
    t.ok(link.startsWith(`${origin}${path}?`), link)
    const query = new URLSearchParams(link.slice(link.indexOf('?')))
    t.equal(query.get('X-Amz-Signature'), await signatureOf(new URL(origin).host, path, versionId), key)
    t.equal(query.get('X-Amz-Date'), '20261127T123005Z')
    t.equal(query.get('X-Amz-Expires'), '3600')
    t.equal(query.get('versionId'), versionId ?? null)
  }
})
