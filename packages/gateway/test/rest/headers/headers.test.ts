import type { VersionInfo } from '@torc/protocol/store/object-store'
import t from 'tap'
import { judgeRead, rangeApplies, writeConditionsOf } from '../../../src/rest/headers/conditions.js'
import { metadataHeaders, metadataOf } from '../../../src/rest/headers/metadata.js'
import { dispositionOf, objectHeaders } from '../../../src/rest/headers/object-headers.js'
import { rangeOf } from '../../../src/rest/headers/range.js'

const info = {
  ...{ bucket: 'b', key: 'a/b.html', versionId: 'v', kind: 'object', size: 10, etag: 'tag', sha256: '00' },
  ...{ contentType: 'text/html', metadata: [], createdAt: new Date(1_000_500), isLatest: true },
  ...{ siblings: ['s1', 's2'], context: 'c', clock: {}, degraded: true },
} as unknown as VersionInfo

t.test('ranges', async t => {
  t.strictSame(rangeOf('bytes=0-9'), [0, 9])
  t.strictSame(rangeOf(' bytes=5- '), [5])
  t.strictSame(rangeOf('bytes=-5'), [-5])
  for (const text of [
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=-0',
    'bytes=9-5',
    'bytes=0-1,3-4',
    'lines=1-2',
    'bytes=a-b',
  ])
    t.equal(rangeOf(text), undefined, text ?? 'none')
})

t.test('conditions of reads, in the order of the standard', async t => {
  const second = new Date(1_000_000).toUTCString()
  const before = new Date(999_000).toUTCString()
  t.equal(judgeRead({}, info), 'send')
  t.equal(judgeRead({ 'if-none-match': 'W/"tag"' }, info), 'not modified')
  t.equal(judgeRead({ 'if-none-match': '*' }, info), 'not modified')
  t.equal(judgeRead({ 'if-none-match': '"x"', 'if-modified-since': second }, info), 'send', 'the tag counts')
  t.equal(judgeRead({ 'if-modified-since': second }, info), 'not modified')
  t.equal(judgeRead({ 'if-modified-since': before }, info), 'send')
  t.equal(judgeRead({ 'if-modified-since': 'never' }, info), 'send')
  t.equal(judgeRead({ 'if-match': '"x", "y"' }, info), 'failed')
  t.equal(judgeRead({ 'if-match': '"x", "tag"', 'if-unmodified-since': before }, info), 'send')
  t.equal(judgeRead({ 'if-unmodified-since': before }, info), 'failed')
  t.equal(rangeApplies({ 'if-range': '"tag"' }, info), true)
  t.equal(rangeApplies({ 'if-range': 'W/"tag"' }, info), false)
  t.equal(rangeApplies({ 'if-range': second }, info), true)
  t.equal(rangeApplies({}, info), true)
})

t.test('conditions of writes: what can not be kept is refused', async t => {
  t.strictSame(writeConditionsOf({}), {})
  t.strictSame(writeConditionsOf({ 'if-none-match': '*' }), { ifNoneMatch: '*' })
  t.strictSame(writeConditionsOf({ 'if-match': '"tag"' }), { ifMatch: 'tag' })
  t.strictSame(writeConditionsOf({ 'if-match': 'tag' }), { ifMatch: 'tag' })
  for (const headers of [
    { 'if-match': '*' },
    { 'if-match': '"a", "b"' },
    { 'if-none-match': '"a"' },
    { 'if-match': 'a', 'if-none-match': '*' },
    { 'if-unmodified-since': 'x' },
  ])
    t.throws(() => writeConditionsOf(headers), { code: 'BAD_REQUEST' })
})

t.test('metadata comes and goes as UTF-8, and what no header can carry is counted', async t => {
  const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
  const sent = {
    'x-torc-meta-a': latin1('ü€'),
    'x-torc-meta-b': '\xff',
    other: 'x',
    'cache-control': 'no-store',
  }
  t.strictSame(metadataOf({ headers: sent }), [
    ['a', 'ü€'],
    ['b', 'ÿ'],
    ['http:cache-control', 'no-store'],
  ])
  t.strictSame(
    metadataHeaders([
      ['a', 'ü€'],
      ['A', 'twice'],
      ['b c', 'x'],
      ['d', 'x\ny'],
      ['http:content-encoding', 'gzip'],
      ['http:evil', 'x'],
      ['s3:crc', 'x'],
      ['http:expires', 'a\r\nb'],
    ]),
    { 'x-torc-meta-a': latin1('ü€'), 'content-encoding': 'gzip', 'x-torc-missing-meta': 3 },
  )
})

t.test('an object is shown so that nothing in it acts', async t => {
  t.match(objectHeaders(info), {
    'content-length': 10,
    'content-type': 'text/html',
    'content-security-policy': /^sandbox/,
    'x-content-type-options': 'nosniff',
    'x-torc-siblings': 's1, s2',
    'x-torc-degraded': 'true',
    etag: '"tag"',
  })
  const range = { ...info, range: [2, 4] as const, contentType: 'a\r\nb', etag: 'a"\r\nb' }
  t.match(objectHeaders(range as unknown as VersionInfo), {
    'content-length': 3,
    'content-range': 'bytes 2-4/10',
    'content-type': 'application/octet-stream',
    etag: '"ab"',
  })
  t.equal('content-security-policy' in objectHeaders({ ...info, contentType: 'image/png' }), false)
  t.equal(dispositionOf('a/b c.txt'), `inline; filename="b c.txt"; filename*=UTF-8''b%20c.txt`)
  t.equal(dispositionOf('x"\\\r\n%ü'), `inline; filename="x______"; filename*=UTF-8''x%22%5C%0D%0A%25%C3%BC`)
  t.match(dispositionOf('a/'), 'filename="a"')
  t.match(dispositionOf('//'), 'filename="object"')
  t.match(dispositionOf('\ud800'), 'filename="_"')
})
