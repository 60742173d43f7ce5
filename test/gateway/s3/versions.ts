import * as s3 from '@aws-sdk/client-s3'
import type { Test } from 'tap'
import { withBytes } from './answer-bytes.js'
import { failure } from './failure.js'
import type { S3Cluster } from './s3-cluster.js'

/** Versions as S3 has them: none, enabled, suspended. */
export function checkVersions(t: Test, cluster: S3Cluster): void {
  const { client } = cluster
  const Bucket = 'versions'
  t.before(() => client.send(new s3.CreateBucketCommand({ Bucket })))
  const put = (Key: string, Body: string) => client.send(new s3.PutObjectCommand({ Bucket, Key, Body }))
  const get = async (Key: string, VersionId?: string) =>
    withBytes(await client.send(new s3.GetObjectCommand({ Bucket, Key, VersionId })))
  const text = async (Key: string, VersionId?: string) => (await get(Key, VersionId)).bytes.toString()
  const remove = (Key: string, VersionId?: string) =>
    client.send(new s3.DeleteObjectCommand({ Bucket, Key, VersionId }))
  const turn = (Status: 'Enabled' | 'Suspended') =>
    client.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
  const list = async (Key: string) => {
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new s3.ListObjectVersionsCommand({ Bucket, Prefix: Key }),
    )
    return { versions: Versions.map(v => v.VersionId), markers: DeleteMarkers.map(v => v.VersionId) }
  }
  const status = async () => (await client.send(new s3.GetBucketVersioningCommand({ Bucket }))).Status

  t.test('a bucket that never had versions', async t => {
    t.equal(await status(), undefined)
    t.equal((await put('plain', '1')).VersionId, undefined)
    await put('plain', '2')
    t.strictSame(await list('plain'), { versions: ['null'], markers: [] })
    t.equal((await get('plain')).VersionId, undefined)
    t.equal(await text('plain', 'null'), '2')
    t.strictSame((await remove('plain')).DeleteMarker, undefined)
    t.strictSame(await list('plain'), { versions: [], markers: [] })
    await remove('plain')
    await put('kept', 'before')
  })

  t.test('enabled', async t => {
    await turn('Enabled')
    t.equal(await status(), 'Enabled')
    const { VersionId: first = '' } = await put('key', '1')
    const { VersionId: second = '' } = await put('key', '2')
    t.match(first, /^[a-z2-7]{26}$/)
    t.strictSame(await list('key'), { versions: [second, first], markers: [] })
    t.equal(await text('key'), '2')
    t.equal(await text('key', first), '1')
    t.equal((await get('key', first)).VersionId, first)
    const marked = await remove('key')
    t.match(marked, { DeleteMarker: true, VersionId: String })
    const marker = marked.VersionId ?? ''
    t.strictSame(await list('key'), { versions: [second, first], markers: [marker] })
    t.equal(await failure(get('key')), '404 NoSuchKey')
    t.equal(await failure(get('key', marker)), '405 MethodNotAllowed')
    const url = `${cluster.endpoint}/${Bucket}/key`
    const answer = await cluster.signedFetch('GET', url)
    t.strictSame(
      [answer.status, answer.headers.get('x-amz-delete-marker'), answer.headers.get('x-amz-version-id')],
      [404, 'true', marker],
    )
    t.match(await remove('key', marker), { DeleteMarker: true, VersionId: marker })
    t.equal(await text('key'), '2')
    const removed = await remove('key', second)
    t.strictSame([removed.DeleteMarker, removed.VersionId], [undefined, second])
    t.equal(await text('key'), '1')
    t.equal(await failure(get('key', second)), '404 NoSuchVersion')
    t.equal(await failure(get('key', 'nonsense')), '400 InvalidArgument')
    await remove('key', second)
    const copied = await client.send(
      new s3.CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/key?versionId=${first}` }),
    )
    t.match(copied, { CopySourceVersionId: first, VersionId: /^[a-z2-7]{26}$/ })
    const upload = { Bucket, Key: 'in-parts' }
    const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand(upload))
    const part = await client.send(
      new s3.UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'x' }),
    )
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] }
    const done = await client.send(
      new s3.CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }),
    )
    t.equal(done.VersionId, (await get('in-parts')).VersionId)
    t.equal(await text('kept', 'null'), 'before', 'what was there before is the null version')
    const { VersionId: later = '' } = await put('kept', 'after')
    t.strictSame(await list('kept'), { versions: [later, 'null'], markers: [] })
    t.equal(
      await failure(
        client.send(
          new s3.PutObjectTaggingCommand({ Bucket, Key: 'kept', VersionId: second, Tagging: { TagSet: [] } }),
        ),
      ),
      '404 NoSuchVersion',
    )
    await client.send(
      new s3.PutObjectTaggingCommand({
        Bucket,
        Key: 'kept',
        VersionId: 'null',
        Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] },
      }),
    )
    t.match(await client.send(new s3.GetObjectTaggingCommand({ Bucket, Key: 'kept', VersionId: 'null' })), {
      TagSet: [{ Key: 'a' }],
    })
    t.strictSame((await client.send(new s3.GetObjectTaggingCommand({ Bucket, Key: 'kept' }))).TagSet, [])
  })

  t.test('suspended', async t => {
    await put('mixed', '1')
    await turn('Suspended')
    t.equal(await status(), 'Suspended')
    t.equal((await put('mixed', '2')).VersionId, undefined)
    t.equal((await get('mixed')).VersionId, 'null')
    await put('mixed', '3')
    const before = await list('mixed')
    t.strictSame([before.versions.length, before.versions[0]], [2, 'null'], 'one null version, however often')
    t.equal(await text('mixed'), '3')
    t.match(await remove('mixed'), { DeleteMarker: true, VersionId: 'null' })
    t.strictSame(await list('mixed'), { versions: before.versions.slice(1), markers: ['null'] })
    t.equal(await failure(get('mixed')), '404 NoSuchKey')
    await remove('mixed', 'null')
    t.equal(await text('mixed'), '1')
  })

  t.test('many versions, page by page', async t => {
    await turn('Enabled')
    const ids: string[] = []
    for (let i = 0; i < 12; i++) ids.unshift((await put('many', `${i}`)).VersionId ?? '')
    await put('many-2', 'x')
    const found: (string | undefined)[] = []
    const list = (more: Partial<s3.ListObjectVersionsCommandInput>) =>
      client.send(new s3.ListObjectVersionsCommand({ Bucket, Prefix: 'many', MaxKeys: 5, ...more }))
    let page = await list({})
    for (;;) {
      found.push(...(page.Versions ?? []).map(({ Key, VersionId }) => (Key === 'many' ? VersionId : Key)))
      if (page.IsTruncated !== true) break
      page = await list({ KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker })
    }
    t.strictSame(found, [...ids, 'many-2'])
    const named = await list({ KeyMarker: 'many', VersionIdMarker: ids[8] })
    t.strictSame(
      named.Versions?.map(({ Key, VersionId }) => (Key === 'many' ? VersionId : Key)),
      [...ids.slice(9), 'many-2'],
      'behind a version that the client names',
    )
    t.match(await list({ Delimiter: '-' }), { CommonPrefixes: undefined, IsTruncated: true })
    t.equal(await failure(list({ VersionIdMarker: ids[8] })), '400 InvalidArgument')
    t.match((await list({ MaxKeys: 1 })).Versions, [{ IsLatest: true }])
  })

  t.test('several heads: the latest answers, and names the others', async t => {
    const { context } = await cluster.store.head(Bucket, 'many-2')
    await cluster.store.put(Bucket, 'many-2', 'one', { context })
    await cluster.store.put(Bucket, 'many-2', 'other', { context })
    const { siblings } = await cluster.store.head(Bucket, 'many-2')
    const answer = await cluster.signedFetch('GET', `${cluster.endpoint}/${Bucket}/many-2`)
    t.equal(answer.headers.get('x-torc-siblings'), siblings.join(','))
    t.equal(siblings.length, 1)
    t.equal(await answer.text(), 'other')
  })

  t.test('retention policies of ours', async t => {
    const url = `${cluster.endpoint}/${Bucket}/many?x-torc-policy`
    const set = await cluster.signedFetch('PUT', url, { 'x-torc-policy': 'global:3' })
    t.equal(set.status, 200)
    t.match(
      await (await cluster.signedFetch('GET', url)).text(),
      /<Policy>global:3<\/Policy><From>object<\/From>/,
    )
    await put('many', 'last')
    t.equal((await list('many')).versions.length, 3 + 3)
    t.equal((await cluster.signedFetch('DELETE', url)).status, 204)
    t.match(await (await cluster.signedFetch('GET', url)).text(), /<Own>inherit<\/Own>/)
    t.equal((await cluster.signedFetch('PUT', url)).status, 400)
    t.equal((await cluster.signedFetch('PUT', url, { 'x-torc-policy': 'nonsense' })).status, 400)
    const bucket = `${cluster.endpoint}/${Bucket}?x-torc-policy`
    await cluster.signedFetch('PUT', bucket, { 'x-torc-policy': 'latest' })
    t.equal((await cluster.store.headBucket(Bucket)).policy, 'latest')
  })
}
