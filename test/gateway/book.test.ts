import { S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import t from 'tap'
import { lifeOfABook, partBytes } from '../interop-clients/book/book.js'
import { Day } from '../interop-clients/day/day.js'

t.test('a book: uploaded in parts, found in its folder, uploaded again, deleted', async t => {
  const day = new Day(({ name, outcome, why }) => t.equal(why, '', `${name} ${outcome}`))
  await lifeOfABook(day, async ({ s3, accessKey, secretKey, bucket }, Key, Body) => {
    const client = new S3Client({
      ...{ endpoint: s3, region: 'us-east-1', forcePathStyle: true },
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    })
    try {
      await new Upload({ client, params: { Bucket: bucket, Key, Body }, partSize: partBytes }).done()
    } finally {
      client.destroy()
    }
  })
  t.equal(day.steps.length, 4)
})
