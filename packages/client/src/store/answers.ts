import { TorcError } from '@torc/protocol/errors'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type {
  BucketInfo,
  ClockView,
  CopyResult,
  EntryDetails,
  HistoryEntry,
  ListEntry,
  ListedBucket,
  PolicyInfo,
  PutResult,
  TagInfo,
  VersionInfo,
} from '@torc/protocol/store/object-store'

type EntryAnswer = ResponseOf<'listKeys'>['entries'][number]

/** Hybrid time (microseconds) as a Date. */
export function dateOf(hybridTime: number): Date {
  return new Date(Math.floor(hybridTime / 1000))
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

// Peers choose the names: a record without a prototype takes any of them.
function recordOf<T>(pairs: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  const record: Record<string, T> = Object.create(null)
  for (const [name, value] of pairs) record[name] = value
  return record
}

export function clockOf(pairs: readonly (readonly [string, number])[]): ClockView {
  return recordOf(pairs)
}

/** The end of a Date's millisecond as hybrid time: what was made within it counts. */
export function hybridTimeOf(date: Date): number {
  return date.getTime() * 1000 + 999
}

/** UNSUPPORTED where a server took no notice of the etag (and of what came with it): it is of before it was thought of. */
export function checkEtag(stored: { readonly etag: string }, wanted: string | undefined): void {
  if (wanted === undefined || stored.etag === wanted) return
  throw new TorcError('UNSUPPORTED', `the server stored the etag ${stored.etag} instead of ${wanted}`, {
    hint: 'Update the server; what it stored is there.',
  })
}

export function putResultOf(bucket: string, key: string, head: ResponseOf<'putObject'>): PutResult {
  return {
    bucket,
    key: head.key ?? key,
    versionId: head.versionId,
    size: head.size,
    etag: head.etag,
    sha256: hexOf(head.sha256),
    contentType: head.contentType,
    createdAt: dateOf(head.createdAt),
    seq: head.seq ?? 0,
    context: head.context,
    clock: clockOf(head.clock),
    siblings: head.siblings,
    mintedBy: head.mintedBy,
    preferenceList: head.preferenceList,
    replicasWritten: head.replicasWritten,
    vectorClocks: recordOf(head.vectorClocks.map(([agent, pairs]) => [agent, clockOf(pairs)] as const)),
    down: head.down,
    hinted: recordOf(head.hinted),
    deduplicatedBytes: head.deduplicatedBytes,
    sentBytes: head.sentBytes,
    isNull: head.isNull ?? false,
  }
}

export function copyResultOf(bucket: string, key: string, head: ResponseOf<'copyObject'>): CopyResult {
  const { sourceVersionId, sourceContext } = head
  return { ...putResultOf(bucket, key, head), sourceVersionId, sourceContext }
}

export function versionInfoOf(bucket: string, key: string, head: ResponseOf<'headObject'>): VersionInfo {
  return {
    bucket,
    key,
    versionId: head.versionId,
    kind: head.kind,
    size: head.size,
    etag: head.etag,
    sha256: hexOf(head.sha256),
    parts: head.parts,
    contentType: head.contentType,
    metadata: head.metadata,
    createdAt: dateOf(head.createdAt),
    isLatest: head.isLatest,
    isNull: head.isNull ?? false,
    siblings: head.siblings,
    context: head.context,
    clock: clockOf(head.clock),
    degraded: head.degraded ?? false,
  }
}

export function listEntryOf(bucket: string, entry: EntryAnswer): ListEntry {
  if (entry.prefix !== undefined) return { bucket, prefix: entry.prefix }
  return {
    bucket,
    key: entry.key ?? '',
    versionId: entry.versionId ?? '',
    size: entry.size ?? 0,
    etag: entry.etag ?? '',
    createdAt: dateOf(entry.createdAt ?? 0),
    kind: entry.kind ?? 'object',
    isLatest: entry.isLatest ?? true,
    isNull: entry.isNull ?? false,
    siblings: entry.siblings ?? [],
    ...detailsOf(entry),
  }
}

function detailsOf(entry: EntryAnswer): Partial<EntryDetails> {
  const { context, sha256, parts, contentType = '', metadata = [] } = entry
  if (context === undefined || sha256 === undefined) return noDetails
  return { context, sha256: hexOf(sha256), parts, contentType, metadata }
}

const noDetails = {}

export function historyEntryOf(
  bucket: string,
  key: string,
  version: ResponseOf<'getHistory'>['versions'][number],
): HistoryEntry {
  return {
    bucket,
    key,
    versionId: version.versionId,
    kind: version.kind,
    size: version.size,
    etag: version.etag,
    contentType: version.contentType,
    createdAt: dateOf(version.createdAt),
    seq: version.seq,
    actor: version.actor,
    counter: version.counter,
    mintedBy: version.mintedBy,
    isLatest: version.isLatest,
    isHead: version.isHead,
    isNull: version.isNull ?? false,
    parents: version.parents,
  }
}

export function policyInfoOf(head: ResponseOf<'getPolicy'>): PolicyInfo {
  const { policy, from, own, versions, next = [] } = head
  return {
    ...{ policy, from, own, versions },
    next: next.map(({ versionId, createdAt, size }) => ({ versionId, createdAt: dateOf(createdAt), size })),
  }
}

export function tagInfoOf(bucket: string, key: string, head: ResponseOf<'getTags'>): TagInfo {
  return { bucket, key, versionId: head.versionId, tags: recordOf(head.tags) }
}

export function bucketInfoOf(head: ResponseOf<'getBucket'>): BucketInfo {
  return { ...listedBucketOf(head), tags: recordOf(head.tags ?? []) }
}

export function listedBucketOf(head: ResponseOf<'listBuckets'>['buckets'][number]): ListedBucket {
  const { bucket, replicas, readQuorum, writeQuorum, strict, policy, policyFrom = 'bucket' } = head
  const { cutting = 'fixed', compression = 'none', versioning = 'enabled', publicRead = false } = head
  const createdAt = dateOf(head.createdAt)
  return {
    ...{ bucket, createdAt, replicas, readQuorum, writeQuorum, strict, policy, policyFrom },
    ...{ cutting, compression, versioning, publicRead },
  }
}
