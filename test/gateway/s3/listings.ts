import * as s3 from '@aws-sdk/client-s3'
import type { Test } from 'tap'
import { failure } from './failure.js'
import type { S3Cluster } from './s3-cluster.js'

/** Listings of keys: 3,000 of them, and some that are hard to write down. */
export function checkListings(t: Test, cluster: S3Cluster): void {
  const { client } = cluster
  const Bucket = 'listings'
  const keys = Array.from({ length: 3000 }, (_, i) => `folder-${i % 30}/${String(i).padStart(5, '0')}`).sort()
  t.before(async () => {
    await client.send(new s3.CreateBucketCommand({ Bucket }))
    const waiting = keys.values()
    const put = async (): Promise<void> => {
      for (const key of waiting) await cluster.store.put(Bucket, key, key)
    }
    await Promise.all(Array.from({ length: 32 }, put))
  })

  t.test('all keys, page by page', async t => {
    const found: (string | undefined)[] = []
    let pages = 0
    for await (const page of s3.paginateListObjectsV2({ client }, { Bucket })) {
      pages++
      found.push(...(page.Contents ?? []).map(({ Key }) => Key))
    }
    t.strictSame(found, keys)
    t.equal(pages, 3)
    const first: (string | undefined)[] = []
    let Marker: string | undefined
    do {
      const page: s3.ListObjectsCommandOutput = await client.send(
        new s3.ListObjectsCommand({ Bucket, Marker, MaxKeys: 700 }),
      )
      first.push(...(page.Contents ?? []).map(({ Key }) => Key))
      Marker = page.IsTruncated === true ? page.NextMarker : undefined
    } while (Marker !== undefined)
    t.strictSame(first, keys, 'version 1')
  })

  t.test('folders', async t => {
    const folders = [...new Set(keys.map(key => key.replace(/\/.*/, '/')))].sort()
    const page = await client.send(new s3.ListObjectsV2Command({ Bucket, Delimiter: '/' }))
    t.strictSame(
      page.CommonPrefixes?.map(({ Prefix }) => Prefix),
      folders,
    )
    t.equal(page.KeyCount, 30)
    const found: (string | undefined)[] = []
    for await (const { CommonPrefixes = [] } of s3.paginateListObjectsV2(
      { client, pageSize: 7 },
      { Bucket, Delimiter: '/' },
    ))
      found.push(...CommonPrefixes.map(({ Prefix }) => Prefix))
    t.strictSame(found, folders)
    const first: (string | undefined)[] = []
    let Marker: string | undefined
    do {
      const page: s3.ListObjectsCommandOutput = await client.send(
        new s3.ListObjectsCommand({ Bucket, Marker, MaxKeys: 7, Delimiter: '/' }),
      )
      first.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix))
      Marker = page.NextMarker
    } while (Marker !== undefined)
    t.strictSame(first, folders, 'version 1')
  })

  t.test('prefixes, starts and limits', async t => {
    const list = (more: Partial<s3.ListObjectsV2CommandInput>) =>
      client.send(new s3.ListObjectsV2Command({ Bucket, ...more }))
    const of7 = keys.filter(key => key.startsWith('folder-7/'))
    t.strictSame(
      (await list({ Prefix: 'folder-7/' })).Contents?.map(({ Key }) => Key),
      of7,
    )
    const StartAfter = of7[10]
    t.match(await list({ Prefix: 'folder-7/', StartAfter, MaxKeys: 1, FetchOwner: true }), {
      Contents: [{ Key: of7[11], Owner: { ID: 'torc' }, Size: 14, StorageClass: 'STANDARD' }],
      IsTruncated: true,
      StartAfter,
      KeyCount: 1,
      MaxKeys: 1,
    })
    const none = await list({ MaxKeys: 0 })
    t.match(none, { KeyCount: 0, IsTruncated: false, MaxKeys: 0 })
    t.equal((await list({ MaxKeys: 5000 })).KeyCount, 1000)
    t.equal((await list({ Prefix: 'nothing' })).KeyCount, 0)
    t.equal(await failure(list({ ContinuationToken: 'x' })), '400 InvalidArgument')
    t.equal(await failure(list({ MaxKeys: -1 })), '400 InvalidArgument')
  })

  t.test('keys that XML cannot hold', async t => {
    const Bucket = 'odd-keys'
    await client.send(new s3.CreateBucketCommand({ Bucket }))
    const odd = ['a\u0001b', 'c\r\nd', 'e&<>"\'f', 'g h+i%20', 'j/ü/🎉']
    for (const key of odd) await cluster.store.put(Bucket, key, 'x')
    const { Contents = [] } = await client.send(new s3.ListObjectsV2Command({ Bucket, EncodingType: 'url' }))
    t.strictSame(
      Contents.map(({ Key }) => decodeURIComponent(Key ?? '')),
      odd,
    )
    const plain = await client.send(new s3.ListObjectsV2Command({ Bucket, Prefix: 'e' }))
    t.match(plain.Contents, [{ Key: odd[2] }])
  })
}
