import t from 'tap'
import { S3Error } from '../../../src/s3/errors/s3-error.js'
import { parseTarget } from '../../../src/s3/request/target.js'
import { type Authenticated, authenticate } from '../../../src/s3/signature/authenticate.js'
import { SigningKeys } from '../../../src/s3/signature/signing-keys.js'

// The examples of "Authenticating Requests" in the reference of the S3 API.
const accessKey = 'AKIAIOSFODNN7EXAMPLE'
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const nowMs = Date.parse('2013-05-24T00:00:00Z')
const signingKeys = new SigningKeys()

interface Given {
  readonly method?: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly nowMs?: number
}

function ask({ method = 'GET', url, headers, nowMs: now = nowMs }: Given): Promise<Authenticated> {
  const headersDistinct = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? [value] : [...value]]),
  )
  return authenticate({ method, headersDistinct }, parseTarget(url), {
    secretOf: async key => (key === accessKey ? secret : undefined),
    signingKeys,
    nowMs: now,
  })
}

function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=${accessKey}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`
}

const getObject = {
  url: '/test.txt',
  headers: {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': emptyHash,
    'x-amz-date': '20130524T000000Z',
    authorization: authorization(
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ),
  },
} satisfies Given

const bucketQuery = (url: string, signature: string): Given => ({
  url,
  headers: {
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-content-sha256': emptyHash,
    'x-amz-date': '20130524T000000Z',
    authorization: authorization('host;x-amz-content-sha256;x-amz-date', signature),
  },
})

const presigned =
  '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
const presignedHeaders = { host: 'examplebucket.s3.amazonaws.com' }

t.test('the examples of the reference', async t => {
  t.match(await ask(getObject), {
    signer: { accessKey, scope: { date: '20130524', region: 'us-east-1' } },
    payload: { kind: 'hashed', sha256: emptyHash },
  })
  const put = await ask({
    method: 'PUT',
    url: '/test%24file.text',
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      host: 'examplebucket.s3.amazonaws.com',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      authorization: authorization(
        'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      ),
    },
  })
  t.equal(put.signer?.accessKey, accessKey)
  await ask(bucketQuery('/?lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'))
  await ask(
    bucketQuery('/?max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'),
  )
  const url = await ask({ url: presigned, headers: presignedHeaders })
  t.match(url, { signer: { accessKey }, payload: { kind: 'unsigned' } })
})

async function refused(t: Tap, given: Given, code: string, what: string): Promise<S3Error> {
  try {
    await ask(given)
  } catch (thrown) {
    if (!(thrown instanceof S3Error)) throw thrown
    t.equal(thrown.s3Code, code, `${what}: ${thrown.message}`)
    return thrown
  }
  t.fail(`${what} was taken`)
  return new S3Error('InternalError')
}

type Tap = Pick<typeof t, 'equal' | 'fail'>

t.test('whatever differs from what was signed is refused', async t => {
  const { headers } = getObject
  const wrong = 'SignatureDoesNotMatch'
  await refused(t, { ...getObject, url: '/test.txt2' }, wrong, 'another path')
  await refused(t, { ...getObject, url: '/./test.txt' }, wrong, 'a path that is the same to others')
  await refused(t, { ...getObject, url: '/test.txt?acl' }, wrong, 'a parameter more')
  await refused(t, { ...getObject, method: 'HEAD' }, wrong, 'another method')
  await refused(t, { ...getObject, headers: { ...headers, host: 'other' } }, wrong, 'another host')
  await refused(t, { ...getObject, headers: { ...headers, range: 'bytes=0-90' } }, wrong, 'another range')
  const twice = { ...headers, range: ['bytes=0-9', 'bytes=0-90'] }
  await refused(t, { ...getObject, headers: twice }, wrong, 'a header twice')
  const hash = { ...headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  await refused(t, { ...getObject, headers: hash }, wrong, 'another hash of the body')
  await refused(t, { ...getObject, headers: { ...headers, 'x-amz-acl': 'x' } }, 'AccessDenied', 'not signed')
  const other = { ...headers, authorization: headers.authorization.replace(accessKey, 'AKIAOTHER') }
  await refused(t, { ...getObject, headers: other }, 'InvalidAccessKeyId', 'a key that nobody knows')
  const { elements } = await refused(t, { ...getObject, url: '/other' }, wrong, 'what is told')
  t.notOk(JSON.stringify(elements).includes(secret))
})

t.test('times', async t => {
  const at = (ms: number): Given => ({ ...getObject, nowMs: nowMs + ms })
  const minutes = 60_000
  await ask(at(15 * minutes))
  await ask(at(-15 * minutes))
  await refused(t, at(15 * minutes + 1), 'RequestTimeTooSkewed', 'too old')
  await refused(t, at(-15 * minutes - 1), 'RequestTimeTooSkewed', 'too new')
  const url = (ms: number): Given => ({ url: presigned, headers: presignedHeaders, nowMs: nowMs + ms })
  await ask(url(86_400_000))
  await refused(t, url(86_400_001), 'AccessDenied', 'expired')
  await refused(t, url(-16 * minutes), 'AccessDenied', 'not valid yet')
})

t.test('what is not well-formed', async t => {
  const { headers } = getObject
  const header = (authorization: string): Given => ({ ...getObject, headers: { ...headers, authorization } })
  const malformed = 'AuthorizationHeaderMalformed'
  const replaced = (from: string | RegExp, to: string): Given =>
    header(headers.authorization.replace(from, to))
  await refused(t, header(`AWS ${accessKey}:frJIUN8DYpKDtOLCwo//yllqDzg=`), 'InvalidRequest', 'version 2')
  await refused(t, header('AWS4-ECDSA-P256-SHA256 Credential=x'), 'InvalidRequest', 'another algorithm')
  await refused(t, header('Basic YTpi'), 'InvalidRequest', 'Basic')
  await refused(t, header('AWS4-HMAC-SHA256 nothing'), malformed, 'no fields')
  await refused(t, replaced('/s3/', '/iam/'), malformed, 'another service')
  await refused(t, replaced('20130524', '20130525'), malformed, 'another day')
  await refused(t, replaced('/aws4_request', ''), malformed, 'no end')
  await refused(t, replaced('host;range', 'range;host'), malformed, 'headers in another order')
  await refused(t, replaced('host;', ''), malformed, 'no host')
  await refused(t, replaced('bdb41', 'BDB41'), malformed, 'upper case')
  const { 'x-amz-content-sha256': _hash, ...withoutHash } = headers
  await refused(t, { ...getObject, headers: withoutHash }, 'InvalidRequest', 'no hash of the body')
  const { 'x-amz-date': _date, ...withoutDate } = headers
  await refused(t, { ...getObject, headers: withoutDate }, 'AccessDenied', 'no date')
  const token = { ...headers, 'x-amz-security-token': 'x' }
  await refused(t, { ...getObject, headers: token }, 'InvalidToken', 'a token')
  const query = (from: string, to: string): Given => ({
    url: presigned.replace(from, to),
    headers: presignedHeaders,
  })
  const parameters = 'AuthorizationQueryParametersError'
  await refused(t, query('=86400', '=604801'), parameters, 'too long')
  await refused(t, query('=86400', '=-1'), parameters, 'negative')
  await refused(t, query('=86400', '=1e3'), parameters, 'no number')
  await refused(t, query('&X-Amz-Expires=86400', ''), parameters, 'no expiry')
  await refused(t, query('X-Amz-Algorithm=AWS4-HMAC-SHA256&', ''), parameters, 'no algorithm')
  await refused(t, query('=AWS4-HMAC-SHA256', '=AWS2'), parameters, 'another algorithm in a URL')
  await refused(
    t,
    { url: '/x?AWSAccessKeyId=a&Signature=b&Expires=1', headers: presignedHeaders },
    'InvalidRequest',
    'version 2 in a URL',
  )
  await refused(t, { ...getObject, url: presigned }, 'InvalidArgument', 'both')
})

t.test('whoever says nothing is anonymous', async t => {
  const nobody = await ask({ url: '/a/b', headers: { host: 'x' } })
  t.strictSame(nobody, { signer: undefined, payload: { kind: 'unsigned' } })
})
