import type { IncomingHttpHeaders } from 'node:http'
import t from 'tap'
import { failedCondition, namesEtag, unquoted } from '../../../src/s3/request/conditions.js'
import { parseRange, partRange, resolvedRange } from '../../../src/s3/request/range.js'
import { refuseHeaders, refuseObjectAcl } from '../../../src/s3/request/refused-headers.js'
import { readTagging, readTaggingHeader } from '../../../src/s3/request/tags.js'
import { fitsHeader, headerBytes } from '../../../src/s3/response/answer.js'
import { readXml } from '../../../src/s3/xml/xml-reader.js'
import { codeOf } from '../code-of.js'

t.test('ranges', async t => {
  t.strictSame(parseRange('bytes=0-9'), [0, 9])
  t.strictSame(parseRange('bytes=5-'), [5])
  t.strictSame(parseRange('bytes=-5'), [-5])
  t.equal(parseRange('bytes=-0'), 'none')
  for (const header of [
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=9-5',
    'bytes=0-1,3-4',
    'items=0-1',
    'bytes=a-b',
  ])
    t.equal(parseRange(header), undefined, String(header))
  t.strictSame(resolvedRange([0, 99], 10), [0, 9])
  t.strictSame(resolvedRange([-99], 10), [0, 9])
  t.strictSame(resolvedRange([3], 10), [3, 9])
  for (const range of [[10], [10, 20], 'none'] as const) t.equal(resolvedRange(range, 10), undefined)
  t.equal(resolvedRange([0], 0), undefined)
  t.strictSame(partRange(2, 12, [5, 4, 3]), [5, 8])
  t.strictSame(partRange(1, 12, undefined), [0, 11])
  t.equal(partRange(2, 12, undefined), undefined)
})

t.test('conditions of reads', async t => {
  const version = { etag: 'abc', createdAt: new Date('2020-01-02T03:04:05.678Z') }
  const none = {
    ifMatch: undefined,
    ifNoneMatch: undefined,
    ifModifiedSince: undefined,
    ifUnmodifiedSince: undefined,
  }
  const failed = (given: Partial<Record<keyof typeof none, string>>) =>
    failedCondition({ ...none, ...given }, version)
  const at = 'Thu, 02 Jan 2020 03:04:05 GMT'
  const before = 'Thu, 02 Jan 2020 03:04:04 GMT'
  t.equal(failed({}), undefined)
  t.equal(failed({ ifMatch: '"abc"' }), undefined)
  t.equal(failed({ ifMatch: 'abc' }), undefined)
  t.equal(failed({ ifMatch: '"x", "abc"' }), undefined)
  t.equal(failed({ ifMatch: '*' }), undefined)
  t.equal(failed({ ifMatch: '"ab"' }), 'precondition')
  t.equal(failed({ ifNoneMatch: '"abc"' }), 'not-modified')
  t.equal(failed({ ifNoneMatch: 'W/"abc"' }), 'not-modified')
  t.equal(failed({ ifNoneMatch: '"x"' }), undefined)
  t.equal(failed({ ifModifiedSince: at }), 'not-modified')
  t.equal(failed({ ifModifiedSince: before }), undefined)
  t.equal(failed({ ifUnmodifiedSince: at }), undefined)
  t.equal(failed({ ifUnmodifiedSince: before }), 'precondition')
  t.equal(failed({ ifMatch: '"abc"', ifUnmodifiedSince: before }), undefined, 'If-Match goes before')
  t.equal(failed({ ifNoneMatch: '"x"', ifModifiedSince: at }), undefined, 'If-None-Match goes before')
  t.equal(failed({ ifModifiedSince: 'yesterday' }), undefined, 'no date')
  t.equal(unquoted(' "a" '), 'a')
  t.notOk(namesEtag('', 'abc'))
})

t.test('tags', async t => {
  t.strictSame(readTaggingHeader('a=1&b=x%20y+z&c'), { a: '1', b: 'x y z', c: '' })
  t.equal(readTaggingHeader(undefined), undefined)
  const many = Array.from({ length: 11 }, (_, i) => `t${i}=1`).join('&')
  for (const header of [
    many,
    'a=1&a=2',
    '=1',
    `${'k'.repeat(129)}=1`,
    `k=${'v'.repeat(257)}`,
    'aws:x=1',
    'a=%zz',
  ])
    t.equal(
      codeOf(() => readTaggingHeader(header)),
      'InvalidTag',
      header.slice(0, 20),
    )
  const document = readXml(
    Buffer.from('<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>'),
    'Tagging',
  )
  t.strictSame(readTagging(document, 10), { k: 'v' })
  t.equal(
    codeOf(() => readTagging(readXml(Buffer.from('<Tagging/>'), 'Tagging'), 10)),
    'MalformedXML',
  )
})

t.test('headers that ask for what is not done', async t => {
  const table: Readonly<Record<string, readonly [value: string, code: string]>> = {
    'x-amz-server-side-encryption': ['AES256', 'NotImplemented'],
    'x-amz-server-side-encryption-customer-key': ['x', 'NotImplemented'],
    'x-amz-storage-class': ['GLACIER', 'InvalidStorageClass'],
    'x-amz-website-redirect-location': ['/', 'NotImplemented'],
    'x-amz-object-lock-mode': ['GOVERNANCE', 'InvalidRequest'],
    'x-amz-bucket-object-lock-enabled': ['true', 'NotImplemented'],
    'x-amz-grant-read': ['id=1', 'AccessControlListNotSupported'],
    'x-amz-expected-bucket-owner': ['123', 'AccessDenied'],
    'x-amz-mfa': ['1', 'NotImplemented'],
    'x-amz-object-ownership': ['ObjectWriter', 'NotImplemented'],
  }
  for (const [name, [value, s3Code]] of Object.entries(table)) {
    const headers: IncomingHttpHeaders = { [name]: value }
    t.equal(
      codeOf(() => refuseHeaders(headers)),
      s3Code,
      name,
    )
  }
  refuseHeaders({
    'x-amz-storage-class': 'STANDARD',
    'x-amz-bucket-object-lock-enabled': 'False',
    'x-amz-object-ownership': 'BucketOwnerEnforced',
    'x-amz-meta-x': '1',
    'x-amz-request-payer': 'requester',
  })
  refuseObjectAcl('private')
  t.equal(
    codeOf(() => refuseObjectAcl('public-read')),
    'AccessControlListNotSupported',
  )
})

t.test('values of headers', async t => {
  t.equal(Buffer.from(headerBytes('grün'), 'latin1').toString(), 'grün')
  t.equal(headerBytes('plain'), 'plain')
  t.ok(fitsHeader('a\tb ü'))
  for (const text of ['a\r\nb', 'a\nb', 'a\0b', '\x7f']) t.notOk(fitsHeader(text), JSON.stringify(text))
})
