import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { scopeText, sign } from '@torc/gateway/s3/signature/signing'
import t, { type Test } from 'tap'
import { type RawAnswer, send, sendBytes } from './s3/raw-request.js'
import { startS3Cluster } from './s3/s3-cluster.js'
import { type Signed, sha256, signed } from './s3/sign.js'

const cluster = await startS3Cluster()
t.teardown(() => cluster.stop())
const { credentials, store } = cluster
const bucket = 'hostile'
const host = `127.0.0.1:${cluster.port}`
t.before(() => store.createBucket(bucket, { versioning: 'unversioned' }))

interface Asked {
  readonly method?: string
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  readonly at?: Date
  /** Headers that are sent and were not signed, or otherwise. */
  readonly after?: Readonly<Record<string, string>>
}

function signedHead({ method = 'PUT', target, headers = {}, at }: Asked): Signed {
  return signed({
    method,
    target,
    headers: { host, ...headers },
    credentials,
    ...(at === undefined ? {} : { at }),
  })
}

function ask(asked: Asked): Promise<RawAnswer> {
  const { method = 'PUT', target, body = '' } = asked
  const { headers } = signedHead(asked)
  const length = { 'content-length': String(Buffer.byteLength(body)) }
  return send(cluster, { method, target, body, headers: { ...length, ...headers, ...asked.after } })
}

/** `status Code`. */
const outcome = ({ status, code }: RawAnswer): string => `${status} ${code}`.trim()

/** The request is refused so, and nothing was stored. */
async function refused(t: Test, expected: string, asked: Asked, what: string): Promise<void> {
  const answer = await ask(asked)
  t.equal(outcome(answer), expected, what)
  const { entries } = await store.listPage(bucket, 'keys', {})
  t.equal(entries.length, 0, `${what}: nothing was stored`)
}

t.test('the answer of an error', async t => {
  const answer = await ask({ method: 'GET', target: `/${bucket}/a%3Cb?x=secret` })
  t.match(answer, {
    status: 404,
    code: 'NoSuchKey',
    headers: { 'content-type': 'application/xml', server: 'Torc', 'x-amz-id-2': /./, date: /GMT$/ },
  })
  const id = answer.headers['x-amz-request-id']
  t.match(answer.text, `<RequestId>${id}</RequestId>`)
  t.match(answer.text, `<Resource>/${bucket}/a%3Cb</Resource>`)
  t.notMatch(answer.text, 'secret')
})

t.test('signatures that do not fit', async t => {
  const target = `/${bucket}/a`
  const body = 'hello'
  const unsigned = { ...signedHead({ target }).headers }
  const authorization = unsigned['authorization'] ?? ''
  const flipped = authorization.replace(/.$/, last => (last === '0' ? '1' : '0'))
  await refused(
    t,
    '403 SignatureDoesNotMatch',
    { target, body, after: { authorization: flipped } },
    'flipped',
  )
  await refused(t, '403 AccessDenied', { target, body, after: { 'x-amz-meta-evil': '1' } }, 'a header more')
  const late = new Date(Date.now() - 16 * 60_000)
  await refused(t, '403 RequestTimeTooSkewed', { target, body, at: late }, 'old')
  const early = new Date(Date.now() + 16 * 60_000)
  await refused(t, '403 RequestTimeTooSkewed', { target, body, at: early }, 'early')
  await refused(t, '400 InvalidRequest', { target, body, after: { authorization: 'AWS a:b' } }, 'version 2')
  const hash = { 'x-amz-content-sha256': sha256('other') }
  await refused(t, '400 XAmzContentSHA256Mismatch', { target, body, headers: hash }, 'another body')
  await refused(
    t,
    '400 InvalidArgument',
    { target, body, headers: { 'x-amz-content-sha256': 'x' } },
    'no hash',
  )
  const anonymous = await send(cluster, { method: 'PUT', target, headers: { host }, body })
  t.equal(outcome(anonymous), '403 AccessDenied')
})

