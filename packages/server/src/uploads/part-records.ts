import type { Version } from '@torc/cluster/state/version'
import { limits } from '@torc/protocol/limits'
import { partsBucket } from '../buckets/hidden-buckets.js'
import type { Coordination } from '../core/coordination.js'
import type { OperationLimits } from '../core/operations.js'
import { listPage } from '../list/list-flow.js'
import { type NamedUpload, partKey, partNumberOf, partPrefix } from './upload-names.js'

/** A part with its block list. */
export interface PartRecord {
  readonly partNumber: number
  readonly version: Version
  /** Others wrote it at the same time: there are more heads than this one. */
  readonly hasSiblings: boolean
}

export interface PartRecordPage {
  readonly parts: readonly PartRecord[]
  readonly more: boolean
}

/** Parts of an upload above a number, in order, as R owners of each hold them. No body is read. */
export async function partRecordPage(
  c: Coordination,
  { bucket, uploadId }: Pick<NamedUpload, 'bucket' | 'uploadId'>,
  marker: number,
  limit: number,
  { timeoutMs, signal }: OperationLimits,
): Promise<PartRecordPage> {
  const { entries, token } = await listPage(c, {
    bucket: partsBucket(c.environment.hasher, bucket),
    what: 'keys',
    prefix: partPrefix(uploadId),
    delimiter: undefined,
    limit,
    startAfter: partKey(uploadId, marker),
    token: undefined,
    timeoutMs,
    signal,
  })
  const parts = entries.flatMap(entry =>
    'version' in entry
      ? [
          {
            partNumber: partNumberOf(entry.key),
            version: entry.version,
            hasSiblings: entry.siblings.length > 0,
          },
        ]
      : [],
  )
  return { parts, more: token !== undefined }
}

/** A page of parts must fit the head of a frame, whatever their metadata. */
const answerBytesMax = limits.headBytesMax / 2
/** Of a part on the wire, beside its metadata (an upper bound). */
const partBytes = 256

/** The page up to where it is as large as an answer may be, one part at least. */
export function answerable({ parts, more }: PartRecordPage): PartRecordPage {
  let bytes = 0
  const fits = parts.findIndex(({ version }, i) => {
    bytes += partBytes
    for (const [name, value] of version.metadata) bytes += 10 + Buffer.byteLength(name + value)
    return i > 0 && bytes > answerBytesMax
  })
  return fits === -1 ? { parts, more } : { parts: parts.slice(0, fits), more: true }
}

/** Of a page: few enough for the block lists of large parts. */
const partsAtOnce = 250

/** All parts of an upload, page by page. */
export async function* partRecords(
  c: Coordination,
  upload: Pick<NamedUpload, 'bucket' | 'uploadId'>,
  within: OperationLimits,
): AsyncGenerator<readonly PartRecord[]> {
  let marker = 0
  for (;;) {
    const { parts, more } = await partRecordPage(c, upload, marker, partsAtOnce, within)
    if (parts.length > 0) yield parts
    marker = parts.at(-1)?.partNumber ?? marker
    if (!more || parts.length === 0) return
  }
}
