import { PackReader } from '@torc/cluster/codec/pack-reader'
import { PackWriter } from '@torc/cluster/codec/pack-writer'
import { limits } from '@torc/protocol/limits'

/**
 * What is kept of a session (decision 38), as the body of a version in the bucket's hidden bucket: the version's key
 * names client and session, and its time is when the session was last seen.
 */
export interface SessionRecord {
  readonly prefix: string
  readonly place: string
  /** Hybrid time. */
  readonly createdAt: number
  readonly cursor: string | undefined
}

const schemaVersion = 1
const fieldCount = 5

/** A compact array after its schema version; the same record always has the same bytes. */
export function encodeSessionRecord({ prefix, place, createdAt, cursor }: SessionRecord): Uint8Array {
  const writer = new PackWriter(64 + prefix.length + place.length + (cursor?.length ?? 0))
  writer.array(fieldCount)
  writer.uint(schemaVersion)
  writer.text(prefix)
  writer.text(place)
  writer.uint(createdAt)
  if (cursor === undefined) writer.nil()
  else writer.text(cursor)
  return writer.finish()
}

/** CORRUPT when the bytes are no record or a newer Torc wrote them. */
export function decodeSessionRecord(bytes: Uint8Array): SessionRecord {
  const reader = new PackReader(bytes, 'CORRUPT', 'record of a sync session')
  reader.tuple(fieldCount)
  reader.schema(schemaVersion)
  const record: SessionRecord = {
    prefix: reader.text(limits.keyBytesMax),
    place: reader.text(limits.syncPlaceBytesMax),
    createdAt: reader.uint(),
    cursor: reader.nil() ? undefined : reader.text(limits.tokenBytesMax),
  }
  reader.end()
  return record
}
