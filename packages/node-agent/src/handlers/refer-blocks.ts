import { blockPartition } from '@torc/cluster/ring/partition'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'

const hashBytes = 32

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
    const operation = { opId: head.opId, bucketId: head.bucketId, key: Buffer.from(head.key) }
    const missing = await agent.blocks.refer(hashes, operation)
    agent.log.debug({ blocks: hashes.length, missing: missing.length }, 'referred to blocks')
    return { head: { time: agent.clock.now(), missing } }
  }
}

function hashesOf(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % hashBytes !== 0) {
    throw new TorcError('BAD_REQUEST', `\`hashes\` must have ${hashBytes} bytes for each block`)
  }
  const hashes: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += hashBytes) hashes.push(bytes.subarray(at, at + hashBytes))
  return hashes
}
