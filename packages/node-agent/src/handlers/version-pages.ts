import { covers } from '@torc/cluster/clocks/causal-context'
import { dotsEqual } from '@torc/cluster/clocks/dot'
import { decodeVersion, encodeVersion } from '@torc/cluster/state/version-codec'
import type { KeyIndex } from '../index/key-index.js'
import type { KnownKey } from '../index/key-writer.js'
import type { OperationRange } from '../index/operation-range.js'

/** Bytes of records in one frame: well below a head's limit, whatever else is in it. */
export const frameRecordBytes = 384 * 1024
/** Records in one frame: below the limits of the message table. */
const frameRecords = 1000
const rowsPerRead = 256

/** What one frame brings of a key. */
export interface VersionPage {
  readonly heads: Uint8Array[]
  readonly versions: Uint8Array[]
}

/**
 * The records of a key in pages that fit a frame each: the heads, newest first, then, if asked for, the versions
 * that are no heads. At least one page, empty for a key without versions; nearly always exactly one.
 */
export function* versionPages(
  index: KeyIndex,
  known: KnownKey | undefined,
  others: 'none' | 'all' | OperationRange,
): Generator<VersionPage, void, undefined> {
  let page: VersionPage = { heads: [], versions: [] }
  let bytes = 0
  for (const { record, isHead } of recordsOf(index, known, others)) {
    const count = page.heads.length + page.versions.length
    if (count > 0 && (count >= frameRecords || bytes + record.length > frameRecordBytes)) {
      yield page
      page = { heads: [], versions: [] }
      bytes = 0
    }
    const list = isHead ? page.heads : page.versions
    list.push(record)
    bytes += record.length
  }
  yield page
}

interface FoundRecord {
  readonly record: Uint8Array
  readonly isHead: boolean
}

function* recordsOf(
  index: KeyIndex,
  known: KnownKey | undefined,
  others: 'none' | 'all' | OperationRange,
): Generator<FoundRecord, void, undefined> {
  if (known === undefined) return
  const { heads, versionCount } = known.summary
  for (const head of heads) yield { record: encodeVersion(head), isHead: true }
  if (others === 'none' || versionCount <= heads.length) return
  for (const record of others === 'all' ? allRows(index, known.id) : rowsIn(index, known.id, others)) {
    if (isOther(known, record)) yield { record, isHead: false }
  }
}

function rowsIn(index: KeyIndex, id: number, range: OperationRange): Uint8Array[] {
  return index.rows.recordsByOperation(id, range.first, range.last)
}

/** Row ids rise, so that each read begins where the last one ended, whatever was added in between. */
function* allRows(index: KeyIndex, id: number): Generator<Uint8Array, void, undefined> {
  for (let after = 0; ; ) {
    const rows = index.rows.recordsPage(id, after, rowsPerRead)
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
