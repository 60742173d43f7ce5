import type { BodySource } from '../bodies/body-source.js'
import { prepareBody } from '../bodies/prepared-body.js'
import type { Coordination } from '../core/coordination.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { partsBucket } from './hidden-buckets.js'
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
  const { upload, opId, timeoutMs, signal } = part
  const bucket = partsBucket(c.environment.hasher, upload.bucket)
  const body = await prepareBody(c, source, { bucket, opId, timeoutMs, signal }, partInlineBytesMax)
  return writePart(c, part, body)
}
