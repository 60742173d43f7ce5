import type { Member } from '@torc/cluster/membership/member'
import { type Epoch, encodeEpoch, firstParentHash } from '@torc/cluster/ring/epoch'
import { isPartitionCount, partitionCountDefault, partitionCountMax } from '@torc/cluster/ring/partition'
import { assignTable, type RingAgent } from '@torc/cluster/ring/table'
import { validateTable } from '@torc/cluster/ring/validate'
import { TorcError } from '@torc/protocol/errors'
import type { InitLayoutOptions, LayoutInfo } from '@torc/protocol/store/admin'
import { replicasDefault } from '../buckets/bucket-flow.js'
import type { Coordination } from '../core/coordination.js'
import { readAttemptMs, writeAttemptMs } from '../core/deadline.js'
import { describeErrors } from '../quorum/collect-acks.js'

/**
 * Makes the first layout over the agents that are alive, and stores it on each: a register that is written once. A
 * cluster that has one keeps it: the same answer where it fits what is asked, CONFLICT where it does not.
 */
export async function initLayout(
  c: Coordination,
  members: readonly Member[],
  options: InitLayoutOptions,
): Promise<LayoutInfo> {
  await c.layouts.learnFromAll(c.agents, c.knownAgents(), readAttemptMs)
  if (c.layouts.current !== undefined) return existing(c, options)
  const agents = members
    .filter(({ id, role }) => role === 'agent' && c.agents.isAlive(id))
    .map(({ id, zone, capacity }): RingAgent => ({ id, zone, capacity: Math.max(1, capacity) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  if (agents.length === 0) {
    throw new TorcError('UNAVAILABLE', 'no agent is there to make a layout of', {
      hint: 'Start agents with --join naming this server or each other, and see `torc status`.',
    })
  }
  if (options.agents !== undefined && options.agents !== agents.length) {
    throw new TorcError(
      'UNAVAILABLE',
      `${agents.length} agents are alive, the layout is to have ${options.agents}`,
      {
        hint: 'Wait until all agents have joined (`torc status`), then run it again.',
      },
    )
  }
  const epoch = makeFirstEpoch(c, agents, {
    partitions: partitionsOf(options),
    replicas: options.replicas ?? replicasDefault,
  })
  await storeEpoch(c, epoch)
  return describeLayout(c)
}

function partitionsOf({ partitions = partitionCountDefault }: InitLayoutOptions): number {
  if (isPartitionCount(partitions)) return partitions
  throw new TorcError('BAD_REQUEST', `${partitions} is no number of partitions`, {
    hint: `Ask for a power of two, up to ${partitionCountMax}; ${partitionCountDefault} suits up to some fifty agents.`,
  })
}

function makeFirstEpoch(
  c: Coordination,
  agents: readonly RingAgent[],
  shape: { readonly partitions: number; readonly replicas: number },
): Epoch {
  const table = assignTable(agents, shape)
  const { problems } = validateTable(table, agents)
  if (problems.length > 0)
    throw new TorcError('INTERNAL', `the layout made is wrong: ${problems.slice(0, 3).join('; ')}`)
  // Nothing random: servers that race over the same agents make the same layout.
  return { number: 1, parentHash: firstParentHash, lineage: c.clusterId, agents, table }
}

/**
 * Every agent of the layout must have stored it before anything is placed by it. The first agent is asked alone: of
 * two servers that race with different layouts, it takes one, and the other has changed nothing yet.
 */
async function storeEpoch(c: Coordination, epoch: Epoch): Promise<void> {
  const encoded = encodeEpoch(epoch)
  const errors = new Map<string, TorcError>()
  const storeAt = async ({ id }: RingAgent): Promise<void> => {
    try {
      await c.agents.request(id, 'putEpoch', { epoch: encoded }, { timeoutMs: writeAttemptMs })
    } catch (thrown) {
      errors.set(id, TorcError.from(thrown))
    }
  }
  const [first, ...others] = epoch.agents
  if (first !== undefined) await storeAt(first)
  if (errors.size === 0) await Promise.all(others.map(storeAt))
  const refused = Array.from(errors.values()).find(
    error => error.code === 'CONFLICT' || error.code === 'STALE_EPOCH',
  )
  if (refused !== undefined) {
    throw new TorcError('CONFLICT', 'another layout was made at the same time', { cause: refused })
  }
  if (errors.size > 0) {
    throw new TorcError(
      'INDETERMINATE',
      `the layout is not on all of its agents (${describeErrors(errors)})`,
      {
        hint: 'Run `torc layout init` again: what is stored is found, and brought to the others.',
      },
    )
  }
  c.layouts.adopt({ epoch: encoded }, 'this server')
}

function existing(c: Coordination, options: InitLayoutOptions): LayoutInfo {
  const layout = c.layouts.require()
  const { agents, replicas, partitions } = options
  if (agents !== undefined && agents < layout.agents.length) {
    throw new TorcError(
      'CONFLICT',
      `the cluster's layout has ${layout.agents.length} agents, not ${agents}`,
      {
        hint: `Start it with ${layout.agents.length} agents, or remove some: \`torc layout remove AGENT\`.`,
      },
    )
  }
  if (replicas !== undefined && replicas !== layout.replicas) {
    throw new TorcError('CONFLICT', `the cluster's layout has ${layout.replicas} replicas, not ${replicas}`, {
      hint: `Change it: \`torc layout replicas ${replicas}\`, then \`torc layout apply\`.`,
    })
  }
  if (partitions !== undefined && partitions !== layout.partitions) {
    throw new TorcError(
      'CONFLICT',
      `the cluster's layout has ${layout.partitions} partitions, not ${partitions}`,
      {
        hint: 'Their number is for good: another one needs another cluster, and a copy of what this one holds.',
      },
    )
  }
  return describeLayout(c)
}

export function describeLayout(c: Coordination): LayoutInfo {
  const layout = c.layouts.require()
  return {
    epoch: layout.number,
    partitions: layout.partitions,
    replicas: layout.replicas,
    agents: layout.agents.map(({ id, zone, capacity }) => ({
      id,
      zone,
      capacity,
      partitions: layout.partitionsOf(id),
    })),
  }
}
