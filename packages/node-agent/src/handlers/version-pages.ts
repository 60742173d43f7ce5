import { encodeVersion } from '@torc/cluster/state/version-codec'
import type { KeyRecords } from './key-records.js'

/** Bytes of records in one frame: well below a head's limit, whatever else is in it. */
export const frameRecordBytes = 384 * 1024
/** Records in one frame: below the limits of the message table. */
const frameRecords = 1000

/** What one frame brings of a key. */
export interface VersionPage {
  readonly heads: Uint8Array[]
  readonly versions: Uint8Array[]
}

/**
 * The records of a key in pages that fit a frame each: the heads, newest first, then the versions that are no heads.
 * At least one page, empty for a key without versions; nearly always exactly one.
 */
export function* versionPages(records: KeyRecords): Generator<VersionPage, void, undefined> {
  let page: VersionPage = { heads: [], versions: [] }
  let bytes = 0
  for (const { record, isHead } of inOrder(records)) {
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

function* inOrder({ heads, others }: KeyRecords): Generator<FoundRecord, void, undefined> {
  for (const head of heads) yield { record: encodeVersion(head), isHead: true }
  for (const record of others) yield { record, isHead: false }
}
