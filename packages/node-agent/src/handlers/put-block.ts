import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { blockTargets, hintAnswer } from './addressing.js'
import type { AgentContext } from './agent-context.js'

/**
 * Stores a block and a reference to it.
 *
 * Durable before sent: the file is fsynced and renamed and its folder fsynced, then the rows are committed (those
 * of hints for owners that are down among them), then the answer leaves.
 */
export function putBlockHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'putBlock'>): Promise<Reply<'putBlock'>> => {
    const { head, body } = request
    agent.clock.observe(head.time)
    agent.layout.checkEpoch(head.epoch, head.stage)
    const [targets = []] = blockTargets(agent, [head.hash], head.hintFor)
    agent.hints.counts.checkRoom(targets.length, head.size)
    if (body === undefined) throw new TorcError('BAD_REQUEST', 'a block comes with its bytes')
    const { opId, bucketId, replicas } = head
    const operation = { opId, bucketId, key: Buffer.from(head.key), replicas }
    const had = await agent.blocks.put(head.hash, head.size, operation, body, {
      compress: head.compress,
      alongside: () => agent.hints.blocks.note(head.hash, operation, targets),
    })
    agent.log.debug({ block: Buffer.from(head.hash).toString('hex'), size: head.size, had }, 'stored block')
    return { head: { time: agent.clock.now(), had, ...hintAnswer(agent, targets) } }
  }
}
