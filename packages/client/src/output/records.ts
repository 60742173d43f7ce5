import type { AccessKeyInfo, BucketGrant, CreatedAccessKey } from '@torc/protocol/store/access-keys'
import type { ClusterStatus, LayoutInfo, MemberStatus } from '@torc/protocol/store/admin'
import type { BlockCounts, BlockPlaces, HeldBytes } from '@torc/protocol/store/blocks'
import type { Change } from '@torc/protocol/store/changes'
import type { UploadInfo } from '@torc/protocol/store/multipart'
import type {
  BucketInfo,
  CopyResult,
  CopySource,
  DeleteResult,
  FetchItem,
  HistoryEntry,
  ListEntry,
  ListedBucket,
  PolicyInfo,
  PolicyTarget,
  PutResult,
  TagInfo,
  VersionInfo,
} from '@torc/protocol/store/object-store'
import type { AgentRepair, RepairStatus } from '@torc/protocol/store/repair'
import type { RestoredKey } from '@torc/protocol/store/restore'
import type { AgentScrub, BlockHealth, ScrubStatus } from '@torc/protocol/store/scrub'
import type { SyncSession } from '@torc/protocol/store/sync-sessions'

/*
 * The objects that `--json` prints, one a line. Their fields are a contract with scripts: listed one by one
 * here, so that a field added to the library does not appear by accident. Dates print as ISO 8601 UTC.
 */

export function putRecord(result: PutResult): object {
  const { bucket, key, versionId, size, etag, sha256, contentType, createdAt, context, clock, siblings } =
    result
  const { mintedBy, preferenceList, replicasWritten, vectorClocks, down, hinted } = result
  const { deduplicatedBytes, sentBytes } = result
  return {
    ...{ bucket, key, versionId, size, etag, sha256, contentType, createdAt, context, clock, siblings },
    ...{
      mintedBy,
      preferenceList,
      replicasWritten,
      vectorClocks,
      down,
      hinted,
      deduplicatedBytes,
      sentBytes,
    },
  }
}

/** Of `cp`: what was stored, and of what. */
export function copyRecord(source: CopySource, result: CopyResult): object {
  const { sourceVersionId } = result
  return { ...putRecord(result), sourceBucket: source.bucket, sourceKey: source.key, sourceVersionId }
}

export function versionRecord(info: VersionInfo): object {
  const { bucket, key, versionId, kind, size, etag, sha256, contentType, metadata, createdAt } = info
  const { isLatest, siblings, context, clock, degraded, parts } = info
  return {
    ...{ bucket, key, versionId, kind, size, etag, sha256, contentType, metadata, createdAt },
    // Of an object that was uploaded in parts: `sha256` is that of the digests of the parts.
    ...(parts === undefined ? {} : { parts }),
    ...{ isLatest, siblings, context, clock, degraded },
  }
}

export function listRecord(entry: ListEntry): object {
  if ('prefix' in entry) return { prefix: entry.prefix }
  const { bucket, key, versionId, size, etag, createdAt, kind, isLatest, siblings } = entry
  return { bucket, key, versionId, size, etag, createdAt, kind, isLatest, siblings }
}

export function uploadRecord({ bucket, key, uploadId, createdAt, state }: UploadInfo): object {
  return { bucket, key, uploadId, createdAt, state }
}

/** A folder that is synced with a bucket; `cursor` is null before it first told one. */
export function syncSessionRecord(of: SyncSession): object {
  const { bucket, prefix, client, session, place, createdAt, seenAt, cursor } = of
  return { bucket, prefix, client, session, place, createdAt, seenAt, cursor: cursor ?? null }
}

/** A version in a key's history; `mintedBy` is null where the agent is not known. */
export function historyRecord(entry: HistoryEntry): object {
  const { bucket, key, versionId, kind, size, etag, contentType, createdAt } = entry
  const { seq, actor, counter, mintedBy, isLatest, isHead, parents } = entry
  return {
    ...{ bucket, key, versionId, kind, size, etag, contentType, createdAt },
    ...{ seq, actor, counter, mintedBy: mintedBy ?? null, isLatest, isHead, parents },
  }
}

/** A line of `ls` without arguments. */
export function bucketListRecord({ bucket, createdAt, policy, replicas }: ListedBucket): object {
  return { bucket, createdAt, policy, replicas }
}

export function bucketRecord(info: BucketInfo): object {
  const { bucket, createdAt, policy, policyFrom, replicas, readQuorum, writeQuorum, strict } = info
  const { cutting, compression, versioning, publicRead, tags } = info
  return {
    ...{ bucket, createdAt, policy, policyFrom, replicas, readQuorum, writeQuorum, strict },
    ...{ cutting, compression, versioning, publicRead, tags },
  }
}

