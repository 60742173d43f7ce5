import { slotOfLeaf } from '@torc/cluster/trees/tree-shape'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import { LeafContents } from '../trees/leaf-contents.js'
import type { AgentContext } from './agent-context.js'
import { checkTreeRequest, rankFor } from './tree-request.js'

/** Keys of a leaf with the digests of their states, as far as both agents have to hold them. */
export function fetchLeafKeysHandler(agent: AgentContext) {
  const contents = new LeafContents(agent.database)
  return (request: IncomingRequest<'fetchLeafKeys'>): AsyncIterable<Reply<'fetchLeafKeys'>> => {
    const { partition, leaf } = request.head
    checkTreeRequest(agent, request.head, [partition])
    const { partitions } = agent.layout
    const rank = rankFor(agent, partition, request.peer.id)
    async function* pages(): AsyncIterable<Reply<'fetchLeafKeys'>> {
      for (const page of contents.keys(slotOfLeaf(partition, leaf), partitions, limits.treeItemsMax)) {
        const keys = page.flatMap(({ bucketId, key, digest }) => {
          const replicas = replicasBeyond(agent, bucketId, rank)
          return replicas === undefined
            ? []
            : [{ bucketId, key: Buffer.from(key).toString(), digest, ...replicas }]
        })
        yield { head: { time: agent.clock.now(), keys } }
      }
    }
    return pages()
  }
}

/** References to the blocks of a leaf, as far as both agents have to hold them. */
export function fetchLeafBlocksHandler(agent: AgentContext) {
  const contents = new LeafContents(agent.database)
  return (request: IncomingRequest<'fetchLeafBlocks'>): AsyncIterable<Reply<'fetchLeafBlocks'>> => {
    const { partition, leaf } = request.head
    checkTreeRequest(agent, request.head, [partition])
    const { partitions } = agent.layout
    const rank = rankFor(agent, partition, request.peer.id)
    async function* pages(): AsyncIterable<Reply<'fetchLeafBlocks'>> {
      for (const page of contents.references(slotOfLeaf(partition, leaf), partitions, limits.treeItemsMax)) {
        const references = page.flatMap(({ key, compressed, ...reference }) => {
          const replicas = replicasBeyond(agent, reference.bucketId, rank)
          if (replicas === undefined) return []
          const name = Buffer.from(key).toString()
          return [{ ...reference, ...replicas, key: name, ...(compressed ? { compressed } : {}) }]
        })
        yield { head: { time: agent.clock.now(), references } }
      }
    }
    return pages()
  }
}

/** How many owners hold what is in a bucket, where that is known; undefined where the later of two agents is none of them. */
function replicasBeyond(
  agent: AgentContext,
  bucketId: Uint8Array,
  rank: number,
): { readonly replicas?: number } | undefined {
  const replicas = agent.trees.replicasOf(bucketId)
  if (replicas === undefined) return {}
  return replicas > rank ? { replicas } : undefined
}
