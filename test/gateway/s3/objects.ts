import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import * as s3 from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Test } from 'tap'
import { withBytes } from './answer-bytes.js'
import { failure } from './failure.js'
import type { S3Cluster } from './s3-cluster.js'

const md5 = (bytes: Uint8Array | string): string => createHash('md5').update(bytes).digest('hex')

/** A day of work with objects of a bucket without versions. */
export function checkObjects(t: Test, cluster: S3Cluster): void {
  const { client } = cluster
  const Bucket = 'objects'
  t.before(() => client.send(new s3.CreateBucketCommand({ Bucket })))
  const put = (Key: string, Body: Uint8Array | string | Readable, more = {}) =>
    client.send(new s3.PutObjectCommand({ Bucket, Key, Body, ...more }))
  const get = async (Key: string, more = {}) =>
    withBytes(await client.send(new s3.GetObjectCommand({ Bucket, Key, ...more })))
  const head = (Key: string, more = {}) => client.send(new s3.HeadObjectCommand({ Bucket, Key, ...more }))

  t.test('the life of a bucket', async t => {
    const Bucket = 'life.of-a.bucket'
    t.match(await client.send(new s3.CreateBucketCommand({ Bucket })), { Location: `/${Bucket}` })
    t.equal(await failure(client.send(new s3.CreateBucketCommand({ Bucket }))), '409 BucketAlreadyOwnedByYou')
    t.match(await client.send(new s3.HeadBucketCommand({ Bucket })), { BucketRegion: 'us-east-1' })
    t.equal((await client.send(new s3.GetBucketLocationCommand({ Bucket }))).LocationConstraint, undefined)
    const { Buckets, Owner } = await client.send(new s3.ListBucketsCommand({ Prefix: 'life' }))
    t.match(Buckets, [{ Name: Bucket, CreationDate: Date }])
    t.match(Owner, { ID: 'torc' })
    await client.send(new s3.PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }))
    t.equal(await failure(client.send(new s3.DeleteBucketCommand({ Bucket }))), '409 BucketNotEmpty')
    await client.send(new s3.DeleteObjectCommand({ Bucket, Key: 'a' }))
    await client.send(new s3.DeleteBucketCommand({ Bucket }))
    t.equal(await failure(client.send(new s3.HeadBucketCommand({ Bucket }))), '404 NotFound')
    t.equal(await failure(client.send(new s3.ListObjectsV2Command({ Bucket }))), '404 NoSuchBucket')
    t.equal(
      await failure(client.send(new s3.PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }))),
      '404 NoSuchBucket',
    )
    for (const Bucket of ['ab', 'a..b', '10.0.0.1', 'a.-b'])
      t.equal(
        await failure(client.send(new s3.CreateBucketCommand({ Bucket }))),
        '400 InvalidBucketName',
        Bucket,
      )
    const other = cluster.clientWith({ region: 'eu-central-1' })
    await other.send(new s3.CreateBucketCommand({ Bucket: 'elsewhere' }))
    const foreign = { LocationConstraint: 'ap-south-1' } as const
    const elsewhere = client.send(
      new s3.CreateBucketCommand({ Bucket: 'elsewhere-2', CreateBucketConfiguration: foreign }),
    )
    t.equal(await failure(elsewhere), '400 IllegalLocationConstraintException')
  })

  t.test('bodies of all sizes come back as they went', async t => {
    for (const size of [0, 1, 16_384, 16_385, 1_048_576, 1_048_577, 20 * 1024 * 1024 + 3]) {
      const body = randomBytes(size)
      const Key = `sizes/${size}`
      t.equal((await put(Key, body)).ETag, `"${md5(body)}"`, `${size} bytes`)
      const got = await get(Key)
      t.equal(got.ContentLength, size)
      t.equal(got.ETag, `"${md5(body)}"`)
      t.equal(md5(got.bytes), md5(body))
    }
    const streamed = randomBytes(3_000_000)
    const pieces = Readable.from([streamed.subarray(0, 5), streamed.subarray(5)])
    await put('streamed', pieces, { ContentLength: streamed.length })
    t.ok((await get('streamed')).bytes.equals(streamed))
  })

  t.test('keys of all kinds', async t => {
    const keys = [
      'a b+c',
      'ü/日本/🎉',
      '//',
      '../../etc/passwd',
      "!-_.*'()",
      '&$@=;:,?\\{}^%`[]"<>~#|',
      'a/./b',
      'x'.repeat(1024),
    ]
    for (const key of keys) {
      await put(key, key)
      t.equal((await get(key)).bytes.toString(), key, key.slice(0, 30))
    }
    t.equal(await failure(put('x'.repeat(1025), 'x')), '400 KeyTooLongError')
    t.equal(await failure(get('nothing')), '404 NoSuchKey')
    t.equal(await failure(head('nothing')), '404 NotFound')
  })

  t.test('metadata and headers', async t => {
    await put('meta', 'x', {
      ContentType: 'text/x; charset=utf-8',
      CacheControl: 'max-age=5',
      ContentDisposition: 'attachment; filename="a.txt"',
      ContentEncoding: 'deflate, gzip',
      ContentLanguage: 'de',
      Expires: new Date('2030-01-01T00:00:00Z'),
      Metadata: { one: '1', 'with-dash': 'a, b' },
    })
    const found = await head('meta')
    t.match(found, {
      ContentType: 'text/x; charset=utf-8',
      CacheControl: 'max-age=5',
      ContentDisposition: 'attachment; filename="a.txt"',
      ContentEncoding: 'deflate, gzip',
      ContentLanguage: 'de',
      ExpiresString: 'Tue, 01 Jan 2030 00:00:00 GMT',
      Metadata: { one: '1', 'with-dash': 'a, b' },
      AcceptRanges: 'bytes',
      ContentLength: 1,
      LastModified: Date,
    })
    t.equal(found.VersionId, undefined, 'the bucket has no versions')
    t.match(await get('meta', { ResponseContentType: 'a/b', ResponseCacheControl: 'no-store' }), {
      ContentType: 'a/b',
      CacheControl: 'no-store',
    })
    await put('plain', 'x')
    t.equal((await head('plain')).ContentType, 'application/octet-stream')
    t.equal(await failure(put('big', 'x', { Metadata: { a: 'x'.repeat(2048) } })), '400 MetadataTooLarge')
    await cluster.store.put(Bucket, 'native', 'x', {
      metadata: [
        ['fine', 'ü'],
        ['evil', 'a\r\nset-cookie: b=c'],
        ['no token', 'x'],
      ],
    })
    const native = await fetch(
      await getSignedUrl(client, new s3.HeadObjectCommand({ Bucket, Key: 'native' })),
      {
        method: 'HEAD',
      },
    )
    t.equal(native.headers.get('set-cookie'), null)
    t.equal(native.headers.get('x-amz-missing-meta'), '2')
    t.equal(Buffer.from(native.headers.get('x-amz-meta-fine') ?? '', 'latin1').toString(), 'ü')
  })

  t.test('ranges and conditions', async t => {
    const body = randomBytes(3_000_000)
    const { ETag = '' } = await put('range', body)
    const range = async (Range: string) => {
      const got = await get('range', { Range })
      return [got.$metadata.httpStatusCode, got.ContentRange, got.bytes] as const
    }
    t.strictSame(await range('bytes=0-9'), [206, 'bytes 0-9/3000000', body.subarray(0, 10)])
    t.strictSame(await range('bytes=1048570-1048590'), [
      206,
      'bytes 1048570-1048590/3000000',
      body.subarray(1048570, 1048591),
    ])
    t.strictSame(await range('bytes=2999990-'), [
      206,
      'bytes 2999990-2999999/3000000',
      body.subarray(2_999_990),
    ])
    t.strictSame(await range('bytes=-5'), [206, 'bytes 2999995-2999999/3000000', body.subarray(-5)])
    t.equal((await range('bytes=0-1,5-6'))[0], 200, 'several ranges')
    t.equal((await range('lines=0-1'))[0], 200, 'another unit')
    t.equal(await failure(get('range', { Range: 'bytes=3000000-' })), '416 InvalidRange')
    t.equal(await failure(get('sizes/0', { Range: 'bytes=0-' })), '416 InvalidRange')
    t.match(await head('range', { Range: 'bytes=0-9' }), {
      ContentLength: 10,
      ContentRange: 'bytes 0-9/3000000',
    })
    t.match(await get('range', { IfMatch: ETag }), { ETag })
    t.equal(await failure(get('range', { IfMatch: '"x"' })), '412 PreconditionFailed')
    t.match(await failure(get('range', { IfNoneMatch: ETag })), /^304/)
    t.match(await failure(head('range', { IfNoneMatch: ETag })), /^304/)
    const { LastModified = new Date(0) } = await head('range')
    t.match(await failure(get('range', { IfModifiedSince: LastModified })), /^304/)
    t.match(await get('range', { IfUnmodifiedSince: LastModified }), { ETag })
    t.equal(
      await failure(get('range', { IfUnmodifiedSince: new Date(LastModified.getTime() - 60_000) })),
      '412 PreconditionFailed',
    )
  })

  t.test('writes with conditions', async t => {
    const racers = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => put('created', `racer ${i}`, { IfNoneMatch: '*' })),
    )
    t.equal(racers.filter(({ status }) => status === 'fulfilled').length, 1, 'one creates it')
    const { ETag } = await head('created')
    t.equal(await failure(put('created', 'x', { IfNoneMatch: '*' })), '412 PreconditionFailed')
    t.equal(await failure(put('created', 'x', { IfMatch: '"abc"' })), '412 PreconditionFailed')
    t.equal(await failure(put('absent', 'x', { IfMatch: ETag })), '404 NoSuchKey')
    t.equal(await failure(put('created', 'x', { IfNoneMatch: ETag })), '501 NotImplemented')
    await put('created', 'next', { IfMatch: ETag })
    t.equal(await failure(put('created', 'x', { IfMatch: ETag })), '412 PreconditionFailed')
    t.equal((await get('created')).bytes.toString(), 'next')
    t.equal(
      await failure(client.send(new s3.DeleteObjectCommand({ Bucket, Key: 'created', IfMatch: '"abc"' }))),
      '412 PreconditionFailed',
    )
    const { ETag: last } = await head('created')
    await client.send(new s3.DeleteObjectCommand({ Bucket, Key: 'created', IfMatch: last }))
    t.equal(await failure(head('created')), '404 NotFound')
  })

  t.test('checksums of all algorithms', async t => {
    const body = randomBytes(100_000)
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
      const Key = `sum/${ChecksumAlgorithm}`
      const field = `Checksum${ChecksumAlgorithm}` as const
      const stored = await put(Key, body, { ChecksumAlgorithm })
      t.type(stored[field], 'string', ChecksumAlgorithm)
      const streamed = await put(`${Key}/streamed`, Readable.from([body]), {
        ChecksumAlgorithm,
        ContentLength: body.length,
      })
      t.equal(streamed[field], stored[field], `${ChecksumAlgorithm} behind the body`)
      const got = await get(Key, { ChecksumMode: 'ENABLED' })
      t.equal(got[field], stored[field])
      t.ok(got.bytes.equals(body), 'the SDK checked it')
      t.equal((await head(Key))[field], undefined, 'only where it is asked for')
      const wrong = put(`${Key}/wrong`, Buffer.from('other'), { [field]: stored[field] })
      t.equal(await failure(wrong), '400 BadDigest')
      t.equal(await failure(head(`${Key}/wrong`)), '404 NotFound', 'nothing was stored')
    }
    t.equal(await failure(put('md5', 'x', { ContentMD5: md5('y') })), '400 InvalidDigest')
    const other = Buffer.from(md5('y'), 'hex').toString('base64')
    t.equal(await failure(put('md5', 'x', { ContentMD5: other })), '400 BadDigest')
    t.equal(await failure(head('md5')), '404 NotFound')
  })

  t.test('copies', async t => {
    const body = randomBytes(2_000_000)
    const { ETag } = await put('from ü+&', body, {
      Metadata: { a: '1' },
      CacheControl: 'max-age=1',
      Tagging: 't=1',
    })
    const CopySource = `/${Bucket}/${encodeURIComponent('from ü+&')}`
    const copy = (Key: string, more: Partial<s3.CopyObjectCommandInput> = {}) =>
      client.send(new s3.CopyObjectCommand({ Bucket, Key, CopySource, ...more }))
    t.match(await copy('to'), { CopyObjectResult: { ETag, LastModified: Date } })
    const copied = await get('to')
    t.match(copied, { ETag, Metadata: { a: '1' }, CacheControl: 'max-age=1' })
    t.ok(copied.bytes.equals(body))
    const tags = (Key: string) => client.send(new s3.GetObjectTaggingCommand({ Bucket, Key }))
    t.match(await tags('to'), { TagSet: [{ Key: 't', Value: '1' }] })
    await copy('replaced', {
      MetadataDirective: 'REPLACE',
      Metadata: { b: '2' },
      ContentType: 'x/y',
      TaggingDirective: 'REPLACE',
      Tagging: 'u=2',
    })
    const replaced = await head('replaced')
    t.match(replaced, { ContentType: 'x/y', Metadata: { b: '2' } })
    t.strictSame([replaced.CacheControl, replaced.Metadata], [undefined, { b: '2' }])
    t.match(await tags('replaced'), { TagSet: [{ Key: 'u', Value: '2' }] })
    t.equal(await failure(copy('from ü+&')), '400 InvalidRequest', 'to itself, unchanged')
    await copy('from ü+&', { MetadataDirective: 'REPLACE', Metadata: { c: '3' } })
    t.match(await head('from ü+&'), { ETag, Metadata: { c: '3' } })
    t.equal(await failure(copy('x', { CopySourceIfMatch: '"x"' })), '412 PreconditionFailed')
    t.equal(await failure(copy('x', { CopySourceIfNoneMatch: ETag })), '412 PreconditionFailed')
    t.equal(await failure(copy('x', { CopySource: `${Bucket}/nothing` })), '404 NoSuchKey')
    t.equal(await failure(copy('x', { CopySource: 'nothing-at-all/x' })), '404 NoSuchBucket')
    t.equal(await failure(copy('x', { CopySource: 'x' })), '400 InvalidArgument')
    t.equal(await failure(head('x')), '404 NotFound')
  })

  t.test('tags', async t => {
    await put('tagged', 'x', { Tagging: 'color=red&size=10%20cm' })
    const tags = async () =>
      (await client.send(new s3.GetObjectTaggingCommand({ Bucket, Key: 'tagged' }))).TagSet
    t.match(await tags(), [
      { Key: 'color', Value: 'red' },
      { Key: 'size', Value: '10 cm' },
    ])
    const TagSet = [{ Key: 'shape', Value: '<round>' }]
    await client.send(new s3.PutObjectTaggingCommand({ Bucket, Key: 'tagged', Tagging: { TagSet } }))
    t.match(await tags(), TagSet)
    t.equal((await tags())?.length, 1)
    await client.send(new s3.DeleteObjectTaggingCommand({ Bucket, Key: 'tagged' }))
    t.strictSame(await tags(), [])
    t.equal(await failure(put('tagged', 'x', { Tagging: 'a=1&a=2' })), '400 InvalidTag')
    const bucketTags = () => client.send(new s3.GetBucketTaggingCommand({ Bucket }))
    t.equal(await failure(bucketTags()), '404 NoSuchTagSet')
    await client.send(new s3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
    t.match(await bucketTags(), { TagSet })
    await client.send(new s3.DeleteBucketTaggingCommand({ Bucket }))
    t.equal(await failure(bucketTags()), '404 NoSuchTagSet')
  })

  t.test('many are deleted at once', async t => {
    const keys = Array.from({ length: 40 }, (_, i) => `many/${i} & <more>`)
    await Promise.all(keys.map(key => put(key, 'x')))
    const Objects = [...keys, 'many/nothing'].map(Key => ({ Key }))
    const { Deleted, Errors } = await client.send(
      new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
    )
    t.strictSame(
      Deleted?.map(({ Key }) => Key),
      [...keys, 'many/nothing'],
    )
    t.equal(Errors, undefined)
    t.equal((await client.send(new s3.ListObjectsV2Command({ Bucket, Prefix: 'many/' }))).KeyCount, 0)
    const quiet = { Quiet: true, Objects: [{ Key: 'many/1' }, { Key: 'x', VersionId: 'none' }] }
    const answer = await client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: quiet }))
    t.equal(answer.Deleted, undefined)
    t.match(answer.Errors, [{ Key: 'x', Code: 'InvalidArgument' }])
    const { ETag } = await put('many/kept', 'x')
    const conditional = [{ Key: 'many/kept', ETag: '"abc"' }]
    const refused = await client.send(
      new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: conditional } }),
    )
    t.match(refused.Errors, [{ Key: 'many/kept', Code: 'PreconditionFailed' }])
    const matched = { Objects: [{ Key: 'many/kept', ETag }] }
    t.match((await client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: matched }))).Deleted, [{}])
    t.equal(await failure(head('many/kept')), '404 NotFound')
    const tooMany = { Objects: Array.from({ length: 1001 }, (_, i) => ({ Key: `${i}` })) }
    t.equal(
      await failure(client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: tooMany }))),
      '400 MalformedXML',
    )
  })

  t.test('presigned URLs', async t => {
    await put('shared/a b', 'hello')
    const command = new s3.GetObjectCommand({ Bucket, Key: 'shared/a b', ResponseContentType: 'text/z' })
    const url = await getSignedUrl(client, command, { expiresIn: 60 })
    const answer = await fetch(url)
    t.equal(await answer.text(), 'hello')
    t.equal(answer.headers.get('content-type'), 'text/z')
    t.equal((await fetch(url.replace('shared', 'sharep'))).status, 403)
    t.equal((await fetch(url, { method: 'DELETE' })).status, 403)
    const upload = await getSignedUrl(client, new s3.PutObjectCommand({ Bucket, Key: 'uploaded' }))
    t.equal((await fetch(upload, { method: 'PUT', body: 'by url' })).status, 200)
    t.equal((await get('uploaded')).bytes.toString(), 'by url')
    const past = new Date(Date.now() - 120_000)
    const expired = await getSignedUrl(client, command, { expiresIn: 60, signingDate: past })
    const refused = await fetch(expired)
    t.equal(refused.status, 403)
    t.match(await refused.text(), /<Code>AccessDenied<\/Code><Message>Request has expired/)
  })

  t.test('attributes, ACLs and what is not there', async t => {
    await put('attributes', 'hello', { ChecksumAlgorithm: 'SHA256' })
    const all = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const
    const found = await client.send(
      new s3.GetObjectAttributesCommand({ Bucket, Key: 'attributes', ObjectAttributes: [...all] }),
    )
    t.match(found, {
      ETag: md5('hello'),
      ObjectSize: 5,
      StorageClass: 'STANDARD',
      Checksum: {
        ChecksumSHA256: createHash('sha256').update('hello').digest('base64'),
        ChecksumType: 'FULL_OBJECT',
      },
    })
    const owned = [{ Grantee: { ID: 'torc', Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' }]
    t.match(await client.send(new s3.GetObjectAclCommand({ Bucket, Key: 'attributes' })), { Grants: owned })
    t.match(await client.send(new s3.GetBucketAclCommand({ Bucket })), {
      Owner: { ID: 'torc' },
      Grants: owned,
    })
    t.equal(await failure(put('acl', 'x', { ACL: 'public-read' })), '400 AccessControlListNotSupported')
    await put('acl', 'x', { ACL: 'bucket-owner-full-control', StorageClass: 'STANDARD' })
    t.equal(await failure(put('acl', 'x', { StorageClass: 'GLACIER' })), '400 InvalidStorageClass')
    t.equal(await failure(put('acl', 'x', { ServerSideEncryption: 'AES256' })), '501 NotImplemented')
    t.equal(await failure(client.send(new s3.GetBucketPolicyCommand({ Bucket }))), '404 NoSuchBucketPolicy')
    t.equal(
      await failure(client.send(new s3.PutBucketPolicyCommand({ Bucket, Policy: '{}' }))),
      '501 NotImplemented',
    )
    t.equal(
      await failure(client.send(new s3.GetBucketLifecycleConfigurationCommand({ Bucket }))),
      '404 NoSuchLifecycleConfiguration',
    )
    t.equal(
      await failure(client.send(new s3.PutObjectAclCommand({ Bucket, Key: 'acl', ACL: 'private' }))),
      '501 NotImplemented',
    )
  })

  t.test('virtual-host style', async t => {
    const host = `http://s3.test:${cluster.port}`
    const url = await getSignedUrl(
      cluster.clientWith({ endpoint: host, forcePathStyle: false }),
      new s3.ListObjectsV2Command({ Bucket, Prefix: 'meta' }),
    )
    t.match(url, new RegExp(`^http://${Bucket}\\.s3\\.test:`))
    t.match(await cluster.fetchAs(url), { status: 200, text: /<Key>meta<\/Key>/ })
  })
}
