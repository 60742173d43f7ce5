import { type Dot, dotsEqual } from '@torc/cluster/clocks/dot'
import { headsAsOf } from '@torc/cluster/state/as-of'
import { decodeSummary, headsCoverAll } from '@torc/cluster/state/key-summary'
import { compareVersions, type Version } from '@torc/cluster/state/version'
import { decodeVersion, encodeVersion } from '@torc/cluster/state/version-codec'
import { TorcError } from '@torc/protocol/errors'
import type { KeyIndex } from '../index/key-index.js'
import type { KnownKey } from '../index/key-writer.js'
import type { OperationRange } from '../index/operation-range.js'

/**
 * The records of a key at one moment. `heads` and `others` belong together and to the summary that they were made
 * from, also when the others are read over several turns of the event loop while writes go on: a version that the
 * context covers and that is not among them must be gone, or the reader would take it for removed.
 */
export interface KeyRecords {
  /** Newest first. */
  readonly heads: readonly Version[]
  /** As `headsCoverAll` of a summary. */
  readonly headsCoverAll: boolean
  /** Records of versions that are no heads, as far as they were asked for. */
  readonly others: Iterable<Uint8Array>
}

/** Histories up to this length are read at once; of longer ones the dots, and the records one by one. */
const versionsAtOnce = 256

export const noRecords: KeyRecords = { heads: [], headsCoverAll: true, others: [] }

/** As the key is now. `known` must have been read in the same turn. */
export function recordsNow(
  index: KeyIndex,
  known: KnownKey,
  others: 'none' | 'all' | 'nulls' | OperationRange,
): KeyRecords {
  const { summary } = known
  const { heads, versionCount } = summary
  const records = others === 'none' || versionCount <= heads.length ? [] : otherRecords(index, known, others)
  return { heads, headsCoverAll: headsCoverAll(summary), others: records }
}

/** As the key was at an earlier time, of what is still here. `known` must have been read in the same turn. */
export function recordsAsOf(
  index: KeyIndex,
  known: KnownKey,
  at: number,
  others: 'none' | 'all',
): KeyRecords {
  if (known.summary.newest <= at) return recordsNow(index, known, others)
  const versions = index.rows.recordsUpTo(known.id, at).map(record => decodeVersion(record))
  const latest = known.summary.heads[0]
  if (latest !== undefined && latest.createdAt <= at) versions.push(latest)
  const { heads, coverAll } = headsAsOf(versions, at)
  const below =
    others === 'none' ? [] : versions.filter(one => !isAmong(heads, one.dot)).sort(compareVersions)
  return { heads, headsCoverAll: coverAll, others: below.map(encodeVersion) }
}

function otherRecords(
  index: KeyIndex,
  known: KnownKey,
  others: 'all' | 'nulls' | OperationRange,
): Iterable<Uint8Array> {
  const { heads, versionCount, nulls } = known.summary
  if (others === 'nulls') {
    return nulls.filter(dot => !isAmong(heads, dot)).flatMap(dot => index.rows.recordOf(known.id, dot) ?? [])
  }
  if (others === 'all' && versionCount > versionsAtOnce) {
    return oneByOne(
      index,
      known.id,
      index.rows.dotsOf(known.id).filter(dot => !isAmong(heads, dot)),
      index.drops,
    )
  }
  const rows =
    others === 'all'
      ? index.rows.recordsOf(known.id)
      : index.rows.recordsByOperation(known.id, others.first, others.last)
  return rows.filter(row => !isAmong(heads, row)).map(({ record }) => record)
}

/**
 * Those of the versions that are still here. One without a row may have become the latest head meanwhile. UNAVAILABLE
 * once a key was dropped (its hints are delivered): the reader would take all of its versions for removed.
 */
function* oneByOne(
  index: KeyIndex,
  keyId: number,
  dots: readonly Dot[],
  drops: number,
): Generator<Uint8Array, void, undefined> {
  for (const dot of dots) {
    const record = index.rows.recordOf(keyId, dot) ?? recordOfLatest(index, keyId, dot)
    if (record !== undefined) yield record
    else if (index.drops !== drops)
      throw new TorcError('UNAVAILABLE', 'the key went to its owners while it was read here; read it again')
  }
}

function recordOfLatest(index: KeyIndex, keyId: number, dot: Dot): Uint8Array | undefined {
  const summary = index.rows.summaryOf(keyId)
  const latest = summary === undefined ? undefined : decodeSummary(summary).heads[0]
  return latest !== undefined && dotsEqual(latest.dot, dot) ? encodeVersion(latest) : undefined
}

function isAmong(heads: readonly Version[], dot: Dot): boolean {
  return heads.some(head => dotsEqual(head.dot, dot))
}
