import { PackReader } from '@torc/cluster/codec/pack-reader'
import { PackWriter } from '@torc/cluster/codec/pack-writer'
import { bucketIdBytes } from '@torc/cluster/ring/bucket-id'
import { limits } from '@torc/protocol/limits'
import { type Grant, grants } from '@torc/protocol/messages/access'
import { sealedBytesMax } from './secret-seals.js'

/** What a key may do with a bucket: with this very one, not with a later one of its name. */
export interface StoredGrant {
  /** Name of the bucket, or `*`. */
  readonly bucket: string
  /** Empty for `*`. */
  readonly bucketId: Uint8Array
  /** In the order of `grants`, each at most once; at least one. */
  readonly grants: readonly Grant[]
}

/** An access key's record in the control store. A deleted key keeps its own, without secret and grants. */
export interface AccessKeyRecord {
  readonly id: string
  readonly name: string
  readonly deleted: boolean
  /** Hybrid time. */
  readonly createdAt: number
  /** It may administer the cluster. */
  readonly admin: boolean
  /** How often it was changed. */
  readonly changes: number
  /** The secret key, encrypted. */
  readonly sealedSecret: Uint8Array
  /** By the bucket's name, each name once. */
  readonly grants: readonly StoredGrant[]
}

/** The records are beside those of the buckets, whose names begin with a letter or a digit. */
export const accessKeyRecordPrefix = '_key/'

const schemaVersion = 1
const fieldCount = 9

/** A compact array after its schema version; the same record always has the same bytes. */
export function encodeAccessKeyRecord(record: AccessKeyRecord): Uint8Array {
  const writer = new PackWriter(256)
  writer.array(fieldCount)
  writer.uint(schemaVersion)
  writer.text(record.id)
  writer.text(record.name)
  writer.uint(record.deleted ? 1 : 0)
  writer.uint(record.createdAt)
  writer.uint(record.admin ? 1 : 0)
  writer.uint(record.changes)
  writer.bytes(record.sealedSecret)
  writer.array(record.grants.length)
  for (const { bucket, bucketId, grants } of record.grants) {
    writer.array(3)
    writer.text(bucket)
    writer.bytes(bucketId)
    writer.uint(bitsOf(grants))
  }
  return writer.finish()
}

/** CORRUPT when the bytes are no record or a newer Torc wrote them. */
export function decodeAccessKeyRecord(bytes: Uint8Array): AccessKeyRecord {
  const reader = new PackReader(bytes, 'CORRUPT', 'access key record')
  reader.tuple(fieldCount)
  reader.schema(schemaVersion)
  const record: AccessKeyRecord = {
    id: reader.text(limits.nodeIdBytesMax),
    name: reader.text(limits.keyNameBytesMax),
    deleted: reader.uint(1) === 1,
    createdAt: reader.uint(),
    admin: reader.uint(1) === 1,
    changes: reader.uint(),
    sealedSecret: reader.bytes(sealedBytesMax),
    grants: Array.from({ length: reader.array(limits.grantsMax) }, () => readGrant(reader)),
  }
  reader.end()
  return record
}

function readGrant(reader: PackReader): StoredGrant {
  reader.tuple(3)
  return {
    bucket: reader.text(limits.bucketNameBytesMax),
    bucketId: reader.bytes(bucketIdBytes),
    grants: grantsOf(reader.uint(allBits)),
  }
}

// As they are stored: bit i is the i-th of `grants`, which only ever grows at its end.
const allBits = 2 ** grants.length - 1

function bitsOf(given: readonly Grant[]): number {
  return grants.reduce((bits, grant, i) => (given.includes(grant) ? bits | (1 << i) : bits), 0)
}

function grantsOf(bits: number): Grant[] {
  return grants.filter((_, i) => (bits & (1 << i)) !== 0)
}
