import { blockPartition } from '@torc/cluster/ring/partition'
import { TorcError } from '@torc/protocol/errors'
import type { RequestOf } from '@torc/protocol/messages/table'
import type { KeyName } from '../index/key-writer.js'
import type { AgentContext } from './agent-context.js'

type Addressed = Pick<RequestOf<'fetchRemainders'>, 'epoch' | 'stage' | 'time' | 'partition'>

/** Checks a request about what is left of keys, which any agent of the layout answers: STALE_EPOCH or NO_LAYOUT. */
export function checkRemainderRequest(agent: AgentContext, head: Addressed): void {
  agent.clock.observe(head.time)
  agent.layout.checkEpoch(head.epoch, head.stage)
}

/** A key of the request. BAD_REQUEST where it is of another partition. */
export function remainderName(
  agent: AgentContext,
  partition: number,
  named: { readonly bucketId: Uint8Array; readonly key: string },
): KeyName {
  const name = { bucketId: named.bucketId, key: Buffer.from(named.key), partition }
  const hash = agent.trees.hashOf(name)
  if (blockPartition(hash, agent.layout.partitions) === partition) return { ...name, hash }
  throw new TorcError('BAD_REQUEST', `a key is not of partition ${partition}`)
}
