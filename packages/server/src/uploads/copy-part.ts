import { copyBlocks } from '../bodies/block-copier.js'
import type { BodySource } from '../bodies/body-source.js'
import { type PreparedBody, prepareBody } from '../bodies/prepared-body.js'
import { storedBody } from '../bodies/stored-body.js'
import type { Coordination } from '../core/coordination.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { type CopySourceRequest, readSource } from '../flows/copy-flow.js'
import type { ReadVersion } from '../flows/get-flow.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { partInlineBytesMax, partUse } from './upload-part.js'
import { checkOpen, type PartRequest, writePart } from './write-part.js'

export interface CopyPartRequest extends PartRequest {
  readonly source: CopySourceRequest
  /** As a client gives it; undefined = all of the source. */
  readonly range: readonly [first: number, last?: number | undefined] | undefined
}

export interface CopiedPartOutcome {
  readonly written: WriteOutcome
  readonly sourceVersionId: string
}

/** Stores an object, or a range of it, as a part. BAD_REQUEST where the range has no byte of it. */
export async function copyPart(c: Coordination, request: CopyPartRequest): Promise<CopiedPartOutcome> {
  await checkOpen(c, request)
  const source = await readSource(c, request)
  const body = await bodyOf(c, request, source)
  return { written: await writePart(c, request, body), sourceVersionId: source.version.id }
}

/**
 * All of an object in blocks is referred to. Else the bytes come through this server: a small body is not in blocks, a
 * range may begin within one, and the digest of an object in parts is not that of a part.
 */
function bodyOf(
  c: Coordination,
  request: CopyPartRequest,
  read: ReadVersion,
): PreparedBody | Promise<PreparedBody> {
  const { range, timeoutMs, signal, source: from } = request
  const { version } = read
  const use = partUse(c, request)
  const whole = range === undefined && version.partBlocks === undefined
  if (whole && version.blocks !== undefined)
    return withFreshLayout(c, () => copyBlocks(c, use, { ...from, opId: version.opId }, version))
  const { pieces, stream, size } = storedBody(c, read, range, { timeoutMs, signal })
  const source: BodySource = {
    pieces,
    stream,
    size,
    sha256: () => (whole ? version.sha256 : undefined),
    discard: () => {},
  }
  return prepareBody(c, source, use, partInlineBytesMax)
}
