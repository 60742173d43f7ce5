import { blockPartition } from '@torc/cluster/ring/partition'
import type { KeyName } from '../index/key-writer.js'
import type { AgentContext } from './agent-context.js'

/** The fields that every request on a key has. */
export interface KeyAddress {
  readonly epoch: number
  readonly stage: number
  readonly time: number
  readonly bucketId: Uint8Array
  readonly key: string
  readonly replicas?: number
}

/**
 * Checks that the request was addressed under this agent's layout to an owner, and takes over the sender's clock.
 * STALE_EPOCH, NO_LAYOUT or NOT_OWNER otherwise.
 */
export function addressedKey(agent: AgentContext, head: KeyAddress): KeyName {
  const { layout } = agent
  agent.clock.observe(head.time)
  layout.checkEpoch(head.epoch)
  const { bucketId, replicas } = head
  const key = Buffer.from(head.key)
  const hash = agent.hasher.sha256(bucketId, key)
  const partition = blockPartition(hash, layout.partitions)
  layout.checkOwner(partition)
  return { bucketId, key, partition, hash, replicas }
}
