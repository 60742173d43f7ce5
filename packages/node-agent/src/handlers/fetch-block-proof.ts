import { blockPartition } from '@torc/cluster/ring/partition'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'
import { hashesOf } from './hashes.js'

/**
 * Proofs of blocks that are here, to compare a client's with. The blocks are read one at a time, and with `check` also
 * compared with their hashes: a damaged one is noticed then, and has no proof.
 */
export function fetchBlockProofHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'fetchBlockProof'>): Promise<Reply<'fetchBlockProof'>> => {
    const { head } = request
    agent.clock.observe(head.time)
    agent.layout.checkEpoch(head.epoch, head.stage)
    const hashes = hashesOf(head.hashes)
    const challenges = hashesOf(head.challenges, 'challenges')
    if (challenges.length !== hashes.length || head.sizes.length !== hashes.length)
      throw new TorcError('BAD_REQUEST', 'each block has a size and a challenge')
    for (const hash of hashes) agent.layout.checkHolder(blockPartition(hash, agent.layout.partitions))
    const proofs: Uint8Array[] = []
    const missing: number[] = []
    for (const [i, hash] of hashes.entries()) {
      const [size, challenge] = [head.sizes[i] as number, challenges[i] as Uint8Array]
      const proof = await agent.blocks.prove(hash, size, challenge, head.check === true)
      if (proof === undefined) missing.push(i)
      else proofs.push(proof)
    }
    return { head: { time: agent.clock.now(), proofs: Buffer.concat(proofs), missing } }
  }
}
