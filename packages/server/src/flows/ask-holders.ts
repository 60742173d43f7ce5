import { TorcError } from '@torc/protocol/errors'
import { isStaleLayout } from '../agents/agents.js'
import type { Coordination } from '../core/coordination.js'

export interface HeldHints<T> {
  readonly answers: readonly (readonly [agent: string, answer: T])[]
  /** Holders that could not be asked: what they hold may be missing. */
  readonly silent: readonly string[]
}

/** Asks all agents that may hold hints of a key; a stale layout and a caller that gave up reject, as in `gather`. */
export async function askHolders<T>(
  c: Coordination,
  holders: readonly string[],
  ask: (agent: string) => Promise<T>,
): Promise<HeldHints<T>> {
  const answers: [string, T][] = []
  const silent: string[] = []
  await Promise.all(
    holders.map(async agent => {
      if (!c.agents.isAlive(agent)) {
        silent.push(agent)
        return
      }
      try {
        answers.push([agent, await ask(agent)])
      } catch (thrown) {
        const error = TorcError.from(thrown)
        if (isStaleLayout(error) || error.code === 'CANCELLED') throw error
        c.log.debug({ agent, code: error.code }, 'a holder of hints did not answer')
        silent.push(agent)
      }
    }),
  )
  return { answers, silent }
}
