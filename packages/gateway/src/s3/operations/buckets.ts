import { TorcError } from '@torc/protocol/errors'
import { S3Error } from '../errors/s3-error.js'
import { pageSizeOf } from '../request/parameters.js'
import { answerEmpty, answerXml } from '../response/answer.js'
import { ownerElement } from '../response/owner.js'
import type { S3Call } from '../s3-call.js'
import { childText } from '../xml/xml-reader.js'
import { publicReadOf } from './acls.js'

export async function listBuckets(call: S3Call): Promise<void> {
  const prefix = call.query('prefix') ?? ''
  const after = call.query('continuation-token') ?? ''
  const region = call.query('bucket-region')
  const max =
    call.query('max-buckets') === undefined ? Number.POSITIVE_INFINITY : pageSizeOf(call, 'max-buckets')
  const all = region === undefined || region === call.region ? await call.store.buckets(call.options) : []
  const found = all
    .filter(({ bucket }) => bucket.startsWith(prefix) && bucket > after)
    .sort((a, b) => (a.bucket < b.bucket ? -1 : 1))
  const page = found.slice(0, max)
  answerXml(call, [
    'ListAllMyBucketsResult',
    [
      ownerElement(),
      [
        'Buckets',
        page.map(({ bucket, createdAt }) => [
          'Bucket',
          [
            ['Name', bucket],
            ['CreationDate', createdAt],
            ['BucketRegion', call.region],
          ],
        ]),
      ],
      ['Prefix', call.query('prefix')],
      ['ContinuationToken', page.length < found.length ? page.at(-1)?.bucket : undefined],
    ],
  ])
}

/** Names that S3 lets anybody give: stricter than the store's own. */
const newBucketPattern = /^[a-z0-9](?:[a-z0-9]|[.-](?=[a-z0-9])|-(?=-)){1,61}[a-z0-9]$/
const addressPattern = /^\d+\.\d+\.\d+\.\d+$/

/** A bucket that is made over S3 has no versions until versioning is enabled. */
export async function createBucket(call: S3Call): Promise<void> {
  const { bucket } = call
  if (!newBucketPattern.test(bucket) || addressPattern.test(bucket))
    throw new S3Error('InvalidBucketName', { elements: { BucketName: bucket } })
  const publicRead = publicReadOf(call.header('x-amz-acl'))
  const document = await call.optionalDocument('CreateBucketConfiguration')
  if (document !== undefined) {
    const other = document.children.find(({ name }) => name !== 'LocationConstraint')
    if (other !== undefined)
      throw new S3Error('NotImplemented', { message: `${other.name} of a new bucket is not implemented.` })
    checkRegion(call, childText(document, 'LocationConstraint')?.trim() ?? '')
  }
  await call.store.createBucket(bucket, {
    ...call.options,
    versioning: 'unversioned',
    ...(publicRead === undefined ? {} : { publicRead }),
    policy: call.header('x-torc-policy'),
  })
  call.buckets.forget(bucket)
  answerEmpty(call, 200, { location: `/${bucket}` })
}

/** Clients name the region that they were configured with: this one, or the one that they sign for. */
function checkRegion(call: S3Call, region: string): void {
  if (region === '' || region === call.region || region === call.signer?.scope.region) return
  throw new S3Error('IllegalLocationConstraintException', {
    message: `The ${region.slice(0, 64)} location constraint is incompatible with the region of this endpoint.`,
  })
}

export async function headBucket(call: S3Call): Promise<void> {
  await call.buckets.read(call.store, call.bucket, call.options)
  answerEmpty(call, 200, { 'x-amz-bucket-region': call.region, 'content-type': 'application/xml' })
}

/** Uploads that nobody completed do not keep a bucket: they go with it, where there is nothing else. */
export async function deleteBucket(call: S3Call): Promise<void> {
  const { store, bucket, options } = call
  try {
    await store.deleteBucket(bucket, options)
  } catch (thrown) {
    if (TorcError.from(thrown).code !== 'BUCKET_NOT_EMPTY') throw thrown
    const { entries } = await store.listPage(bucket, 'versions', { ...options, limit: 1 })
    if (entries.length > 0) throw thrown
    for await (const { key, uploadId } of store.uploads(bucket, options))
      await store.abortUpload(bucket, key, uploadId, options)
    await store.deleteBucket(bucket, options)
  }
  call.buckets.forget(bucket)
  answerEmpty(call, 204)
}

export async function getBucketLocation(call: S3Call): Promise<void> {
  await call.buckets.read(call.store, call.bucket, call.options)
  // The first region of AWS has an empty name here.
  answerXml(call, ['LocationConstraint', call.region === 'us-east-1' ? '' : call.region])
}
