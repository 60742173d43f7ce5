import { TorcError } from '@torc/protocol/errors'
import { S3Error } from '../errors/s3-error.js'
import { isAbsent } from '../request/conditions.js'
import { shownVersionId } from '../response/object-headers.js'
import type { S3Call } from '../s3-call.js'

/** Why an object could not be read, as S3 tells it: delete markers have headers of their own. */
export async function readFailure(
  call: S3Call,
  thrown: unknown,
  versionId: string | undefined,
): Promise<unknown> {
  const error = TorcError.from(thrown)
  if (!isAbsent(error)) return error
  if (versionId !== undefined) return failureOfVersion(call, error, versionId)
  const marker = error.details?.['marker']
  if (typeof marker !== 'string')
    return new S3Error('NoSuchKey', { elements: { Key: call.key }, cause: error })
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': await nameOfMarker(call, marker) }
  return new S3Error('NoSuchKey', { elements: { Key: call.key }, headers, cause: error })
}

async function failureOfVersion(call: S3Call, error: TorcError, versionId: string): Promise<unknown> {
  try {
    const info = await call.store.head(call.bucket, call.key, { ...call.options, versionId })
    if (info.kind === 'marker') return markerNotReadable(info.createdAt, versionId)
  } catch (thrown) {
    // What is told is why the first read failed, unless it was not about the version at all.
    if (!isAbsent(thrown)) return thrown
  }
  const elements = { Key: call.key, VersionId: versionId }
  return new S3Error('NoSuchVersion', { elements, cause: error })
}

/** A delete marker may be removed, and nothing else. */
export function markerNotReadable(createdAt: Date, versionId: string): S3Error {
  return new S3Error('MethodNotAllowed', {
    elements: { ResourceType: 'DeleteMarker' },
    headers: {
      allow: 'DELETE',
      'x-amz-delete-marker': 'true',
      'x-amz-version-id': versionId,
      'last-modified': createdAt.toUTCString(),
    },
  })
}

/** Markers that were made while versioning was suspended are called `null`. */
async function nameOfMarker(call: S3Call, marker: string): Promise<string> {
  const versioning = await call.buckets.versioning(call.store, call.bucket, call.options)
  if (versioning === 'enabled') return marker
  const info = await call.store.head(call.bucket, call.key, { ...call.options, versionId: marker })
  return shownVersionId(info, versioning) ?? 'null'
}
