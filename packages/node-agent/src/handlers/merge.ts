import { decodeContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import { actorId } from '@torc/cluster/clocks/dot'
import { decodeAttributes } from '@torc/cluster/state/attributes-codec'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { MergeRequest } from '../index/key-index.js'
import { hintAnswer, keepHint, writtenKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'
import { checkInlineBody, readInlineBody } from './inline-body.js'

/**
 * Joins a delta (or part of a state) into a key: the one way by which writes, purges and repairs reach the owners
 * that did not mint them. SUPERSEDED for a purge that names its operation, where a later attempt of that has looked.
 *
 * Durable before sent: the merged state is committed before the answer leaves, and with it hints for owners that are
 * down. `seen` is never an ack: the version
 * was covered already and is not here.
 */
export function mergeHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'merge'>): Promise<Reply<'merge'>> => {
    const { head } = request
    const { name, targets } = writtenKey(agent, head)
    const context = decodeContext(head.context)
    const keep = head.keep?.map(([actor, counter]) => ({ actor: actorId(actor), counter }))
    const attributes = head.attributes === undefined ? undefined : decodeAttributes(head.attributes)
    if (attributes !== undefined) for (const { time } of attributes.values()) agent.clock.observe(time)
    let arriving: MergeRequest['arriving']
    if (head.record !== undefined) {
      const version = decodeVersion(head.record, 'BAD_REQUEST')
      const inline = version.kind === 'object' && version.blocks === undefined
      const read = inline ? readInlineBody(request.body) : null
      const body = read instanceof Promise ? await read : read
      if (body !== null) checkInlineBody(agent.hasher, body, version.size, version.sha256)
      agent.clock.observe(version.createdAt)
      arriving = { version, record: head.record, body }
    }
    const bodyBytes = arriving?.body?.length ?? 0
    const purge = arriving === undefined ? head.opId : undefined
    const merged = await agent.commit.submit(() => {
      agent.layout.checkStill(head.epoch, head.stage)
      agent.collections.check(name.partition, head.collection)
      agent.hints.counts.checkRoom(targets.length, bodyBytes)
      if (purge !== undefined) agent.index.fence.check(purge, head.attempt)
      const result = agent.index.merge(name, { context, arriving, keep, attributes })
      // What changes nothing here may still be new to the owner that is down; "seen" is nothing that is here.
      if (result.outcome !== 'seen')
        keepHint(agent, name, targets, result.outcome === 'stored' ? bodyBytes : 0)
      return result
    })
    if (arriving !== undefined) {
      const { id, size } = arriving.version
      agent.log.debug({ key: head.key, versionId: id, size, outcome: merged.outcome }, 'merged')
    }
    const answer = {
      time: agent.clock.now(),
      outcome: merged.outcome,
      context: encodeContext(merged.summary.closed),
      ...(merged.outcome === 'seen' ? {} : hintAnswer(agent, targets)),
    }
    return { head: merged.removed.length === 0 ? answer : { ...answer, removed: [...merged.removed] } }
  }
}
