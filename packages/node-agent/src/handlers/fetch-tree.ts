import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'
import { checkTreeRequest, rankFor, treeOf } from './tree-request.js'

/** Roots of the trees of partitions that both agents own. */
export function fetchRootsHandler(agent: AgentContext) {
  return ({ head, peer }: IncomingRequest<'fetchRoots'>): Reply<'fetchRoots'> => {
    const { what, partitions } = head
    checkTreeRequest(agent, head, partitions)
    const roots = partitions.map(partition =>
      treeOf(agent.trees.root(what, partition, rankFor(agent, partition, peer.id)), what),
    )
    return { head: { time: agent.clock.now(), digests: Buffer.concat(roots) } }
  }
}

/** Leaves of the tree of one partition. */
export function fetchLeavesHandler(agent: AgentContext) {
  return ({ head, peer }: IncomingRequest<'fetchLeaves'>): Reply<'fetchLeaves'> => {
    const { what, partition } = head
    checkTreeRequest(agent, head, [partition])
    const digests = treeOf(agent.trees.leaves(what, partition, rankFor(agent, partition, peer.id)), what)
    return { head: { time: agent.clock.now(), digests } }
  }
}
