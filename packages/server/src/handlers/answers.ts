import { vectorPairs } from '@torc/cluster/clocks/causal-context'
import { encodeToken } from '@torc/cluster/clocks/token'
import { policyText } from '@torc/cluster/retention/policy'
import { contextAfterWrite, partSizesOf, type Version } from '@torc/cluster/state/version'
import { limits } from '@torc/protocol/limits'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { BucketDescription } from '../buckets/bucket-flow.js'
import type { PolicyDescription } from '../core/attribute-operations.js'
import type { BlockPage } from '../flows/block-states-flow.js'
import type { CopyOutcome } from '../flows/copy-flow.js'
import type { DeleteOutcome } from '../flows/delete-flow.js'
import type { ReadVersion } from '../flows/get-flow.js'
import type { HistoryVersion } from '../flows/history-flow.js'
import type { TaggedVersion } from '../flows/tag-flow.js'
import type { WriteOutcome } from '../flows/write-request.js'
import type { ListedEntry } from '../list/page-builder.js'

type WriteAnswer = ResponseOf<'putObject'>
type VersionAnswer = ResponseOf<'headObject'>
type BucketAnswer = ResponseOf<'getBucket'>
type HistoryAnswer = ResponseOf<'getHistory'>['versions'][number]
type EntryAnswer = ResponseOf<'listKeys'>['entries'][number]

/** Most siblings that an answer names. */
const siblingsMax = 1024

/** Most versions are none, and say nothing of it. */
function nullField({ isNull }: Version): { isNull?: boolean } {
  return isNull === true ? isNullVersion : notNull
}

const isNullVersion: { isNull?: boolean } = Object.freeze({ isNull: true })
const notNull: { isNull?: boolean } = Object.freeze({})

/** What a write answers on the wire. `sentBytes`: bytes of the body that crossed the client's socket. */
export function writeAnswer(outcome: WriteOutcome, sentBytes: number): WriteAnswer {
  const { version, placement: p } = outcome
  const context = contextAfterWrite(version)
  return {
    ...nullField(version),
    key: p.key,
    versionId: version.id,
    size: version.size,
    etag: version.etag,
    sha256: version.sha256,
    contentType: version.contentType,
    createdAt: version.createdAt,
    seq: version.seq,
    context: tokenAfterWrite(outcome, context),
    clock: vectorPairs(context),
    siblings: outcome.siblings.slice(0, siblingsMax),
    mintedBy: outcome.mintedBy,
    preferenceList: p.owners as string[],
    replicasWritten: outcome.replicas.map(([agent]) => agent),
    vectorClocks: outcome.replicas.map(([agent, clock]) => [agent, vectorPairs(clock)]),
    down: outcome.down as string[],
    hinted: Array.from(outcome.hinted, ([holder, owners]): [string, string[]] => [holder, [...owners]]),
    deduplicatedBytes: outcome.deduplicatedBytes,
    sentBytes,
  }
}

/** The token that a write returns: what it covered and itself, none of the siblings that its writer never saw. */
export function tokenAfterWrite(outcome: WriteOutcome, context = contextAfterWrite(outcome.version)): string {
  const { version, placement: p } = outcome
  return encodeToken(context, p.bucket.id, p.key, { newest: version.createdAt, seq: version.seq })
}

export function copyAnswer(outcome: CopyOutcome): ResponseOf<'copyObject'> {
  const { written, from } = outcome
  return {
    ...writeAnswer(written, 0),
    sourceVersionId: from.versionId,
    sourceContext: tokenOfSource(outcome),
  }
}

/** What was seen of a copy's source: a DELETE with it completes a move. */
export function tokenOfSource({ from }: CopyOutcome): string {
  const { bucket, key, context, newest, seq } = from
  return encodeToken(context, bucket.id, key, { newest, seq })
}

export function tokenOfRead(read: ReadVersion): string {
  const { context, newest, seq, placement: p } = read
  return encodeToken(context, p.bucket.id, p.key, { newest, seq })
}

