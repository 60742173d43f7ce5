import { encodeProposal } from '@torc/cluster/consensus/proposal'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { MovedRow } from '../consensus/ballot-rows.js'
import type { AgentContext } from './agent-context.js'
import { checkTreeRequest } from './tree-request.js'

/**
 * Votes on registers of keys, for a new owner. Under the layout that made it one, so that this agent votes no more as
 * one of the old layout alone.
 */
export function fetchBallotsHandler(agent: AgentContext) {
  return ({ head }: IncomingRequest<'fetchBallots'>): AsyncIterable<Reply<'fetchBallots'>> => {
    checkTreeRequest(agent, head, head.partitions)
    async function* rows(): AsyncIterable<Reply<'fetchBallots'>> {
      for (const partition of head.partitions)
        for (const row of agent.ballots.of(partition)) yield replyOf(agent, row)
      yield { head: { time: agent.clock.now() } }
    }
    return rows()
  }
}

function replyOf(agent: AgentContext, { name, promised, accepted }: MovedRow): Reply<'fetchBallots'> {
  const { bucketId, key, replicas } = name
  const head: Reply<'fetchBallots'>['head'] = {
    ...{ time: agent.clock.now(), bucketId, key: Buffer.from(key).toString(), promised },
    ...(replicas === undefined ? {} : { replicas }),
  }
  if (accepted === undefined) return { head }
  head.accepted = accepted.ballot
  head.proposal = encodeProposal(accepted.proposal)
  head.learned = accepted.learned
  return accepted.body === null ? { head } : { head, body: [accepted.body] }
}
