import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import type { ExaminedName } from '../remainders/remainder-keeper.js'
import type { AgentContext } from './agent-context.js'
import { checkRemainderRequest, remainderName } from './remainder-request.js'

/** Takes no write any more that was read under a lower number. Durable before it is answered. */
export function raiseCollectionHandler(agent: AgentContext) {
  return async ({ head }: IncomingRequest<'raiseCollection'>): Promise<Reply<'raiseCollection'>> => {
    const { partition, collection: number } = head
    const keys = examinedNames(agent, head)
    const { collection, unchanged } = await agent.remainders.raise(partition, number, keys)
    return { head: { time: agent.clock.now(), collection, unchanged: [...unchanged] } }
  }
}

/** Drops what is left of keys, as far as it is what it was. Durable before it is answered. */
export function dropRemaindersHandler(agent: AgentContext) {
  return async ({ head }: IncomingRequest<'dropRemainders'>): Promise<Reply<'dropRemainders'>> => {
    const dropped = await agent.remainders.drop(head.partition, head.collection, examinedNames(agent, head))
    if (dropped > 0) agent.log.debug({ partition: head.partition, dropped }, 'remainders collected')
    return { head: { time: agent.clock.now(), dropped } }
  }
}

function examinedNames(
  agent: AgentContext,
  head: RequestOf<'raiseCollection'> | RequestOf<'dropRemainders'>,
): ExaminedName[] {
  checkRemainderRequest(agent, head)
  return head.keys.map(({ evidence, ...key }) => ({
    name: remainderName(agent, head.partition, key),
    evidence,
  }))
}