t.test('digests that do not fit', async t => {
  const target = `/${bucket}/a`
  const body = 'hello'
  const framed = { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '5' }
  await refused(t, '400 InvalidRequest', { target, body, headers: framed }, 'framing that would be stored')
  const md5 = (text: string): string => createHash('md5').update(text).digest('base64')
  const put = (headers: Readonly<Record<string, string>>): Asked => ({ target, body, headers })
  await refused(t, '400 BadDigest', put({ 'content-md5': md5('other') }), 'MD5')
  await refused(t, '400 InvalidDigest', put({ 'content-md5': 'x' }), 'no MD5')
  await refused(t, '400 BadDigest', put({ 'x-amz-checksum-crc32': 'AAAAAA==' }), 'CRC32')
  await refused(t, '400 InvalidRequest', put({ 'x-amz-checksum-crc32': 'AAAA' }), 'no CRC32')
  const two = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-crc32c': 'AAAAAA==' }
  await refused(t, '400 InvalidRequest', put(two), 'two checksums')
  await refused(
    t,
    '400 InvalidRequest',
    put({ 'x-amz-sdk-checksum-algorithm': 'CRC32' }),
    'named, and not there',
  )
  await refused(t, '400 InvalidRequest', put({ 'x-amz-trailer': 'x-amz-checksum-crc32' }), 'no trailer')
})

const chunkBytes = 64 * 1024
const content = Buffer.alloc(2 * chunkBytes + 100, 'abc')

interface Chunked {
  readonly headers: Readonly<Record<string, string>>
  readonly chunks: readonly Buffer[]
  readonly head: Signed
}

/** A body in signed chunks, the last one empty. */
function chunked(target: string, more: Readonly<Record<string, string>> = {}): Chunked {
  const headers = {
    'content-encoding': 'aws-chunked',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'x-amz-decoded-content-length': String(content.length),
    ...more,
  }
  const head = signedHead({ target, headers })
  let previous = head.signature
  const chunks: Buffer[] = []
  for (let at = 0; at <= content.length + chunkBytes; at += chunkBytes) {
    const bytes = content.subarray(at, at + chunkBytes)
    const lines = [
      'AWS4-HMAC-SHA256-PAYLOAD',
      head.amzDate,
      scopeText(head.scope),
      previous,
      sha256(''),
      sha256(bytes),
    ]
    previous = sign(head.key, lines.join('\n'))
    const line = `${bytes.length.toString(16)};chunk-signature=${previous}\r\n`
    chunks.push(Buffer.concat([Buffer.from(line), bytes, Buffer.from('\r\n')]))
    if (bytes.length === 0) break
  }
  return { headers: head.headers, chunks, head }
}

async function sendChunks({ headers }: Chunked, target: string, chunks: readonly Buffer[]): Promise<string> {
  const body = Buffer.concat(chunks)
  return outcome(
    await send(cluster, {
      method: 'PUT',
      target,
      body,
      headers: { ...headers, 'content-length': String(body.length) },
    }),
  )
}

