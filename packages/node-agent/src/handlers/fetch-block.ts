import { blockPartition } from '@torc/cluster/ring/partition'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'

/** A whole block, checked against its hash. UNAVAILABLE when it is not here, CORRUPT when it is damaged. */
export function fetchBlockHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'fetchBlock'>): Promise<Reply<'fetchBlock'>> => {
    const { head } = request
    agent.clock.observe(head.time)
    agent.layout.checkEpoch(head.epoch, head.stage)
    if (head.asHolder !== true) agent.layout.checkHolder(blockPartition(head.hash, agent.layout.partitions))
    try {
      const lease = await agent.blocks.read(head.hash)
      return { head: { time: agent.clock.now(), size: lease.bytes.length }, body: { leases: [lease] } }
    } catch (thrown) {
      agent.log.warn({ block: Buffer.from(head.hash).toString('hex'), err: thrown }, 'cannot give a block')
      throw thrown
    }
  }
}
