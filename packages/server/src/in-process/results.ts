import { vectorPairs } from '@torc/cluster/clocks/causal-context'
import { hybridToDate } from '@torc/cluster/clocks/hybrid-clock'
import { contextAfterWrite } from '@torc/cluster/state/version'
import type * as s from '@torc/protocol/store/object-store'
import type { BucketRecord } from '../buckets/bucket-record.js'
import type { FetchedItem } from '../flows/fetch-flow.js'
import type { ReadVersion } from '../flows/get-flow.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { clockOf, tokenAfterWrite, tokenOfRead } from '../handlers/answers.js'
import type { ListedEntry } from '../list/page-builder.js'

export function putResult(outcome: WriteOutcome, sentBytes: number): s.PutResult {
  const { version, placement: p } = outcome
  const context = contextAfterWrite(version)
  return {
    bucket: p.bucket.name,
    key: p.key,
    versionId: version.id,
    size: version.size,
    etag: version.etag,
    sha256: hex(version.sha256),
    contentType: version.contentType,
    createdAt: hybridToDate(version.createdAt),
    context: tokenAfterWrite(outcome, context),
    clock: Object.fromEntries(vectorPairs(context)),
    siblings: outcome.siblings,
    mintedBy: outcome.mintedBy,
    preferenceList: p.owners,
    replicasWritten: outcome.replicas.map(([agent]) => agent),
    vectorClocks: Object.fromEntries(
      outcome.replicas.map(([agent, clock]) => [agent, Object.fromEntries(vectorPairs(clock))]),
    ),
    down: outcome.down,
    hinted: {},
    deduplicatedBytes: outcome.deduplicatedBytes,
    sentBytes,
  }
}

export function versionInfo(read: ReadVersion): s.VersionInfo {
  const { version, placement: p } = read
  return {
    bucket: p.bucket.name,
    key: p.key,
    versionId: version.id,
    kind: version.kind,
    size: version.size,
    etag: version.etag,
    sha256: hex(version.sha256),
    contentType: version.contentType,
    metadata: version.metadata,
    createdAt: hybridToDate(version.createdAt),
    isLatest: read.isLatest,
    siblings: read.siblings,
    context: tokenOfRead(read),
    clock: Object.fromEntries(clockOf(read)),
    degraded: read.degraded,
  }
}

export function listEntry(bucket: string, entry: ListedEntry): s.ListEntry {
  if ('prefix' in entry) return { bucket, prefix: entry.prefix }
  const { key, version, isLatest, siblings } = entry
  return {
    bucket,
    key,
    versionId: version.id,
    size: version.size,
    etag: version.etag,
    createdAt: hybridToDate(version.createdAt),
    kind: version.kind,
    isLatest,
    siblings,
  }
}

export function fetchItem(bucket: string, item: FetchedItem): s.FetchItem {
  return { bucket, ...item }
}

export function bucketInfo(record: BucketRecord): s.BucketInfo {
  return {
    bucket: record.name,
    createdAt: hybridToDate(record.createdAt),
    replicas: record.replicas,
    readQuorum: record.readQuorum,
    writeQuorum: record.writeQuorum,
    strict: record.strict,
    policy: record.policy,
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
