import type { Coordination } from '../core/coordination.js'
import type { OperationLimits } from '../core/operations.js'
import { purge } from '../flows/delete-flow.js'
import { uploadsBucket } from './hidden-buckets.js'
import { partRecords } from './part-records.js'
import { type NamedUpload, recordKey, uploadNotFound } from './upload-names.js'
import { markEnding, readRecord, type UploadRecord } from './upload-record.js'
import { purgePart } from './write-part.js'

/** Parts that are purged at once. */
const parallel = 16

/**
 * Removes an upload and its parts. After a crash it is still listed, as ending, and may be ended again; the record goes
 * last. It is marked again even where it was: whoever did that may have reached fewer than W owners.
 */
export async function endUpload(
  c: Coordination,
  upload: NamedUpload,
  record: UploadRecord,
  limits: OperationLimits,
): Promise<void> {
  await markEnding(c, upload, record, limits)
  await purgeParts(c, upload, limits)
  const { timeoutMs, signal } = limits
  await purge(c, {
    bucket: uploadsBucket(c.environment.hasher, upload.bucket),
    key: recordKey(upload),
    versionId: undefined,
    token: undefined,
    retry: false,
    timeoutMs,
    signal,
  })
}

/**
 * Ends an upload that is not to be completed. Parts without a record go too: of a server that died between a part and
 * its second look at the record. UPLOAD_NOT_FOUND where nothing was there, unless it was asked for before.
 */
export async function abortUpload(
  c: Coordination,
  upload: NamedUpload,
  retry: boolean,
  limits: OperationLimits,
): Promise<void> {
  const record = await readRecord(c, upload, limits)
  if (record !== undefined) return endUpload(c, upload, record, limits)
  const purged = await purgeParts(c, upload, limits)
  if (purged === 0 && !retry) throw uploadNotFound(upload)
}

/** Resolves with how many there were. */
async function purgeParts(c: Coordination, upload: NamedUpload, limits: OperationLimits): Promise<number> {
  let count = 0
  for await (const parts of partRecords(c, upload, limits)) {
    for (let at = 0; at < parts.length; at += parallel) {
      const some = parts.slice(at, at + parallel)
      await Promise.all(some.map(({ partNumber }) => purgePart(c, upload, partNumber, limits)))
    }
    count += parts.length
  }
  return count
}
