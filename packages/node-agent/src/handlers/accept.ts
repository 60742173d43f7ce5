import { decodeProposal } from '@torc/cluster/consensus/proposal'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { votedKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'
import { checkInlineBody, readInlineBody } from './inline-body.js'

/** Accepts a proposal unless a higher ballot was promised. Durable before it is answered. */
export function acceptHandler(agent: AgentContext) {
  return async ({ head, body }: IncomingRequest<'accept'>): Promise<Reply<'accept'>> => {
    const name = votedKey(agent, head)
    const proposal = decodeProposal(head.proposal, 'BAD_REQUEST')
    let inline: Uint8Array | null = null
    if (proposal.version !== undefined) {
      const version = decodeVersion(proposal.version.record, 'BAD_REQUEST')
      if (version.kind === 'object' && version.blocks === undefined) {
        const read = readInlineBody(body)
        inline = read instanceof Promise ? await read : read
        checkInlineBody(agent.hasher, inline, version.size, version.sha256)
      }
      agent.clock.observe(version.createdAt)
    }
    const promised = await agent.register.accept(
      name,
      head.ballot,
      proposal,
      inline,
      head.intent === true,
      () => agent.layout.checkStill(head.epoch, head.stage),
    )
    return { head: { time: agent.clock.now(), promised } }
  }
}
