import { contextAfterWrite } from '@torc/cluster/state/version'
import { partsBucket, uploadsBucket } from '../buckets/hidden-buckets.js'
import type { Coordination } from '../core/coordination.js'
import type { OperationLimits } from '../core/operations.js'
import { purge } from '../flows/delete-flow.js'
import { type PartRecord, partRecords } from './part-records.js'
import { type NamedUpload, partKey, recordKey, uploadNotFound } from './upload-names.js'
import { markEnding, readRecord, type UploadRecord } from './upload-record.js'

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

/** Ends an upload that is not to be completed. UPLOAD_NOT_FOUND where there is none, unless it was asked for before. */
export async function abortUpload(
  c: Coordination,
  upload: NamedUpload,
  retry: boolean,
  limits: OperationLimits,
): Promise<void> {
  const record = await readRecord(c, upload, limits)
  if (record !== undefined) await endUpload(c, upload, record, limits)
  else if (!retry) throw uploadNotFound(upload)
}

async function purgeParts(c: Coordination, upload: NamedUpload, limits: OperationLimits): Promise<void> {
  for await (const parts of partRecords(c, upload, limits)) {
    for (let at = 0; at < parts.length; at += parallel) {
      const some = parts.slice(at, at + parallel)
      await Promise.all(some.map(part => purgePart(c, upload, part, limits)))
    }
  }
}

/**
 * Removes a part for good. A sole head covers all that was written before it was listed, so that its own context says
 * what goes; what was written since is its writer's to remove.
 */
async function purgePart(
  c: Coordination,
  { bucket, uploadId }: NamedUpload,
  { partNumber, version, hasSiblings }: PartRecord,
  { timeoutMs, signal }: OperationLimits,
): Promise<void> {
  const { createdAt: newest, seq } = version
  await purge(c, {
    bucket: partsBucket(c.environment.hasher, bucket),
    key: partKey(uploadId, partNumber),
    versionId: undefined,
    token: hasSiblings ? undefined : { context: contextAfterWrite(version), newest, seq },
    retry: false,
    timeoutMs,
    signal,
  })
}
