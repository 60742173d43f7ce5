import { PackReader } from '@torc/cluster/codec/pack-reader'
import { PackWriter } from '@torc/cluster/codec/pack-writer'

/** What counts for the whole cluster. Beside the buckets' records, under a name that no bucket can have. */
export interface ClusterRecord {
  /** Retention policy of buckets that inherit; `inherit` = none. */
  readonly policy: string
}

/** Key of the record. Names of buckets begin with a letter or a digit. */
export const clusterRecordKey = '_cluster'

export const emptyClusterRecord: ClusterRecord = { policy: 'inherit' }

const schemaVersion = 1

export function encodeClusterRecord(record: ClusterRecord): Uint8Array {
  const writer = new PackWriter(64)
  writer.array(2)
  writer.uint(schemaVersion)
  writer.text(record.policy)
  return writer.finish()
}

/** CORRUPT when the bytes are no record or a newer Torc wrote them. */
export function decodeClusterRecord(bytes: Uint8Array): ClusterRecord {
  const reader = new PackReader(bytes, 'CORRUPT', 'cluster record')
  reader.tuple(2)
  reader.schema(schemaVersion)
  const record: ClusterRecord = { policy: reader.text(256) }
  reader.end()
  return record
}