export function deleteRecord({ bucket, key, removed, marker }: DeleteResult): object {
  return { bucket, key, removed, marker: marker ?? null }
}

export function restoreRecord({ bucket, key, action, from, versionId }: RestoredKey): object {
  return { bucket, key, action, from: from ?? null, versionId: versionId ?? null }
}

/** A policy's target: neither field for the cluster. */
export function policyRecord({ bucket, key }: PolicyTarget, info: PolicyInfo): object {
  const { policy, from, own, versions, next } = info
  const goesNext = next.map(({ versionId, createdAt, size }) => ({ versionId, createdAt, size }))
  return { bucket, key, policy, from, own, ...(key === undefined ? {} : { versions, next: goesNext }) }
}

export function tagRecord({ bucket, key, versionId, tags }: TagInfo): object {
  return { bucket, key, versionId, tags }
}

/** `createdAt` is null of the root key. */
export function accessKeyRecord(key: AccessKeyInfo): object {
  const { accessKey, name, root, admin, createdAt, grants } = key
  const granted = grants.map(({ bucket, grants }) => ({ bucket, grants }))
  return { accessKey, name, root, admin, createdAt: createdAt ?? null, grants: granted }
}

/** With its secret, or the file that holds it. */
export function createdKeyRecord(made: CreatedAccessKey, credentials: string | undefined): object {
  const { accessKey, secretKey, name, admin, createdAt } = made
  const secret = credentials === undefined ? { secretKey } : { credentials }
  return { accessKey, ...secret, name, admin, createdAt: createdAt ?? null }
}

/** All that a key has on a bucket after a change. */
export function bucketGrantRecord(accessKey: string, { bucket, grants }: BucketGrant): object {
  return { accessKey, bucket, grants }
}

export function fetchRecord({ bucket, key, versionId, size, agents }: FetchItem): object {
  return { bucket, key, versionId, size, agents }
}

/** `cursor`: going on from it loses nothing of what comes behind the change. */
export function changeRecord(change: Change, cursor: string): object {
  const { bucket, key, versionId, kind, createdAt, type } = change
  return { cursor, bucket, key, versionId, kind, createdAt, type }
}

/** `hintsHeld`: keys and blocks of all owners together; null where the agent did not tell. */
function hintsRecord({ hints, usedBytes }: MemberStatus): object {
  const held = hints?.reduce((sum, { keys, blocks }) => sum + keys + blocks, 0)
  const hintsHeld = held ?? (usedBytes === undefined ? null : 0)
  return { hintsHeld, hintsFor: hints?.map(({ agent }) => agent) ?? [], hints: hints ?? [] }
}

/** Anti-entropy on all agents together. */
function repairSums(agents: readonly MemberStatus[]): object {
  const passes = agents.flatMap(({ repair }) => (repair === undefined ? [] : [repair]))
  return {
    running: passes.filter(({ running }) => running).length,
    partitions: sumOf(passes.map(({ partitions }) => partitions)),
    partitionsTotal: sumOf(passes.map(({ partitionsTotal }) => partitionsTotal)),
    keysRepaired: sumOf(passes.map(({ keysRepaired }) => keysRepaired)),
    referencesRepaired: sumOf(passes.map(({ blocksRepaired }) => blocksRepaired)),
  }
}

export function statusRecord(status: ClusterStatus): object {
  const { epoch, partitions, replicas, healthy, problems, members, buckets } = status
  const { logicalBytes = null, physicalBytes = null } = status
  const servers = members.filter(({ role }) => role !== 'agent')
  const agents = members.filter(({ role }) => role === 'agent')
  return {
    ...{ epoch, partitions, replicas, healthy, problems },
    servers: servers.map(({ id, name, role, address, zone, state }) => ({
      id,
      name,
      role,
      address,
      zone,
      state,
    })),
    agents: agents.map(agent => {
      const {
        id,
        name,
        address,
        zone,
        state,
        capacity,
        usedBytes,
        partitions: owned,
        keys,
        versions,
        blocks,
      } = agent
      return {
        ...{
          id,
          name,
          address,
          zone,
          state,
          capacity,
          usedBytes: usedBytes ?? null,
          partitions: owned ?? null,
        },
        ...{ keys: keys ?? null, versions: versions ?? null, blocks: blocks ?? null },
        ...hintsRecord(agent),
        ...heldBytes(agent),
        ...blockCounts(agent),
        ...blockHealth(agent),
      }
    }),
    repair: {
      ...repairSums(agents),
      blocksMissing: sumOf(agents.map(({ blocksMissing }) => blocksMissing)),
      blocksCorrupt: sumOf(agents.map(({ blocksCorrupt }) => blocksCorrupt)),
      blocksRepaired: sumOf(agents.map(({ blocksRepaired }) => blocksRepaired)),
    },
    workers: agents.flatMap(({ id, workers = [] }) =>
      workers.map(({ name, state, progress, error }) => ({
        ...{ agent: id, name, state, progress, error: error ?? null },
      })),
    ),
    buckets,
    ...{ logicalBytes, physicalBytes },
  }
}