t.test('chunks that were swapped, repeated, changed or left out', async t => {
  const target = `/${bucket}/chunked`
  const made = chunked(target)
  const [first = content, second = content, third = content, last = content] = made.chunks
  t.equal(made.chunks.length, 4)
  const cases: Readonly<Record<string, readonly [expected: string, chunks: readonly Buffer[]]>> = {
    swapped: ['403 SignatureDoesNotMatch', [second, first, third, last]],
    repeated: ['403 SignatureDoesNotMatch', [first, first, third, last]],
    'left out': ['403 SignatureDoesNotMatch', [first, third, last]],
    'cut between chunks': ['400 IncompleteBody', [first, second]],
    'cut in a chunk': ['400 IncompleteBody', [first, second.subarray(0, 1000)]],
    'more behind the last': ['400 IncompleteBody', [...made.chunks, Buffer.from('0\r\n\r\n')]],
    'the last one early': ['403 SignatureDoesNotMatch', [first, last]],
    'no framing': ['400 InvalidRequest', [content]],
    'an endless line': ['400 InvalidRequest', [Buffer.alloc(100_000, '1')]],
    'a chunk of another request': [
      '403 SignatureDoesNotMatch',
      [...chunked(`/${bucket}/other`).chunks.slice(0, 1), second, third, last],
    ],
  }
  for (const [what, [expected, chunks]] of Object.entries(cases)) {
    t.equal(await sendChunks(made, target, chunks), expected, what)
    t.equal((await store.listPage(bucket, 'keys', {})).entries.length, 0, `${what}: nothing was stored`)
  }
  const changed = Buffer.from(second)
  changed[1000] = 0
  t.equal(
    await sendChunks(made, target, [first, changed, third, last]),
    '403 SignatureDoesNotMatch',
    'changed',
  )
  const short = chunked(target, { 'x-amz-decoded-content-length': '5' })
  t.equal(await sendChunks(short, target, short.chunks), '400 IncompleteBody', 'more than was announced')
  const long = chunked(target, { 'x-amz-decoded-content-length': String(content.length + 1) })
  t.equal(await sendChunks(long, target, long.chunks), '400 IncompleteBody', 'less than was announced')
  const none = chunked(target, { 'x-amz-decoded-content-length': 'x' })
  t.equal(await sendChunks(none, target, none.chunks), '400 InvalidArgument', 'no length')
  t.equal((await store.listPage(bucket, 'keys', {})).entries.length, 0)
  t.equal(await sendChunks(made, target, made.chunks), '200', 'as it was signed')
  const stored = await store.get(bucket, 'chunked')
  t.ok(Buffer.from(await stored.bytes()).equals(content), 'without framing')
  t.notOk(stored.metadata.some(([, value]) => value.includes('aws-chunked')))
  await store.delete(bucket, 'chunked')
})

t.test('trailing headers', async t => {
  const target = `/${bucket}/trailer`
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32('hello'))
  const headers = {
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length': '5',
    'x-amz-trailer': 'x-amz-checksum-crc32',
  }
  const body = (trailer: string): string => `5\r\nhello\r\n0\r\n${trailer}\r\n`
  const put = (trailer: string, more = {}): Asked => ({
    target,
    headers: { ...headers, ...more },
    body: body(trailer),
  })
  await refused(t, '400 BadDigest', put('x-amz-checksum-crc32:AAAAAA==\r\n'), 'another checksum')
  await refused(t, '400 MalformedTrailerError', put(''), 'no checksum')
  await refused(t, '400 MalformedTrailerError', put('x-amz-meta-a:1\r\n'), 'another header')
  await refused(t, '400 InvalidRequest', put('x-amz-checksum-crc32:x\r\n'), 'no checksum at all')
  await refused(t, '400 InvalidRequest', put('', { 'x-amz-trailer': 'x-amz-meta-a' }), 'not announced so')
  const right = await ask(put(`x-amz-checksum-crc32:${crc.toString('base64')}\r\n`))
  t.match(right, { status: 200, headers: { 'x-amz-checksum-crc32': crc.toString('base64') } })
  await store.delete(bucket, 'trailer')

  const streaming = {
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length': '0',
    'x-amz-trailer': 'x-amz-checksum-crc32',
  }
  const head = signedHead({ target, headers: streaming })
  const scope = [head.amzDate, scopeText(head.scope)]
  const empty = ['AWS4-HMAC-SHA256-PAYLOAD', ...scope, head.signature, sha256(''), sha256('')]
  const last = sign(head.key, empty.join('\n'))
  const line = 'x-amz-checksum-crc32:AAAAAA=='
  const ofTrailer = sign(
    head.key,
    ['AWS4-HMAC-SHA256-TRAILER', ...scope, last, sha256(`${line}\n`)].join('\n'),
  )
  const signedBody = (signature: string): string =>
    `0;chunk-signature=${last}\r\n${line}\r\nx-amz-trailer-signature:${signature}\r\n\r\n`
  const sendSigned = async (signature: string): Promise<string> => {
    const text = signedBody(signature)
    const length = { 'content-length': String(text.length) }
    return outcome(
      await send(cluster, { method: 'PUT', target, body: text, headers: { ...head.headers, ...length } }),
    )
  }
  t.equal(await sendSigned('0'.repeat(64)), '403 SignatureDoesNotMatch')
  t.equal(await sendSigned(ofTrailer), '200')
  await store.delete(bucket, 'trailer')
})

