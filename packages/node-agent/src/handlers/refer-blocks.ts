import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { blockTargets, hintAnswer } from './addressing.js'
import type { AgentContext } from './agent-context.js'
import { hashesOf } from './hashes.js'

/**
 * Adds references to blocks that are here, for an operation that copies an object. NOT_OWNER when a block's
 * partition is another agent's; a block that should be here and is not is named in the answer instead, and is to be
 * sent.
 *
 * Durable before sent: the references, and hints of them for owners that are down, are committed before the answer
 * leaves.
 */
export function referBlocksHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'referBlocks'>): Promise<Reply<'referBlocks'>> => {
    const { head } = request
    agent.clock.observe(head.time)
    agent.layout.checkEpoch(head.epoch, head.stage)
    const hashes = hashesOf(head.hashes)
    const targets = blockTargets(agent, hashes, head.hintFor)
    const hinted = targets.flat()
    agent.hints.counts.checkRoom(hinted.length, 0)
    const { opId, bucketId, replicas } = head
    const operation = { opId, bucketId, key: Buffer.from(head.key), replicas }
    const missing = await agent.blocks.refer(hashes, operation, position => {
      const [hash, owners = []] = [hashes[position], targets[position]]
      if (hash !== undefined) agent.hints.blocks.note(hash, operation, owners)
    })
    agent.log.debug({ blocks: hashes.length, missing: missing.length }, 'referred to blocks')
    return { head: { time: agent.clock.now(), missing, ...hintAnswer(agent, hinted) } }
  }
}
