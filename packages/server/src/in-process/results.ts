import { vectorPairs } from '@torc/cluster/clocks/causal-context'
import { hybridToDate } from '@torc/cluster/clocks/hybrid-clock'
import { policyText } from '@torc/cluster/retention/policy'
import { contextAfterWrite, partSizesOf, type Version } from '@torc/cluster/state/version'
import type * as s from '@torc/protocol/store/object-store'
import type { BucketDescription } from '../buckets/bucket-flow.js'
import type { PolicyDescription } from '../core/attribute-operations.js'
import type { CopyOutcome } from '../flows/copy-flow.js'
import type { FetchedItem } from '../flows/fetch-flow.js'
import type { ReadVersion } from '../flows/get-flow.js'
import type { HistoryVersion } from '../flows/history-flow.js'
import type { TaggedVersion } from '../flows/tag-flow.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { clockOf, tokenAfterWrite, tokenOfRead, tokenOfSource } from '../handlers/answers.js'
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
    seq: version.seq,
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
    hinted: Object.fromEntries(outcome.hinted),
    deduplicatedBytes: outcome.deduplicatedBytes,
    sentBytes,
    isNull: version.isNull === true,
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
    parts: partSizesOf(version),
    contentType: version.contentType,
    metadata: version.metadata,
    createdAt: hybridToDate(version.createdAt),
    isLatest: read.isLatest,
    isNull: version.isNull === true,
    siblings: read.siblings,
    context: tokenOfRead(read),
    clock: Object.fromEntries(clockOf(read)),
    degraded: read.degraded,
  }
}

export function listEntry(bucket: string, entry: ListedEntry): s.ListEntry {
  if ('prefix' in entry) return { bucket, prefix: entry.prefix }
  const { key, version, isLatest, siblings, context } = entry
  return {
    bucket,
    key,
    versionId: version.id,
    size: version.size,
    etag: version.etag,
    createdAt: hybridToDate(version.createdAt),
    kind: version.kind,
    isLatest,
    isNull: version.isNull === true,
    siblings,
    ...(context === undefined ? noDetails : { ...detailsOf(version), context }),
  }
}

const noDetails = {}

function detailsOf(version: Version): Omit<s.EntryDetails, 'context'> {
  const { contentType, metadata } = version
  return { sha256: hex(version.sha256), parts: partSizesOf(version), contentType, metadata }
}

export function historyEntry(bucket: string, key: string, entry: HistoryVersion): s.HistoryEntry {
  const { version, mintedBy, isLatest, isHead, parents } = entry
  return {
    bucket,
    key,
    versionId: version.id,
    kind: version.kind,
    size: version.size,
    etag: version.etag,
    contentType: version.contentType,
    createdAt: hybridToDate(version.createdAt),
    seq: version.seq,
    actor: version.dot.actor,
    counter: version.dot.counter,
    mintedBy,
    isLatest,
    isHead,
    isNull: version.isNull === true,
    parents,
  }
}

export function fetchItem(bucket: string, item: FetchedItem): s.FetchItem {
  return { bucket, ...item }
}

export function copyResult(outcome: CopyOutcome): s.CopyResult {
  return {
    ...putResult(outcome.written, 0),
    sourceVersionId: outcome.from.versionId,
    sourceContext: tokenOfSource(outcome),
  }
}

export function policyInfo({ policy, from, own, versionCount, next }: PolicyDescription): s.PolicyInfo {
  return {
    policy,
    from,
    own,
    versions: versionCount,
    next: next.map(({ id, createdAt, size }) => ({
      versionId: id,
      createdAt: hybridToDate(createdAt),
      size,
    })),
  }
}

export function tagInfo(bucket: string, key: string, { version, tags }: TaggedVersion): s.TagInfo {
  return { bucket, key, versionId: version.id, tags: Object.fromEntries(tags) }
}

export function bucketInfo(record: BucketDescription): s.BucketInfo {
  return { ...listedBucket(record), tags: Object.fromEntries(record.tags) }
}

export function listedBucket(record: BucketDescription): s.ListedBucket {
  return {
    bucket: record.name,
    createdAt: hybridToDate(record.createdAt),
    replicas: record.replicas,
    readQuorum: record.readQuorum,
    writeQuorum: record.writeQuorum,
    strict: record.strict,
    policy: policyText(record.inForce.policy),
    policyFrom: record.inForce.from,
    cutting: record.cutting,
    compression: record.compression,
    versioning: record.versioning,
    publicRead: record.publicRead,
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