function heldBytes({ bodyBytes, inlineBytes, blockBytes, storedBytes }: HeldBytes): object {
  return {
    ...{ bodyBytes: bodyBytes ?? null, inlineBytes: inlineBytes ?? null },
    ...{ blockBytes: blockBytes ?? null, storedBytes: storedBytes ?? null },
  }
}

function blockCounts({ blocksStored, blocksUploading, blocksReleasing }: BlockCounts): object {
  return {
    ...{ blocksStored: blocksStored ?? null, blocksUploading: blocksUploading ?? null },
    blocksReleasing: blocksReleasing ?? null,
  }
}

/** A line of `blocks`; each owner's state: stored, uploading, releasing, missing, corrupt, absent or unknown. */
export function blockRecord(block: BlockPlaces): object {
  const { bucket, key, versionId, position, hash, size, owners } = block
  return {
    ...{ bucket, key, versionId, position, hash, size },
    owners: owners.map(({ agent, state }) => ({ agent, state })),
  }
}

/** Of `repair scrub`; `state` is `unknown` where the agent could not be asked. */
export function scrubRecord({ agents }: ScrubStatus): object {
  return {
    blocksMissing: sumOf(agents.map(({ blocksMissing }) => blocksMissing)),
    blocksCorrupt: sumOf(agents.map(({ blocksCorrupt }) => blocksCorrupt)),
    agents: agents.map(agent => ({
      ...{ id: agent.id, ...scrubFields(agent.scrub), ...blockHealth(agent), error: agent.error ?? null },
    })),
  }
}

function scrubFields(scrub: AgentScrub['scrub']): object {
  if (scrub === undefined) return { state: 'unknown' }
  const { pass, walking, asked, beganAt, endedAt, blocks, bytes, bytesTotal } = scrub
  const { bytesPerSecond, found, repaired } = scrub
  return {
    ...{ state: walking ? 'scrubbing' : 'idle', pass, asked },
    ...{ beganAt: beganAt ?? null, endedAt: endedAt ?? null, blocks, bytes, bytesTotal, bytesPerSecond },
    ...{ found, repaired },
  }
}

function blockHealth(agent: BlockHealth): object {
  const { blocksMissing, blocksCorrupt, blocksRepaired } = agent
  return {
    ...{ blocksMissing: blocksMissing ?? null, blocksCorrupt: blocksCorrupt ?? null },
    blocksRepaired: blocksRepaired ?? null,
  }
}

function sumOf(counts: readonly (number | undefined)[]): number {
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
}

/** Of `repair run` and `repair show`; `state` is `unknown` where the agent could not be asked. */
export function repairRecord({ agents }: RepairStatus): object {
  const repairs = agents.map(({ repair }) => repair)
  return {
    unreachable: sumOf(repairs.map(repair => repair?.unreachable)),
    different: sumOf(repairs.map(repair => repair?.different)),
    keysRepaired: sumOf(repairs.map(repair => repair?.keysRepaired)),
    blocksRepaired: sumOf(repairs.map(repair => repair?.blocksRepaired)),
    agents: agents.map(agent => ({
      ...{ id: agent.id, ...repairFields(agent.repair), error: agent.error ?? null },
    })),
  }
}

function repairFields(repair: AgentRepair['repair']): object {
  if (repair === undefined) return { state: 'unknown' }
  const { pass, running, asked, beganAt, endedAt, partitions, partitionsTotal } = repair
  const { unreachable, different, keysRepaired, blocksRepaired } = repair
  return {
    ...{
      state: running ? 'running' : 'idle',
      pass,
      asked,
      beganAt: beganAt ?? null,
      endedAt: endedAt ?? null,
    },
    ...{ partitions, partitionsTotal, unreachable, different, keysRepaired, blocksRepaired },
  }
}

export function layoutRecord({
  epoch,
  partitions,
  replicas,
  agents,
  stage = 3,
  changes,
  plan,
  progress = [],
}: LayoutInfo): object {
  const waiting = changes === undefined ? {} : { changes, ...(plan === undefined ? {} : { plan }) }
  return { epoch, stage, partitions, replicas, agents, progress, ...waiting }
}
