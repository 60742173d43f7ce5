import { TorcError } from '@torc/protocol/errors'
import { isAbsent, matchedVersion } from '../request/conditions.js'
import { versionIdOf } from '../request/parameters.js'
import { answerEmpty } from '../response/answer.js'
import type { S3Call } from '../s3-call.js'

/** What became of one object. */
export interface Deleted {
  /** The version that was removed, or the marker that was added; undefined in buckets without versions. */
  readonly versionId: string | undefined
  /** It is, or was, a delete marker. */
  readonly marker: boolean
}

export async function deleteObject(call: S3Call): Promise<void> {
  const deleted = await deleteOne(call, call.key, versionIdOf(call), call.header('if-match'))
  answerEmpty(call, 204, {
    'x-amz-version-id': deleted.versionId,
    'x-amz-delete-marker': deleted.marker ? 'true' : undefined,
  })
}

/**
 * Deletes as the bucket's versioning wants it: a version is removed for good, a key gets a delete marker where there
 * are versions and is purged where there are none. What is not there is no error, but under a condition.
 */
export async function deleteOne(
  call: S3Call,
  key: string,
  versionId: string | undefined,
  ifMatch: string | undefined,
): Promise<Deleted> {
  const { store, bucket, options } = call
  const matched = ifMatch === undefined ? undefined : await matchedVersion(call, key, versionId, ifMatch)
  if (versionId !== undefined) return deleteVersion(call, key, versionId)
  // Under a condition only what was seen is deleted: what somebody writes meanwhile stays.
  const context = matched?.context
  const { versioning } = await call.buckets.read(store, bucket, options)
  if (versioning === 'unversioned') {
    await store.delete(bucket, key, { ...options, context })
    return { versionId: undefined, marker: false }
  }
  const { marker } = await store.delete(bucket, key, { ...options, context, marker: true })
  return { versionId: versioning === 'suspended' ? 'null' : marker, marker: true }
}

async function deleteVersion(call: S3Call, key: string, versionId: string): Promise<Deleted> {
  const marker = await isMarker(call, key, versionId)
  try {
    await call.store.delete(call.bucket, key, { ...call.options, versionId })
  } catch (thrown) {
    if (!isAbsent(thrown)) throw thrown
  }
  return { versionId, marker }
}

/** Who may write and not read is not told. */
async function isMarker(call: S3Call, key: string, versionId: string): Promise<boolean> {
  try {
    const { kind } = await call.store.head(call.bucket, key, { ...call.options, versionId })
    return kind === 'marker'
  } catch (thrown) {
    if (isAbsent(thrown) || TorcError.from(thrown).code === 'DENIED') return false
    throw thrown
  }
}
