// Uploads a file in parts to Torc's S3 face with the AWS SDK for JavaScript (v3), lists it, reads it, deletes it.
//
//   TORC_S3=http://127.0.0.1:7490 TORC_CREDENTIALS=torc-data/credentials.json node examples/s3-sdk.mjs FILE
import { createReadStream, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'

const [file] = process.argv.slice(2)
const { TORC_S3 = 'http://127.0.0.1:7490', TORC_CREDENTIALS = 'torc-data/credentials.json' } = process.env
if (file === undefined) {
  console.error('usage: node examples/s3-sdk.mjs FILE')
  process.exit(2)
}
const { accessKey, secretKey } = JSON.parse(readFileSync(TORC_CREDENTIALS, 'utf8'))
const client = new S3Client({
  endpoint: TORC_S3,
  region: 'us-east-1',
  // Buckets are part of the path: no name service has to know BUCKET.HOST.
  forcePathStyle: true,
  credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
})

const Bucket = `example-${process.pid}`
const Key = basename(file)
await client.send(new CreateBucketCommand({ Bucket }))
try {
  const upload = new Upload({
    client,
    params: { Bucket, Key, Body: createReadStream(file), Metadata: { from: 'examples/s3-sdk.mjs' } },
    partSize: 5 * 1024 * 1024,
    queueSize: 4,
  })
  upload.on('httpUploadProgress', ({ loaded }) => console.log(`sent ${loaded} bytes`))
  const { ETag } = await upload.done()
  console.log(`stored ${Bucket}/${Key} with the etag ${ETag}`)

  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
  for (const { Key: key, Size: size, LastModified: at } of Contents)
    console.log(`${key}  ${size} bytes  ${at?.toISOString()}`)

  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  let read = 0
  await pipeline(Body, async pieces => {
    for await (const piece of pieces) read += piece.length
  })
  console.log(`read ${read} bytes back`)

  await client.send(new DeleteObjectCommand({ Bucket, Key }))
  console.log(`deleted ${Bucket}/${Key}`)
} finally {
  await client.send(new DeleteBucketCommand({ Bucket }))
}
