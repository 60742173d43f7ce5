import { bucketRecord, statusRecord } from '@torc/client/output/records'
import { TorcError } from '@torc/protocol/errors'
import type { BucketChanges, BucketOptions, ListedBucket } from '@torc/protocol/store/object-store'
import type { RestAnswer, RestCall } from '../rest-call.js'
import { readJson } from './json-body.js'
import { flagOf } from './query.js'

type Kind = 'string' | 'number' | 'boolean' | 'object'

/** What a bucket can be told, by field; `replicas` only when it is made. */
export const bucketFields: Readonly<Record<string, Kind>> = {
  replicas: 'number',
  readQuorum: 'number',
  writeQuorum: 'number',
  strict: 'boolean',
  policy: 'string',
  cutting: 'string',
  compression: 'string',
  versioning: 'string',
  publicRead: 'boolean',
  tags: 'object',
}

export async function listBuckets({ store, signal }: RestCall): Promise<RestAnswer> {
  const buckets = await store.buckets({ signal })
  return { status: 200, json: { success: true, buckets: buckets.map(listedBucket) } }
}

export async function showBucket({ store, bucket, signal }: RestCall): Promise<RestAnswer> {
  return { status: 200, json: { success: true, ...bucketRecord(await store.headBucket(bucket, { signal })) } }
}

export async function createBucket({ request, store, bucket, signal }: RestCall): Promise<RestAnswer> {
  const options = checked(await readJson(request), bucketFields) as BucketOptions
  const made = await store.createBucket(bucket, { ...options, signal })
  return {
    status: 201,
    headers: { location: `/buckets/${made.bucket}` },
    json: { success: true, ...bucketRecord(made) },
  }
}

export async function changeBucket({ request, store, bucket, signal }: RestCall): Promise<RestAnswer> {
  const { replicas: _, ...changeable } = bucketFields
  const changes = checked(await readJson(request), changeable) as BucketChanges
  return {
    status: 200,
    json: { success: true, ...bucketRecord(await store.changeBucket(bucket, { ...changes, signal })) },
  }
}

export async function deleteBucket({ store, bucket, query, signal }: RestCall): Promise<RestAnswer> {
  await store.deleteBucket(bucket, { force: flagOf(query, 'force'), signal })
  return { status: 200, json: { success: true, bucket } }
}

export async function showStatus({ store, signal }: RestCall): Promise<RestAnswer> {
  return { status: 200, json: { success: true, ...statusRecord(await store.status({ signal })) } }
}

function isTexts(value: object): boolean {
  return !Array.isArray(value) && Object.values(value).every(text => typeof text === 'string')
}

/** The list has no room for tags. */
function listedBucket(bucket: ListedBucket): object {
  const { tags: _, ...listed } = bucketRecord({ ...bucket, tags: {} }) as { readonly tags: object }
  return listed
}

/** BAD_REQUEST for a field that nobody knows or that is of another type; what its value may be the store decides. */
function checked(given: object, fields: Readonly<Record<string, Kind>>): object {
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (kind === undefined) {
      throw new TorcError('BAD_REQUEST', `a bucket has no field ${JSON.stringify(name.slice(0, 80))}`, {
        hint: `The fields are ${Object.keys(fields).join(', ')}.`,
      })
    }
    if (typeof value !== kind || value === null || (kind === 'object' && !isTexts(value)))
      throw new TorcError('BAD_REQUEST', `${name} must be a ${kind}`)
  }
  return given
}
