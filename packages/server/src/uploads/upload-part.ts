import { withLateFacts } from '@torc/protocol/store/late-facts'
import type { BlockUse } from '../bodies/block-owners.js'
import type { BodySource } from '../bodies/body-source.js'
import { prepareBody } from '../bodies/prepared-body.js'
import { partsBucket } from '../buckets/hidden-buckets.js'
import type { Coordination } from '../core/coordination.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { partKey } from './upload-names.js'
import { checkOpen, type PartRequest, writePart } from './write-part.js'

/** Parts are always in blocks, so that a completion can refer to them. */
export const partInlineBytesMax = 0

/** Stores a part. Its body is read only once the upload is known to take it. */
export async function uploadPart(
  c: Coordination,
  part: PartRequest,
  source: BodySource,
): Promise<WriteOutcome> {
  await checkOpen(c, part)
  const body = await prepareBody(c, source, partUse(c, part), partInlineBytesMax)
  return writePart(c, withLateFacts(part, source.late?.()), body)
}

/** Who needs the blocks of a part. */
export function partUse(c: Coordination, part: PartRequest): BlockUse {
  const { upload, partNumber, opId, timeoutMs, signal } = part
  const bucket = partsBucket(c.environment.hasher, upload.bucket)
  return { bucket, key: partKey(upload.uploadId, partNumber), opId, timeoutMs, signal }
}
