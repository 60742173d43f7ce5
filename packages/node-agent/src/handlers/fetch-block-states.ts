import { blockPartition } from '@torc/cluster/ring/partition'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'
import { hashesOf } from './hashes.js'

/** How blocks are here, by their rows and by what is under way: files are not read. NOT_OWNER as for `referBlocks`. */
export function fetchBlockStatesHandler(agent: AgentContext) {
  return (request: IncomingRequest<'fetchBlockStates'>): Reply<'fetchBlockStates'> => {
    const { head } = request
    agent.clock.observe(head.time)
    agent.layout.checkEpoch(head.epoch, head.stage)
    const hashes = hashesOf(head.hashes)
    for (const hash of hashes) agent.layout.checkHolder(blockPartition(hash, agent.layout.partitions))
    return { head: { time: agent.clock.now(), states: hashes.map(hash => agent.blocks.stateOf(hash)) } }
  }
}
