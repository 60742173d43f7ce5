import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import * as s3 from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type { Test } from 'tap'
import { withBytes } from './answer-bytes.js'
import { failure } from './failure.js'
import type { S3Cluster } from './s3-cluster.js'

const mebibyte = 1024 * 1024
const partBytes = 5 * mebibyte

function etagOfParts(parts: readonly Uint8Array[]): string {
  const md5 = createHash('md5')
  for (const part of parts) md5.update(createHash('md5').update(part).digest())
  return `"${md5.digest('hex')}-${parts.length}"`
}

function crcText(bytes: Uint8Array): string {
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(bytes))
  return crc.toString('base64')
}

/** Objects that are uploaded in parts. */
export function checkUploads(t: Test, cluster: S3Cluster): void {
  const { client } = cluster
  const Bucket = 'uploads'
  t.before(() => client.send(new s3.CreateBucketCommand({ Bucket })))
  const begin = async (Key: string, more: Partial<s3.CreateMultipartUploadCommandInput> = {}) => {
    const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key, ...more }))
    if (UploadId === undefined) throw new Error('no upload')
    return { Bucket, Key, UploadId }
  }
  type Begun = Awaited<ReturnType<typeof begin>>
  const upload = (begun: Begun, PartNumber: number, Body: Uint8Array, more = {}) =>
    client.send(new s3.UploadPartCommand({ ...begun, PartNumber, Body, ...more }))
  const complete = (begun: Begun, Parts: s3.CompletedPart[], more = {}) =>
    client.send(new s3.CompleteMultipartUploadCommand({ ...begun, MultipartUpload: { Parts }, ...more }))
  const get = async (Key: string, more = {}) =>
    withBytes(await client.send(new s3.GetObjectCommand({ Bucket, Key, ...more })))

  t.test('parts make one object', async t => {
    const bodies = [partBytes, partBytes + 1, 100].map(size => randomBytes(size))
    const begun = await begin('parts', { Metadata: { a: '1' }, ContentType: 'film/x', Tagging: 't=1' })
    const Parts: s3.CompletedPart[] = []
    await Promise.all(
      bodies.map(async (body, i) => {
        const { ETag } = await upload(begun, i + 1, body)
        t.equal(ETag, `"${createHash('md5').update(body).digest('hex')}"`)
        Parts[i] = { PartNumber: i + 1, ETag }
      }),
    )
    const listed = await client.send(new s3.ListPartsCommand({ ...begun, MaxParts: 2 }))
    t.match(listed, {
      IsTruncated: true,
      NextPartNumberMarker: '2',
      Parts: [{ Size: partBytes }, { PartNumber: 2 }],
    })
    const rest = await client.send(new s3.ListPartsCommand({ ...begun, PartNumberMarker: '2' }))
    t.match(rest, { IsTruncated: false, Parts: [{ PartNumber: 3, Size: 100 }] })
    const uploads = await client.send(new s3.ListMultipartUploadsCommand({ Bucket }))
    t.match(uploads, { Uploads: [{ Key: 'parts', UploadId: begun.UploadId, Initiated: Date }] })
    const done = await complete(begun, Parts)
    t.match(done, { Bucket, Key: 'parts', ETag: etagOfParts(bodies) })
    const whole = Buffer.concat(bodies)
    const got = await get('parts')
    t.match(got, { ETag: etagOfParts(bodies), ContentType: 'film/x', Metadata: { a: '1' } })
    t.ok(got.bytes.equals(whole))
    const second = await get('parts', { PartNumber: 2 })
    t.match(second, {
      PartsCount: 3,
      ContentLength: partBytes + 1,
      ContentRange: `bytes ${partBytes}-${2 * partBytes}/${whole.length}`,
    })
    t.ok(second.bytes.equals(bodies[1] ?? whole))
    t.equal(await failure(get('parts', { PartNumber: 4 })), '416 InvalidPartNumber')
    const attributes = new s3.GetObjectAttributesCommand({
      ...{ Bucket, Key: 'parts', ObjectAttributes: ['ObjectParts'], MaxParts: 2 },
    })
    t.match(await client.send(attributes), { ObjectParts: { TotalPartsCount: 3, IsTruncated: true } })
    t.match(await complete(begun, Parts), { ETag: etagOfParts(bodies) }, 'a lost answer is asked for again')
    t.equal(await failure(upload(begun, 1, Buffer.from('x'))), '404 NoSuchUpload')
  })

  t.test('what a completion refuses', async t => {
    const begun = await begin('refused')
    const { ETag } = await upload(begun, 1, Buffer.from('small'))
    const second = await upload(begun, 2, Buffer.from('small too'))
    const one = { PartNumber: 1, ETag }
    const two = { PartNumber: 2, ETag: second.ETag }
    t.equal(await failure(complete(begun, [one, two])), '400 EntityTooSmall')
    t.equal(await failure(complete(begun, [two, one])), '400 InvalidPartOrder')
    t.equal(await failure(complete(begun, [{ ...one, ETag: '"abc"' }])), '400 InvalidPart')
    t.equal(await failure(complete(begun, [{ ...one, PartNumber: 3 }])), '400 InvalidPart')
    t.equal(await failure(complete(begun, [])), '400 MalformedXML')
    t.equal(await failure(complete(begun, [one], { MpuObjectSize: 6 })), '400 InvalidRequest')
    t.equal(await failure(complete(begun, [{ ...one, ChecksumSHA1: 'x' }])), '400 InvalidPart')
    t.equal(await failure(get('refused')), '404 NoSuchKey')
    await cluster.store.put(Bucket, 'refused', 'there')
    t.equal(await failure(complete(begun, [one], { IfNoneMatch: '*' })), '412 PreconditionFailed')
    await client.send(new s3.AbortMultipartUploadCommand(begun))
    t.equal(await failure(client.send(new s3.ListPartsCommand(begun))), '404 NoSuchUpload')
    t.equal(await failure(client.send(new s3.AbortMultipartUploadCommand(begun))), '404 NoSuchUpload')
    t.equal(await failure(complete(begun, [one])), '404 NoSuchUpload')
    t.equal(await failure(upload({ ...begun, UploadId: 'x' }, 1, Buffer.from('x'))), '404 NoSuchUpload')
    t.equal(await failure(upload(begun, 10_001, Buffer.from('x'))), '400 InvalidArgument')
  })

  t.test('checksums of parts and of the whole', async t => {
    const bodies = [randomBytes(partBytes), randomBytes(1000)]
    const whole = Buffer.concat(bodies)
    for (const ChecksumType of ['COMPOSITE', 'FULL_OBJECT'] as const) {
      const Key = `sum-${ChecksumType}`
      const begun = await begin(Key, { ChecksumAlgorithm: 'CRC32', ChecksumType })
      const Parts: s3.CompletedPart[] = []
      for (const [i, body] of bodies.entries()) {
        const part = await upload(begun, i + 1, body, { ChecksumAlgorithm: 'CRC32' })
        t.equal(part.ChecksumCRC32, crcText(body))
        Parts.push({ PartNumber: i + 1, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 })
      }
      const sums = Buffer.concat(bodies.map(body => Buffer.from(crcText(body), 'base64')))
      const expected = ChecksumType === 'COMPOSITE' ? `${crcText(sums)}-2` : crcText(whole)
      t.equal(await failure(complete(begun, Parts, { ChecksumCRC32: 'AAAAAA==' })), '400 BadDigest')
      t.match(await complete(begun, Parts, { ChecksumCRC32: expected }), {
        ChecksumCRC32: expected,
        ChecksumType,
      })
      const head = new s3.HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' })
      t.match(await client.send(head), { ChecksumCRC32: expected, ChecksumType })
    }
    t.equal(
      await failure(begin('x', { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' })),
      '400 InvalidRequest',
    )
  })

  t.test('the transfer manager of the SDK', async t => {
    const body = randomBytes(12 * mebibyte + 5)
    const params = { Bucket, Key: 'managed', Body: body, Metadata: { a: '1' } }
    await new Upload({ client, params, queueSize: 3 }).done()
    const got = await get('managed')
    t.ok(got.bytes.equals(body))
  })

  t.test('parts that are copied', async t => {
    const source = randomBytes(partBytes + 100)
    await client.send(new s3.PutObjectCommand({ Bucket, Key: 'source', Body: source }))
    const begun = await begin('copied')
    const copy = (PartNumber: number, CopySourceRange?: string) =>
      client.send(
        new s3.UploadPartCopyCommand({
          ...begun,
          PartNumber,
          CopySource: `${Bucket}/source`,
          CopySourceRange,
        }),
      )
    const first = await copy(1)
    const second = await copy(2, 'bytes=10-19')
    t.equal(await failure(copy(3, `bytes=0-${source.length}`)), '400 InvalidArgument')
    t.equal(await failure(copy(3, 'bytes=5-')), '400 InvalidArgument')
    const { ETag = '' } = await complete(begun, [
      { PartNumber: 1, ETag: first.CopyPartResult?.ETag },
      { PartNumber: 2, ETag: second.CopyPartResult?.ETag },
    ])
    t.match(ETag, /^"[0-9a-f]{32}-2"$/)
    const got = await get('copied')
    const expected = Buffer.concat([source, source.subarray(10, 20)])
    t.ok(got.bytes.equals(expected))
  })

  t.test('uploads that nobody completed go with their bucket, where there is nothing else', async t => {
    const Bucket = 'abandoned'
    await client.send(new s3.CreateBucketCommand({ Bucket }))
    const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key: 'a' }))
    await client.send(new s3.UploadPartCommand({ Bucket, Key: 'a', UploadId, PartNumber: 1, Body: 'x' }))
    await cluster.store.put(Bucket, 'b', 'x')
    const remove = () => client.send(new s3.DeleteBucketCommand({ Bucket }))
    t.equal(await failure(remove()), '409 BucketNotEmpty')
    t.match(await client.send(new s3.ListMultipartUploadsCommand({ Bucket })), { Uploads: [{ Key: 'a' }] })
    await cluster.store.delete(Bucket, 'b')
    await remove()
    t.equal(await failure(remove()), '404 NoSuchBucket')
  })

  t.test('uploads are listed by key, prefix and delimiter', async t => {
    const keys = ['list/a', 'list/b/1', 'list/b/2', 'list/c']
    const begun = await Promise.all(keys.map(key => begin(key)))
    const list = (more: Partial<s3.ListMultipartUploadsCommandInput>) =>
      client.send(new s3.ListMultipartUploadsCommand({ Bucket, Prefix: 'list/', ...more }))
    t.match(await list({ Delimiter: '/' }), {
      Uploads: [{ Key: 'list/a' }, { Key: 'list/c' }],
      CommonPrefixes: [{ Prefix: 'list/b/' }],
    })
    const page = await list({ MaxUploads: 2 })
    t.match(page, { IsTruncated: true, Uploads: [{ Key: 'list/a' }, { Key: 'list/b/1' }] })
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page
    const next = await list({ KeyMarker, UploadIdMarker })
    t.match(next, { IsTruncated: false, Uploads: [{ Key: 'list/b/2' }, { Key: 'list/c' }] })
    await Promise.all(begun.map(one => client.send(new s3.AbortMultipartUploadCommand(one))))
    t.equal((await list({})).Uploads, undefined)
  })
}
