import { covers } from '@torc/cluster/clocks/causal-context'
import { dotsEqual } from '@torc/cluster/clocks/dot'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import type { KeyIndex } from '../index/key-index.js'
import type { KnownKey } from '../index/key-writer.js'
import type { OperationRange } from '../index/operation-range.js'

/** Bytes of records in one frame: well below a head's limit. */
export const frameRecordBytes = 384 * 1024
const rowsPerRead = 256

/** Records of the versions that are no heads, in pages that fit a frame each; one at least where there are any. */
export function* otherVersions(
  index: KeyIndex,
  known: KnownKey,
  range?: OperationRange,
): Generator<Uint8Array[], void, undefined> {
  if (known.summary.versionCount <= known.summary.heads.length) return
  let page: Uint8Array[] = []
  let bytes = 0
  for (const record of recordsOf(index, known, range)) {
    if (!isOther(known, record)) continue
    if (bytes + record.length > frameRecordBytes && page.length > 0) {
      yield page
      page = []
      bytes = 0
    }
    page.push(record)
    bytes += record.length
  }
  if (page.length > 0) yield page
}

function* recordsOf(
  index: KeyIndex,
  known: KnownKey,
  range?: OperationRange,
): Generator<Uint8Array, void, undefined> {
  if (range !== undefined) {
    yield* index.rows.recordsByOperation(known.id, range.first, range.last)
    return
  }
  // Row ids rise, so that each read begins where the last one ended, whatever was added in between.
  for (let after = 0; ; ) {
    const rows = index.rows.recordsPage(known.id, after, rowsPerRead)
    for (const row of rows) yield row.record
    const last = rows.at(-1)
    if (last === undefined || rows.length < rowsPerRead) return
    after = last.id
  }
}

/**
 * Whether the record is one of the versions that the summary stands for and no head. The pages of a long history are
 * read over several turns: what was written since is left out, as the summary's context does not cover it.
 */
function isOther(known: KnownKey, record: Uint8Array): boolean {
  const { heads, context } = known.summary
  const { dot } = decodeVersion(record)
  return !heads.some(head => dotsEqual(head.dot, dot)) && covers(context, dot)
}
