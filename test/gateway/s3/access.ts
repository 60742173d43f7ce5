import * as s3 from '@aws-sdk/client-s3'
import type { Test } from 'tap'
import { failure } from './failure.js'
import type { S3Cluster } from './s3-cluster.js'

/** Who may do what: the store decides, and the face tells it in the words of S3. */
export function checkAccess(t: Test, cluster: S3Cluster): void {
  const { client, endpoint } = cluster
  const Bucket = 'access'
  t.before(async () => {
    await client.send(new s3.CreateBucketCommand({ Bucket }))
    await client.send(new s3.PutObjectCommand({ Bucket, Key: 'a', Body: 'hello' }))
  })

  t.test('keys with grants', async t => {
    const reader = cluster.clientWith({ credentials: await cluster.createKey(Bucket, ['read']) })
    const writer = cluster.clientWith({ credentials: await cluster.createKey(Bucket, ['write']) })
    const nobody = cluster.clientWith({ credentials: await cluster.createKey(Bucket, []) })
    const get = new s3.GetObjectCommand({ Bucket, Key: 'a' })
    const put = () => new s3.PutObjectCommand({ Bucket, Key: 'b', Body: 'x' })
    t.equal(await (await reader.send(get)).Body?.transformToString(), 'hello')
    t.equal(await failure(reader.send(put())), '403 AccessDenied')
    await writer.send(put())
    t.equal(await failure(writer.send(get)), '403 AccessDenied')
    await writer.send(new s3.DeleteObjectCommand({ Bucket, Key: 'b' }))
    t.equal(await failure(nobody.send(get)), '403 AccessDenied')
    t.equal(await failure(reader.send(new s3.DeleteBucketCommand({ Bucket }))), '403 AccessDenied')
    t.equal(await failure(reader.send(new s3.CreateBucketCommand({ Bucket: 'other' }))), '403 AccessDenied')
    const many = new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a' }] } })
    t.match((await reader.send(many)).Errors, [{ Code: 'AccessDenied' }])
    const seen = async (by: s3.S3Client) =>
      (await by.send(new s3.ListBucketsCommand())).Buckets?.map(b => b.Name)
    t.strictSame(await seen(reader), [Bucket])
    t.strictSame(await seen(nobody), [])
    const wrong = { ...cluster.credentials, secretAccessKey: 'wrong' }
    t.equal(await failure(cluster.clientWith({ credentials: wrong }).send(get)), '403 SignatureDoesNotMatch')
    const unknown = { accessKeyId: 'TKAAAAAAAAAAAAAAAAAA', secretAccessKey: 'x' }
    t.equal(await failure(cluster.clientWith({ credentials: unknown }).send(get)), '403 InvalidAccessKeyId')
  })

  t.test('everybody may read a public bucket, and nothing else', async t => {
    const url = `${endpoint}/${Bucket}`
    const status = async (path: string, method = 'GET') => {
      const answer = await fetch(url + path, { method, ...(method === 'PUT' ? { body: 'x' } : {}) })
      return `${answer.status} ${/<Code>(\w+)/.exec(await answer.text())?.[1] ?? ''}`.trim()
    }
    t.equal(await status('/a'), '403 AccessDenied')
    t.equal(await status('?list-type=2'), '403 AccessDenied')
    await client.send(new s3.PutBucketAclCommand({ Bucket, ACL: 'public-read' }))
    t.match(await client.send(new s3.GetBucketPolicyStatusCommand({ Bucket })), {
      PolicyStatus: { IsPublic: true },
    })
    const { Grants } = await client.send(new s3.GetBucketAclCommand({ Bucket }))
    t.match(Grants?.[1], { Permission: 'READ', Grantee: { URI: /AllUsers$/ } })
    t.equal(await status('/a'), '200')
    t.equal(await status('/a', 'HEAD'), '200')
    t.equal(await status('?list-type=2'), '200')
    t.equal(await status('/nothing'), '404 NoSuchKey')
    t.equal(await status('/a?response-content-type=x/y'), '400 InvalidRequest')
    t.equal(await status('/b', 'PUT'), '403 AccessDenied')
    t.equal(await status('/a', 'DELETE'), '403 AccessDenied')
    t.equal(await status('?tagging', 'DELETE'), '403 AccessDenied')
    t.equal((await fetch(endpoint)).status, 403)
    t.equal((await fetch(`${endpoint}/uploads`)).status, 403)
    await client.send(new s3.PutBucketAclCommand({ Bucket, ACL: 'private' }))
    t.equal(await status('/a'), '403 AccessDenied')
    t.equal(
      await failure(client.send(new s3.PutBucketAclCommand({ Bucket, ACL: 'public-read-write' }))),
      '501 NotImplemented',
    )
  })
}
