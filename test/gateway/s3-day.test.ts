import { randomBytes } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import t from 'tap'
import { startS3Cluster } from './s3-cluster.js'

const cluster = await startS3Cluster()
t.teardown(() => cluster.stop())
const { client } = cluster

t.test('smoke', async t => {
  const Bucket = 'smoke'
  await client.send(new CreateBucketCommand({ Bucket }))
  t.match(await client.send(new ListBucketsCommand({})), { Buckets: [{ Name: Bucket }] })
  const Body = randomBytes(3_000_000)
  const put = await client.send(
    new PutObjectCommand({ Bucket, Key: 'a/b c+d.txt', Body, Metadata: { x: 'grün' } }),
  )
  t.comment(JSON.stringify(put))
  const got = await client.send(new GetObjectCommand({ Bucket, Key: 'a/b c+d.txt' }))
  t.ok(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Body))
  t.comment(JSON.stringify({ ...got, Body: 0 }))
  t.comment(JSON.stringify(await client.send(new ListObjectsV2Command({ Bucket }))))
  const up = new Upload({ client, params: { Bucket, Key: 'big', Body: randomBytes(12_000_000) } })
  t.comment(JSON.stringify(await up.done()))
  t.comment(
    JSON.stringify(await client.send(new HeadObjectCommand({ Bucket, Key: 'big', ChecksumMode: 'ENABLED' }))),
  )
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'big' }))
})