t.test('bodies that end too early, or say nothing of their length', async t => {
  const target = `/${bucket}/short`
  const { headers } = signedHead({ target })
  const head = Object.entries({ ...headers, 'content-length': '1000' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  await sendBytes(cluster, `PUT ${target} HTTP/1.1\r\n${head.join('')}\r\nhello`)
  const text = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const chunkedBody = `transfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n`
  const answer = await sendBytes(cluster, `PUT ${target} HTTP/1.1\r\n${text.join('')}${chunkedBody}`)
  t.match(answer, /^HTTP\/1.1 411 .*<Code>MissingContentLength<\/Code>/s)
  t.equal((await store.listPage(bucket, 'keys', {})).entries.length, 0)
  const huge = { ...headers, 'content-length': String(17 * 1024 ** 3), connection: 'close' }
  const hugeHead = Object.entries(huge).map(([name, value]) => `${name}: ${value}\r\n`)
  t.match(await sendBytes(cluster, `PUT ${target} HTTP/1.1\r\n${hugeHead.join('')}\r\n`), /EntityTooLarge/)
})

t.test('a body that nobody wants does not keep its sender from reading why', async t => {
  const body = Buffer.alloc(3 * 1024 * 1024)
  t.equal(outcome(await ask({ target: '/no-such-bucket/a', body })), '404 NoSuchBucket')
  const anonymous = { method: 'PUT', target: `/${bucket}/a`, headers: { host }, body }
  t.equal(outcome(await send(cluster, anonymous)), '403 AccessDenied')
})

t.test('documents that are bombs', async t => {
  const target = `/${bucket}?delete`
  const post = (body: string): Asked => ({ method: 'POST', target, body })
  const entities = Array.from({ length: 10 }, (_, i) => `<!ENTITY e${i + 1} "&e${i};&e${i};">`).join('')
  const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "boom">${entities}]><Delete><Object><Key>&e10;</Key></Object></Delete>`
  const external =
    '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&f;</Key></Object></Delete>'
  const deep = `${'<Delete>'.repeat(50_000)}${'</Delete>'.repeat(50_000)}`
  for (const [what, text] of Object.entries({ bomb, external, deep, empty: '', cut: '<Delete><Obj' }))
    t.equal(outcome(await ask(post(text))), '400 MalformedXML', what)
  const large = `<Delete>${' '.repeat(1024 * 1024)}</Delete>`
  t.equal(outcome(await ask(post(large))), '400 MaxMessageLengthExceeded')
  const tags =
    '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag><Tag><Key>a</Key><Value>c</Value></Tag></TagSet></Tagging>'
  t.equal(outcome(await ask({ target: `/${bucket}?tagging`, body: tags })), '400 InvalidTag')
  const status = '<VersioningConfiguration><Status>Sometimes</Status></VersioningConfiguration>'
  t.equal(
    outcome(await ask({ target: `/${bucket}?versioning`, body: status })),
    '400 IllegalVersioningConfigurationException',
  )
})

t.test('paths and names that try something', async t => {
  const paths: Readonly<Record<string, string>> = {
    '/..%2f..%2fetc/passwd': '400 InvalidBucketName',
    '/hostile/%00': '400 InvalidURI',
    '/hostile/%ff%fe': '400 InvalidURI',
    '/hostile/a?versionId=..%2f': '400 InvalidArgument',
    '/hostile/a?versionId=': '400 InvalidArgument',
    '/hostile/a?partNumber=0': '400 InvalidArgument',
    '/hostile?max-keys=1e9': '400 InvalidArgument',
    '/hostile?encoding-type=xml': '400 InvalidArgument',
    '/hostile?acl&tagging': '400 InvalidArgument',
    '/.hidden': '400 InvalidBucketName',
    '/%2a': '400 InvalidBucketName',
  }
  for (const [target, expected] of Object.entries(paths)) {
    // What cannot be decoded cannot be signed either: it is refused before anybody looks at who asks.
    const cannotBeSigned = expected.endsWith('InvalidURI') && target.includes('%ff')
    const answer = cannotBeSigned
      ? await send(cluster, { method: 'GET', target, headers: { host } })
      : await ask({ method: 'GET', target })
    t.equal(outcome(answer), expected, target)
  }
})

t.test('headers cannot be smuggled into answers', async t => {
  const injected = encodeURIComponent('text/plain\r\nset-cookie: a=b')
  const evil = await ask({ method: 'GET', target: `/${bucket}/a?response-content-type=${injected}` })
  t.equal(outcome(evil), '400 InvalidArgument')
  t.equal(evil.headers['set-cookie'], undefined)
  const target = `/${bucket}/meta`
  const latin = Buffer.from('grün 🎉').toString('latin1')
  t.equal(
    (await ask({ target, body: 'x', headers: { 'x-amz-meta-a': latin, 'x-amz-meta-b': '\xff' } })).status,
    200,
  )
  const found = await ask({ method: 'HEAD', target })
  t.equal(found.headers['x-amz-meta-a'], latin)
  t.strictSame(
    (await store.head(bucket, 'meta')).metadata.filter(([name]) => name === 'a'),
    [['a', 'grün 🎉']],
  )
  await store.delete(bucket, 'meta')
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`x-amz-meta-${i}`, '1']))
  await refused(t, '400 MetadataTooLarge', { target, body: 'x', headers: many }, 'many headers')
  await refused(
    t,
    '400 MetadataTooLarge',
    { target, body: 'x', headers: { 'x-amz-meta-a': 'x'.repeat(2100) } },
    'long',
  )
  await refused(
    t,
    '400 InvalidArgument',
    { target, body: 'x', headers: { 'content-type': 'x'.repeat(300) } },
    'type',
  )
})

t.test('what is not there is never passed over', async t => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['PUT', `/${bucket}?lifecycle`, '501 NotImplemented'],
    ['PUT', `/${bucket}?policy`, '501 NotImplemented'],
    ['PUT', `/${bucket}?cors`, '501 NotImplemented'],
    ['PUT', `/${bucket}?object-lock`, '501 NotImplemented'],
    ['PUT', `/${bucket}/a?retention`, '501 NotImplemented'],
    ['POST', `/${bucket}/a?restore`, '501 NotImplemented'],
    ['POST', `/${bucket}`, '501 NotImplemented'],
    ['PATCH', `/${bucket}/a`, '405 MethodNotAllowed'],
    ['GET', `/${bucket}?cors`, '404 NoSuchCORSConfiguration'],
  ]
  for (const [method, target, expected] of cases)
    t.equal(outcome(await ask({ method, target, body: 'x' })), expected, `${method} ${target}`)
  const headers = { 'x-amz-server-side-encryption': 'aws:kms' }
  await refused(t, '501 NotImplemented', { target: `/${bucket}/a`, body: 'x', headers }, 'encryption')
  const preflight = await send(cluster, { method: 'OPTIONS', target: `/${bucket}/a`, headers: { host } })
  t.equal(outcome(preflight), '403 AccessForbidden')
})

t.test('a client that goes away in the middle of an answer', async t => {
  const body = Buffer.alloc(8 * 1024 * 1024, 'x')
  await store.put(bucket, 'large', body)
  const { headers } = signedHead({ method: 'GET', target: `/${bucket}/large` })
  const controller = new AbortController()
  const answer = await fetch(`http://${host}/${bucket}/large`, { headers, signal: controller.signal })
  const reader = answer.body?.getReader()
  t.ok(((await reader?.read())?.value?.length ?? 0) > 0)
  controller.abort()
  t.equal((await ask({ method: 'HEAD', target: `/${bucket}/large` })).status, 200, 'others are served')
  await store.delete(bucket, 'large')
})
