import { PackReader } from '@torc/cluster/codec/pack-reader'
import { PackWriter } from '@torc/cluster/codec/pack-writer'
import { majority } from '@torc/cluster/consensus/majority'
import { keepAll, type RetentionPolicy } from '@torc/cluster/retention/policy'
import { bucketIdOf, systemBucketId } from '@torc/cluster/ring/bucket-id'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { limits } from '@torc/protocol/limits'
import type { Compression, Cutting, Versioning } from '@torc/protocol/store/object-store'
import { type PolicyInForce, policyInForce } from './policy-in-force.js'

/** What flows need to know of a bucket. */
export interface BucketView {
  readonly name: string
  readonly id: Uint8Array
  readonly replicas: number
  readonly readQuorum: number
  readonly writeQuorum: number
  readonly strict: boolean
  /** It was strict from the first, so that nobody holds hints of it. */
  readonly neverHinted?: boolean
  /** The retention policy in force for keys without one of their own, and whose it is. */
  readonly policy: RetentionPolicy
  readonly policyFrom: PolicyInForce['from']
  /** How bodies that are written from now on are cut into blocks. */
  readonly cutting: Cutting
  /** How blocks that are new from now on are kept. */
  readonly compression: Compression
  readonly versioning: Versioning
  /** Whoever comes without an access key may read it. */
  readonly publicRead: boolean
}

/** A bucket's record in the control store. Deleted buckets keep theirs, so that a later one gets another id. */
export interface BucketRecord {
  readonly name: string
  readonly generation: number
  readonly deleted: boolean
  /** Hybrid time. */
  readonly createdAt: number
  readonly replicas: number
  readonly readQuorum: number
  readonly writeQuorum: number
  readonly strict: boolean
  /** Retention policy; `inherit` = the cluster's. */
  readonly policy: string
  /** How often the settings were changed. */
  readonly changes: number
  readonly cutting: Cutting
  readonly compression: Compression
  readonly versioning: Versioning
  readonly publicRead: boolean
  /** By name. */
  readonly tags: readonly (readonly [name: string, value: string])[]
}

const schemaVersion = 5
/** Fields of each schema, from the first on; a schema adds to the one before. */
const fieldCounts = [10, 11, 12, 13, 16]
const fieldsMax = 16
/** As they are stored: a number, which never means anything else. */
export const cuttings = ['fixed', 'content'] as const
export const compressions = ['none', 'brotli'] as const
export const versionings = ['unversioned', 'enabled', 'suspended'] as const

/** A compact array after its schema version; the same record always has the same bytes. */
export function encodeBucketRecord(record: BucketRecord): Uint8Array {
  const writer = new PackWriter(160)
  writer.array(fieldsMax)
  writer.uint(schemaVersion)
  writer.text(record.name)
  writer.uint(record.generation)
  writer.uint(record.deleted ? 1 : 0)
  writer.uint(record.createdAt)
  writer.uint(record.replicas)
  writer.uint(record.readQuorum)
  writer.uint(record.writeQuorum)
  writer.uint(record.strict ? 1 : 0)
  writer.text(record.policy)
  writer.uint(record.changes)
  writer.uint(cuttings.indexOf(record.cutting))
  writer.uint(compressions.indexOf(record.compression))
  writer.uint(versionings.indexOf(record.versioning))
  writer.uint(record.publicRead ? 1 : 0)
  writer.array(2 * record.tags.length)
  for (const [name, value] of record.tags) {
    writer.text(name)
    writer.text(value)
  }
  return writer.finish()
}

/** CORRUPT when the bytes are no record or a newer Torc wrote them. */
export function decodeBucketRecord(bytes: Uint8Array): BucketRecord {
  const reader = new PackReader(bytes, 'CORRUPT', 'bucket record')
  const fields = reader.array(fieldsMax)
  const schema = reader.schema(schemaVersion)
  if (fields !== fieldCounts[schema - 1]) throw reader.refuse(`${fields} fields`)
  const record: BucketRecord = {
    name: reader.text(limits.bucketNameBytesMax),
    generation: reader.uint(),
    deleted: reader.uint(1) === 1,
    createdAt: reader.uint(),
    replicas: reader.uint(64),
    readQuorum: reader.uint(64),
    writeQuorum: reader.uint(64),
    strict: reader.uint(1) === 1,
    policy: reader.text(256),
    changes: schema < 2 ? 0 : reader.uint(),
    cutting: schema < 3 ? 'fixed' : (cuttings[reader.uint(cuttings.length - 1)] ?? 'fixed'),
    compression: schema < 4 ? 'none' : (compressions[reader.uint(compressions.length - 1)] ?? 'none'),
    versioning: schema < 5 ? 'enabled' : (versionings[reader.uint(versionings.length - 1)] ?? 'enabled'),
    publicRead: schema < 5 ? false : reader.uint(1) === 1,
    tags: schema < 5 ? [] : readTags(reader),
  }
  reader.end()
  return record
}

function readTags(reader: PackReader): BucketRecord['tags'] {
  const count = reader.array(2 * limits.bucketTagsMax)
  if (count % 2 !== 0) throw reader.refuse('a tag without a value')
  const tags: [string, string][] = []
  for (let i = 0; i < count; i += 2)
    tags.push([reader.text(limits.tagNameBytesMax), reader.text(limits.tagValueBytesMax)])
  return tags
}

/**
 * Racing writers leave siblings; all servers must read the same one. The highest generation counts; within it a
 * deletion, then the settings that were changed most often, then the oldest record (decision 4: both creators
 * computed the same id), then the first of those given: give them newest first.
 */
export function chooseRecord(records: readonly BucketRecord[]): BucketRecord | undefined {
  let best: BucketRecord | undefined
  for (const record of records) {
    if (best === undefined || precedes(record, best)) best = record
  }
  return best
}

function precedes(a: BucketRecord, b: BucketRecord): boolean {
  if (a.generation !== b.generation) return a.generation > b.generation
  if (a.deleted !== b.deleted) return a.deleted
  if (a.changes !== b.changes) return a.changes > b.changes
  return a.createdAt < b.createdAt
}

export function viewOf(
  hasher: Hasher,
  clusterId: string,
  record: BucketRecord,
  clusterPolicy: string,
): BucketView {
  const { policy, from } = policyInForce(record.policy, clusterPolicy)
  return {
    name: record.name,
    id: bucketIdOf(hasher, clusterId, record.name, record.generation),
    replicas: record.replicas,
    readQuorum: record.readQuorum,
    writeQuorum: record.writeQuorum,
    strict: record.strict,
    neverHinted: record.strict && record.changes === 0,
    policy,
    policyFrom: from,
    cutting: record.cutting,
    compression: record.compression,
    versioning: record.versioning,
    publicRead: record.publicRead,
  }
}

/** The bucket that holds the records: no client can name it. */
export function systemBucket(replicas: number): BucketView {
  const quorum = majority(replicas)
  return {
    name: '',
    id: systemBucketId,
    replicas,
    readQuorum: quorum,
    writeQuorum: quorum,
    strict: true,
    neverHinted: true,
    policy: keepAll,
    policyFrom: 'default',
    cutting: 'fixed',
    compression: 'none',
    versioning: 'enabled',
    publicRead: false,
  }
}
