import type { Token } from '@torc/cluster/clocks/token'
import type { Condition } from '@torc/cluster/consensus/condition'
import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import { withLateFacts } from '@torc/protocol/store/late-facts'
import type { NamedPart } from '@torc/protocol/store/multipart'
import { copyBlocks } from '../bodies/block-copier.js'
import type { Coordination } from '../core/coordination.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import type { OperationLimits } from '../core/operations.js'
import { write } from '../flows/put-flow.js'
import { completeEarlier } from '../flows/repeat-flow.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { checkOrder, joinParts, PartSelection } from './chosen-parts.js'
import { endUpload } from './end-upload.js'
import { partRecords } from './part-records.js'
import type { NamedUpload } from './upload-names.js'
import { readOpenRecord, readRecord } from './upload-record.js'

export interface CompleteRequest extends OperationLimits {
  readonly upload: NamedUpload
  readonly opId: Uint8Array
  readonly parts: readonly NamedPart[]
  /** As its writer names it; undefined: one that is made of the parts. */
  readonly etag: string | undefined
  /** Added behind the upload's. */
  readonly metadata: Version['metadata'] | undefined
  /** A client's context of the key. */
  readonly token: Token | undefined
  readonly condition?: Condition | undefined
  readonly retry: boolean
}

/**
 * Makes a version of the parts that are named: their block lists one after the other, with references of its own to
 * every block before it is minted, so that what becomes of the parts then does not matter to it. No body is read.
 *
 * A repeated completion may find that the version is there and the upload too: then it ends the upload.
 */
export async function completeUpload(c: Coordination, request: CompleteRequest): Promise<WriteOutcome> {
  const { upload, opId, retry, timeoutMs, signal } = request
  const { bucket, key } = upload
  checkOrder(request.parts)
  if (retry) {
    const earlier = await completeEarlier(c, { bucket, key, opId, timeoutMs, signal })
    if (earlier !== undefined) {
      await endCompleted(c, request)
      return earlier
    }
  }
  const record = await readOpenRecord(c, upload, request)
  const { contentType, metadata, tags, policy } = withLateFacts(record, { metadata: request.metadata })
  const selection = new PartSelection(request.parts)
  for await (const parts of partRecords(c, upload, request)) if (!selection.take(parts)) break
  const joined = joinParts(c.environment.hasher, selection.finish())
  const use = { bucket, key, opId, timeoutMs, signal }
  // Owners that turn out to lack a block get it for the version to be, as those who refer to it do.
  const body = await withFreshLayout(c, () => copyBlocks(c, use, use, joined))
  const written = await write(c, {
    bucket,
    key,
    opId,
    kind: 'object',
    body,
    etag: request.etag,
    contentType,
    metadata,
    tags,
    token: request.token,
    condition: request.condition,
    policy,
    retry,
    timeoutMs,
    signal,
  })
  await endCompleted(c, request)
  return written
}

/** The version is there, whatever happens now: an upload that could not be removed stays listed, and may be aborted. */
async function endCompleted(c: Coordination, request: CompleteRequest): Promise<void> {
  const { upload } = request
  try {
    const record = await readRecord(c, upload, request)
    if (record !== undefined) await endUpload(c, upload, record, request)
  } catch (thrown) {
    const { code } = TorcError.from(thrown)
    c.log.warn({ key: upload.key, upload: upload.uploadId, code }, 'a completed upload was not removed')
  }
}
