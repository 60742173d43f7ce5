import type { Member } from '@torc/cluster/membership/member'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { ClusterStatus, MemberStatus } from '@torc/protocol/store/admin'
import type { ClusterBytes } from '@torc/protocol/store/blocks'
import { workerInfoOf } from '@torc/protocol/store/scrub'
import type { Coordination } from '../core/coordination.js'
import { readAttemptMs } from '../core/deadline.js'
import { oldCopiesOf, problemsOf } from './status-problems.js'

/** Patience with an agent that is asked how much it holds, in milliseconds. */
const usageMs = 2_000

export type Usage = ResponseOf<'fetchUsage'>

/** How the cluster is: members with what they hold, and what is wrong in plain words. */
export async function clusterStatus(
  c: Coordination,
  members: readonly Member[],
  countBuckets: () => Promise<number>,
): Promise<ClusterStatus> {
  // A server that nobody asks for anything else does not meet the stages of a change.
  if (c.layouts.current?.tables.isSettled === false)
    await c.layouts.learnFromAll(c.agents, c.knownAgents(), readAttemptMs)
  const layout = c.layouts.current
  const usage = new Map<string, Usage>()
  await Promise.all(
    members
      .filter(({ id, role }) => role === 'agent' && c.agents.isReachable(id))
      .map(async ({ id }) => {
        try {
          usage.set(id, (await c.agents.request(id, 'fetchUsage', {}, { timeoutMs: usageMs })).head)
        } catch (error) {
          // It shows as an agent whose use is unknown; that is what status is for.
          c.log.debug({ agent: id, error: String(error) }, 'an agent did not tell its use')
        }
      }),
  )
  const shown = members.map(member => memberStatus(c, member, usage.get(member.id)))
  for (const { id, zone, capacity } of layout?.agents ?? []) {
    if (!members.some(member => member.id === id))
      shown.push(unknownMember(id, zone, capacity, layout?.partitionsOf(id)))
  }
  const problems = [...problemsOf(c, shown, usage), ...oldCopiesOf(members, usage)]
  let buckets = 0
  if (layout !== undefined) {
    try {
      buckets = await countBuckets()
    } catch (error) {
      problems.push(
        `The buckets cannot be listed: ${error instanceof Error ? error.message : String(error)}.`,
      )
    }
  }
  return {
    epoch: layout?.number ?? 0,
    partitions: layout?.partitions ?? 0,
    replicas: layout?.replicas ?? 0,
    healthy: problems.length === 0,
    problems,
    members: shown,
    buckets,
    ...bytesOf([...usage.values()]),
  }
}

/** Each copy counts: what all agents together were given to keep, and what it takes. */
function bytesOf(usage: readonly Usage[]): ClusterBytes {
  const told = usage.filter(({ bodyBytes }) => bodyBytes !== undefined)
  if (told.length === 0) return {}
  let [logicalBytes, physicalBytes] = [0, 0]
  for (const { bodyBytes = 0, inlineBytes = 0, storedBytes = 0 } of told) {
    logicalBytes += bodyBytes
    physicalBytes += inlineBytes + storedBytes
  }
  return { logicalBytes, physicalBytes }
}

function memberStatus(c: Coordination, member: Member, usage: Usage | undefined): MemberStatus {
  const { id, name, role, address, zone, capacity } = member
  // What this server sees itself counts more than hearsay, in both directions.
  const seen = c.agents.isReachable(id) ? 'alive' : member.state === 'alive' ? 'suspect' : member.state
  return {
    id,
    name,
    role,
    address,
    zone,
    capacity,
    state: role === 'agent' ? seen : member.state,
    usedBytes: usage?.usedBytes,
    keys: usage?.keys,
    versions: usage?.versions,
    blocks: usage?.blocks,
    bodyBytes: usage?.bodyBytes,
    inlineBytes: usage?.inlineBytes,
    blockBytes: usage?.blockBytes,
    storedBytes: usage?.storedBytes,
    blocksStored: usage?.blocksStored,
    blocksUploading: usage?.blocksUploading,
    blocksReleasing: usage?.blocksReleasing,
    blocksMissing: usage?.blocksMissing,
    blocksCorrupt: usage?.blocksCorrupt,
    blocksRepaired: usage?.blocksRepaired,
    hints: usage?.hints,
    repair: usage?.repair,
    workers: usage?.workers?.map(workerInfoOf),
    partitions: role === 'agent' ? c.layouts.current?.partitionsOf(id) : undefined,
  }
}

/** An agent of the layout that nobody has seen since this server started. */
function unknownMember(
  id: string,
  zone: string,
  capacity: number,
  partitions: number | undefined,
): MemberStatus {
  const unknown = { usedBytes: undefined, keys: undefined, versions: undefined, blocks: undefined }
  return { id, name: id, role: 'agent', address: '', zone, state: 'down', capacity, partitions, ...unknown }
}
