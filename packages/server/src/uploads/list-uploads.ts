import type { UploadMarker } from '@torc/protocol/store/multipart'
import type { BucketView } from '../buckets/bucket-record.js'
import { uploadsBucket } from '../buckets/hidden-buckets.js'
import type { Coordination } from '../core/coordination.js'
import type { OperationLimits } from '../core/operations.js'
import { listPage } from '../list/list-flow.js'
import { readRecordKey } from './upload-names.js'
import { type ListedUpload, UploadPageBuilder, type UploadPageRequest } from './upload-page.js'
import { createdAtOf } from './upload-record.js'

export interface ListUploadsRequest extends UploadPageRequest, OperationLimits {
  readonly bucket: BucketView
}

export interface ListedUploads {
  readonly uploads: readonly ListedUpload[]
  readonly prefixes: readonly string[]
  readonly nextMarker: UploadMarker | undefined
}

/** One page of the uploads of a bucket, those that are ending among them. */
export async function listUploads(c: Coordination, request: ListUploadsRequest): Promise<ListedUploads> {
  const { prefix, timeoutMs, signal } = request
  const bucket = uploadsBucket(c.environment.hasher, request.bucket)
  const builder = new UploadPageBuilder(request)
  for (let more = true; more && !builder.ended; ) {
    const page = await listPage(c, {
      bucket,
      // A listing of keys would not show those that are marked as ending.
      what: 'versions',
      prefix,
      delimiter: undefined,
      limit: builder.wanted,
      startAfter: builder.startAfter,
      token: undefined,
      timeoutMs,
      signal,
    })
    for (const entry of page.entries) {
      if (!('version' in entry) || !entry.isLatest) continue
      const { version } = entry
      const state = version.kind === 'marker' ? 'ending' : 'open'
      builder.add({ ...readRecordKey(entry.key), createdAt: createdAtOf(version), state })
    }
    more = page.token !== undefined && page.entries.length > 0
  }
  const { uploads, prefixes, nextMarker } = builder
  return { uploads, prefixes, nextMarker }
}
