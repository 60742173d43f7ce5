import { S3Error } from '../errors/s3-error.js'
import { versionIdOf } from '../request/parameters.js'
import { bucketTagsMax, objectTagsMax, readTagging, type Tags } from '../request/tags.js'
import { answerEmpty, answerXml } from '../response/answer.js'
import type { S3Call } from '../s3-call.js'
import type { XmlElement } from '../xml/xml-writer.js'
import { readFailure } from './read-failure.js'

export async function getObjectTagging(call: S3Call): Promise<void> {
  const versionId = versionIdOf(call)
  const { tags } = await objectTags(call, versionId)
  answerXml(call, taggingElement(tags), { 'x-amz-version-id': versionId })
}

/** All tags of the object are those of the document then. */
export async function putObjectTagging(call: S3Call): Promise<void> {
  const versionId = versionIdOf(call)
  const tags = readTagging(await call.document('Tagging'), objectTagsMax)
  await replaceTags(call, versionId, tags)
  answerEmpty(call, 200, { 'x-amz-version-id': versionId })
}

export async function deleteObjectTagging(call: S3Call): Promise<void> {
  const versionId = versionIdOf(call)
  await replaceTags(call, versionId, {})
  answerEmpty(call, 204, { 'x-amz-version-id': versionId })
}

async function replaceTags(call: S3Call, versionId: string | undefined, tags: Tags): Promise<void> {
  const before = await objectTags(call, versionId)
  const clear = Object.keys(before.tags).filter(name => !Object.hasOwn(tags, name))
  // The version that was looked at, so that the tags of no other one are changed.
  const options = { ...call.options, versionId: before.versionId }
  await call.store.setTags(call.bucket, call.key, { set: tags, clear }, options)
}

async function objectTags(call: S3Call, versionId: string | undefined) {
  try {
    return await call.store.tags(call.bucket, call.key, { ...call.options, versionId })
  } catch (thrown) {
    throw await readFailure(call, thrown, versionId)
  }
}

export async function getBucketTagging(call: S3Call): Promise<void> {
  const { tags } = await call.buckets.read(call.store, call.bucket, call.options)
  if (Object.keys(tags).length === 0)
    throw new S3Error('NoSuchTagSet', { elements: { BucketName: call.bucket } })
  answerXml(call, taggingElement(tags))
}

export async function putBucketTagging(call: S3Call): Promise<void> {
  const tags = readTagging(await call.document('Tagging'), bucketTagsMax)
  await call.store.changeBucket(call.bucket, { ...call.options, tags })
  answerEmpty(call, 204)
}

export async function deleteBucketTagging(call: S3Call): Promise<void> {
  await call.store.changeBucket(call.bucket, { ...call.options, tags: {} })
  answerEmpty(call, 204)
}

function taggingElement(tags: Tags): XmlElement {
  const elements = Object.entries(tags).map(
    ([name, value]): XmlElement => [
      'Tag',
      [
        ['Key', name],
        ['Value', value],
      ],
    ],
  )
  return ['Tagging', [['TagSet', elements]]]
}
