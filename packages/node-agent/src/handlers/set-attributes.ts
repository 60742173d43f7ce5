import { actorId } from '@torc/cluster/clocks/dot'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import { addressedKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'

/**
 * Sets and clears registers of a key or of one of its versions. The answer carries them as they were set: the sender
 * merges them into the other owners.
 *
 * Durable before sent: the registers and the end of the counter lease are committed before the answer leaves.
 */
export function setAttributesHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'setAttributes'>): Promise<Reply<'setAttributes'>> => {
    const { head } = request
    const name = addressedKey(agent, head)
    checkNames(head)
    const { set, clear } = head
    const version =
      head.version === undefined ? undefined : { actor: actorId(head.version[0]), counter: head.version[1] }
    const seenTime = head.seenTime ?? 0
    const attributes = await agent.commit.submit(() => {
      agent.layout.checkStill(head.epoch, head.stage)
      agent.collections.check(name.partition, head.collection)
      return agent.index.setAttributes(name, { version, set, clear, seenTime })
    })
    agent.log.debug({ key: head.key, names: attributes.size }, 'attributes set')
    return { head: { time: agent.clock.now(), attributes: encodeAttributes(attributes) } }
  }
}

/** Each name once: two writes of one register at one time could not be told apart. */
function checkNames({ set, clear }: RequestOf<'setAttributes'>): void {
  const names = [...set.map(([name]) => name), ...clear]
  if (names.length === 0) throw new TorcError('BAD_REQUEST', 'name an attribute to set or to clear')
  if (new Set(names).size !== names.length) throw new TorcError('BAD_REQUEST', 'an attribute is named twice')
}