export function tokenOfDelete(outcome: DeleteOutcome): string {
  return encodeToken(outcome.context, outcome.placement.bucket.id, outcome.placement.key)
}

/** The clock that people read of a version: what it covers, and itself. */
export function clockOf(read: ReadVersion): [string, number][] {
  return vectorPairs(contextAfterWrite(read.version))
}

export function versionAnswer(read: ReadVersion): VersionAnswer {
  const { version } = read
  const answer: VersionAnswer = {
    ...nullField(version),
    versionId: version.id,
    kind: version.kind,
    size: version.size,
    etag: version.etag,
    sha256: version.sha256,
    contentType: version.contentType,
    metadata: version.metadata as [string, string][],
    createdAt: version.createdAt,
    isLatest: read.isLatest,
    siblings: read.siblings.slice(0, siblingsMax),
    context: tokenOfRead(read),
    clock: clockOf(read),
  }
  const parts = partSizesOf(version)
  if (parts !== undefined) answer.parts = parts
  if (read.degraded) answer.degraded = true
  return answer
}

export function entryAnswer(entry: ListedEntry): EntryAnswer {
  if ('prefix' in entry) return { prefix: entry.prefix }
  const { version } = entry
  const answer: EntryAnswer = {
    ...nullField(version),
    key: entry.key,
    versionId: version.id,
    size: version.size,
    etag: version.etag,
    createdAt: version.createdAt,
    kind: version.kind,
    isLatest: entry.isLatest,
    siblings: entry.siblings.slice(0, siblingsMax),
  }
  if (entry.context === undefined) return answer
  answer.context = entry.context
  answer.sha256 = version.sha256
  answer.contentType = version.contentType
  answer.metadata = version.metadata as [string, string][]
  const parts = partSizesOf(version)
  if (parts !== undefined) answer.parts = parts
  return answer
}

export function historyAnswer({
  version,
  mintedBy,
  isLatest,
  isHead,
  parents,
}: HistoryVersion): HistoryAnswer {
  const answer: HistoryAnswer = {
    ...nullField(version),
    versionId: version.id,
    kind: version.kind,
    size: version.size,
    etag: version.etag,
    contentType: version.contentType,
    createdAt: version.createdAt,
    seq: version.seq,
    actor: version.dot.actor,
    counter: version.dot.counter,
    isLatest,
    isHead,
    parents: [...parents],
  }
  if (mintedBy !== undefined) answer.mintedBy = mintedBy
  return answer
}

export function blocksAnswer({ versionId, blocks }: BlockPage): ResponseOf<'fetchObjectBlocks'> {
  return {
    versionId,
    blocks: blocks.map(({ position, hash, size, owners }) => ({
      ...{ position, hash, size },
      owners: owners.map(([agent, state]) => [agent, state]),
    })),
  }
}

export function bucketAnswer(record: BucketDescription): BucketAnswer {
  const answer: BucketAnswer = listedBucket(record)
  if (record.tags.length > 0) answer.tags = record.tags.map(([name, value]) => [name, value])
  return answer
}

export function listedBucket(record: BucketDescription): ResponseOf<'listBuckets'>['buckets'][number] {
  return {
    bucket: record.name,
    createdAt: record.createdAt,
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

/** Most versions that an answer names as the next to go. */
const nextMax = 8192

export function policyAnswer(description: PolicyDescription): ResponseOf<'getPolicy'> {
  const { policy, from, own, versionCount, next } = description
  const answer: ResponseOf<'getPolicy'> = { policy, from, own }
  if (versionCount === undefined) return answer
  answer.versions = versionCount
  answer.next = next.slice(0, nextMax).map(({ id, createdAt, size }) => ({ versionId: id, createdAt, size }))
  return answer
}

export function tagsAnswer({ version, tags }: TaggedVersion): ResponseOf<'getTags'> {
  // Changes that race may together leave more than one change may make.
  return { versionId: version.id, tags: [...tags].slice(0, limits.tagsMax) }
}
