import { TorcError } from '@torc/protocol/errors'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { Coordination } from '../core/coordination.js'

/** Patience with an agent, in milliseconds: it answers at once, whatever its disk does. */
const answerMs = 5_000

export type ScrubAnswer = ResponseOf<'getScrub'>
type AgentAnswer = ScrubAnswer['agents'][number]

/** How the scrubs of the agents of the layout are. NO_LAYOUT where there is none. */
export function scrubStatus(c: Coordination): Promise<ScrubAnswer> {
  return ofAllAgents(c, id => usageOf(c, id))
}

/** Asks all agents of the layout to begin a pass, and how they are then. */
export function startScrub(c: Coordination): Promise<ScrubAnswer> {
  return ofAllAgents(c, async id => {
    const { head } = await c.agents.request(id, 'scrubBlocks', {}, { timeoutMs: answerMs })
    return { ...(await usageOf(c, id)), waitFor: head.waitFor }
  })
}

async function ofAllAgents(c: Coordination, ask: (id: string) => Promise<AgentAnswer>): Promise<ScrubAnswer> {
  const ids = c.layouts.require().agents.map(({ id }) => id)
  const agents = await Promise.all(
    ids.map(async id => {
      try {
        return await ask(id)
      } catch (thrown) {
        // One agent that is down must not hide the others; the answer says which.
        return { id, error: TorcError.from(thrown).message.slice(0, 1024) }
      }
    }),
  )
  return { agents }
}

async function usageOf(c: Coordination, id: string): Promise<AgentAnswer> {
  const { head } = await c.agents.request(id, 'fetchUsage', {}, { timeoutMs: answerMs })
  const { blocksMissing, blocksCorrupt, blocksRepaired, scrub } = head
  return {
    id,
    ...(blocksMissing === undefined ? {} : { blocksMissing }),
    ...(blocksCorrupt === undefined ? {} : { blocksCorrupt }),
    ...(blocksRepaired === undefined ? {} : { blocksRepaired }),
    ...(scrub === undefined ? {} : { scrub }),
  }
}
