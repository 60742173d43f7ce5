import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'

/** First half of a vote on the next layout. Durable before sent: the promise is committed before the answer leaves. */
export function prepareEpochHandler({ commit, epochBallots }: AgentContext) {
  return async ({ head }: IncomingRequest<'prepareEpoch'>): Promise<Reply<'prepareEpoch'>> => {
    const { promised, accepted, value } = await commit.submit(() => epochBallots.prepare(head, head.ballot))
    return {
      head: {
        promised,
        ...(accepted === undefined ? {} : { accepted }),
        ...(value === undefined ? {} : { epoch: value }),
      },
    }
  }
}

/** Second half. Durable before sent: what is accepted is committed before the answer leaves. */
export function acceptEpochHandler({ commit, epochBallots }: AgentContext) {
  return async ({ head }: IncomingRequest<'acceptEpoch'>): Promise<Reply<'acceptEpoch'>> => {
    const { promised } = await commit.submit(() => epochBallots.accept(head, head.ballot, head.epoch))
    return { head: { promised } }
  }
}
