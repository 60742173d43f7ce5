import { vectorPairs } from '@torc/cluster/clocks/causal-context'
import { encodeToken } from '@torc/cluster/clocks/token'
import { contextAfterWrite } from '@torc/cluster/state/version'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { BucketRecord } from '../buckets/bucket-record.js'
import type { DeleteOutcome } from '../flows/delete-flow.js'
import type { ReadVersion } from '../flows/get-flow.js'
import type { WriteOutcome } from '../flows/write-request.js'
import type { ListedEntry } from '../list/page-builder.js'

type WriteAnswer = ResponseOf<'putObject'>
type VersionAnswer = ResponseOf<'headObject'>
type BucketAnswer = ResponseOf<'getBucket'>
type EntryAnswer = ResponseOf<'listKeys'>['entries'][number]

/** Most siblings that an answer names. */
const siblingsMax = 1024

/** What a write answers on the wire. `sentBytes`: bytes of the body that crossed the client's socket. */
export function writeAnswer(outcome: WriteOutcome, sentBytes: number): WriteAnswer {
  const { version, placement: p } = outcome
  const context = contextAfterWrite(version)
  return {
    key: p.key,
    versionId: version.id,
    size: version.size,
    etag: version.etag,
    sha256: version.sha256,
    contentType: version.contentType,
    createdAt: version.createdAt,
    context: tokenAfterWrite(outcome, context),
    clock: vectorPairs(context),
    siblings: outcome.siblings.slice(0, siblingsMax),
    mintedBy: outcome.mintedBy,
    preferenceList: p.owners as string[],
    replicasWritten: outcome.replicas.map(([agent]) => agent),
    vectorClocks: outcome.replicas.map(([agent, clock]) => [agent, vectorPairs(clock)]),
    down: outcome.down as string[],
    hinted: [],
    deduplicatedBytes: outcome.deduplicatedBytes,
    sentBytes,
  }
}

/** The token that a write returns: what it covered and itself, none of the siblings that its writer never saw. */
export function tokenAfterWrite(outcome: WriteOutcome, context = contextAfterWrite(outcome.version)): string {
  const { version, placement: p } = outcome
  return encodeToken(context, p.bucket.id, p.key, { newest: version.createdAt, seq: version.seq })
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
  if (read.degraded) answer.degraded = true
  return answer
}

export function entryAnswer(entry: ListedEntry): EntryAnswer {
  if ('prefix' in entry) return { prefix: entry.prefix }
  const { version } = entry
  return {
    key: entry.key,
    versionId: version.id,
    size: version.size,
    etag: version.etag,
    createdAt: version.createdAt,
    kind: version.kind,
    isLatest: entry.isLatest,
    siblings: entry.siblings.slice(0, siblingsMax),
  }
}

export function bucketAnswer(record: BucketRecord): BucketAnswer {
  return {
    bucket: record.name,
    createdAt: record.createdAt,
    replicas: record.replicas,
    readQuorum: record.readQuorum,
    writeQuorum: record.writeQuorum,
    strict: record.strict,
    policy: record.policy,
  }
}
