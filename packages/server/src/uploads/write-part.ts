import { type Version, versionIdOf } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { PreparedBody } from '../bodies/prepared-body.js'
import { partsBucket } from '../buckets/hidden-buckets.js'
import type { Coordination } from '../core/coordination.js'
import type { OperationLimits } from '../core/operations.js'
import { purge } from '../flows/delete-flow.js'
import { write } from '../flows/put-flow.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { type NamedUpload, partKey, uploadNotFound } from './upload-names.js'
import { readRecord } from './upload-record.js'

export interface PartRequest extends OperationLimits {
  readonly upload: NamedUpload
  readonly partNumber: number
  readonly opId: Uint8Array
  readonly retry: boolean
  /** As its writer names it; undefined: one that is made of the body. */
  readonly etag?: string | undefined
  readonly metadata?: Version['metadata'] | undefined
}

/**
 * UPLOAD_NOT_FOUND where the upload takes no parts. What an earlier attempt may have left goes: its server may have
 * died before it could look whether the upload was still there.
 */
export async function checkOpen(c: Coordination, part: PartRequest): Promise<void> {
  const record = await readRecord(c, part.upload, part)
  if (record?.state === 'open') return
  if (part.retry) await withdraw(c, part)
  throw uploadNotFound(part.upload)
}

/**
 * Writes a part whose blocks are there, and then looks whether the upload still takes parts. Whoever ends it marks its
 * record first and looks for parts then: one that it did not see was written after the mark, so that its writer sees
 * the mark here (R + W > N), and removes the part again.
 */
export async function writePart(
  c: Coordination,
  part: PartRequest,
  body: PreparedBody,
): Promise<WriteOutcome> {
  let written: WriteOutcome | undefined
  let failure: TorcError | undefined
  try {
    written = await mintPart(c, part, body)
  } catch (thrown) {
    // A purge that overtook it on its way makes it so, too: then the upload is what is to be told of.
    failure = TorcError.from(thrown)
    if (failure.code !== 'INDETERMINATE') throw failure
  }
  const record = await readRecord(c, part.upload, part)
  if (record?.state !== 'open') {
    await withdraw(c, part)
    throw uploadNotFound(part.upload)
  }
  if (written === undefined) throw failure
  return written
}

function mintPart(c: Coordination, part: PartRequest, body: PreparedBody): Promise<WriteOutcome> {
  const { upload, partNumber, opId, retry, etag, metadata = [], timeoutMs, signal } = part
  return write(c, {
    bucket: partsBucket(c.environment.hasher, upload.bucket),
    key: partKey(upload.uploadId, partNumber),
    opId,
    kind: 'object',
    body,
    etag,
    contentType: '',
    metadata,
    token: undefined,
    policy: undefined,
    retry,
    timeoutMs,
    signal,
  })
}

/** Removes for good what an operation wrote of a part: just that, as its number may be in use by then. */
async function withdraw(c: Coordination, part: PartRequest): Promise<void> {
  const { upload, partNumber, opId, timeoutMs, signal } = part
  await purge(c, {
    bucket: partsBucket(c.environment.hasher, upload.bucket),
    key: partKey(upload.uploadId, partNumber),
    versionId: versionIdOf(opId),
    token: undefined,
    // It may be gone: whoever ends the upload may have seen it.
    retry: true,
    timeoutMs,
    signal,
  })
}
