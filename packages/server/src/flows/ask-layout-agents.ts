import { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'

/** Patience with an agent, in milliseconds: it answers at once, whatever its disk does. */
export const agentAnswerMs = 5_000

/** What stands for an agent that could not be asked. */
export interface Unasked {
  readonly id: string
  readonly error: string
}

/** Asks each agent of the layout. NO_LAYOUT where there is none. */
export async function askLayoutAgents<T>(
  c: Coordination,
  ask: (id: string) => Promise<T>,
): Promise<(T | Unasked)[]> {
  const ids = c.layouts.require().agents.map(({ id }) => id)
  return await Promise.all(
    ids.map(async id => {
      try {
        return await ask(id)
      } catch (thrown) {
        // One agent that is down must not hide the others; the answer says which.
        return { id, error: TorcError.from(thrown).message.slice(0, 1024) }
      }
    }),
  )
}
