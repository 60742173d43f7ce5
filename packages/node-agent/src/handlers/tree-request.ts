import { TorcError } from '@torc/protocol/errors'
import type { TreeKind } from '../trees/leaf-rows.js'
import type { AgentContext } from './agent-context.js'

interface TreeAddress {
  readonly epoch: number
  readonly stage: number
  readonly time: number
}

/** Checks a request about trees as those on keys are: STALE_EPOCH, NO_LAYOUT or NOT_OWNER. */
export function checkTreeRequest(
  agent: AgentContext,
  head: TreeAddress,
  partitions: readonly number[],
): void {
  agent.clock.observe(head.time)
  agent.layout.checkEpoch(head.epoch, head.stage)
  for (const partition of partitions) agent.layout.checkHolder(partition)
}

/** From which rank on this agent and the one that asks have to hold the same of a partition. */
export function rankFor(agent: AgentContext, partition: number, asking: string): number {
  return agent.layout.commonRank(partition, agent.nodeId, asking)
}

/** There are trees wherever there is a layout, which was checked before. */
export function treeOf(digests: Uint8Array | undefined, kind: TreeKind): Uint8Array {
  if (digests === undefined) throw new TorcError('NO_LAYOUT', `no tree of ${kind} without a layout`)
  return digests
}
