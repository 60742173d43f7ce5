import { blockPartition } from '@torc/cluster/ring/partition'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'
import { hashesOf } from './hashes.js'

/**
 * Adds references to blocks that are here, for an operation that copies an object. NOT_OWNER when a block's
 * partition is another agent's; a block that should be here and is not is named in the answer instead, and is to be
 * sent.
 *
 * Durable before sent: the references are committed before the answer leaves.
 */
export function referBlocksHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'referBlocks'>): Promise<Reply<'referBlocks'>> => {
    const { head } = request
    agent.clock.observe(head.time)
    agent.layout.checkEpoch(head.epoch)
    const hashes = hashesOf(head.hashes)
    for (const hash of hashes) agent.layout.checkOwner(blockPartition(hash, agent.layout.partitions))
    const { opId, bucketId, replicas } = head
    const operation = { opId, bucketId, key: Buffer.from(head.key), replicas }
    const missing = await agent.blocks.refer(hashes, operation)
    agent.log.debug({ blocks: hashes.length, missing: missing.length }, 'referred to blocks')
    return { head: { time: agent.clock.now(), missing } }
  }
}
