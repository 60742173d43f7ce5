import { TorcError } from '@torc/protocol/errors'
import { isStaleLayout } from '../agents/agents.js'
import type { Coordination } from './coordination.js'
import { readAttemptMs } from './deadline.js'

/** Runs a flow; when an agent calls its layout stale, reloads the layout and runs it once more. */
export async function withFreshLayout<T>(c: Coordination, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (!isStaleLayout(error) && error.code !== 'NO_LAYOUT') throw error
    const before = c.layouts.number
    await c.layouts.learnFromAll(c.agents, c.knownAgents(), readAttemptMs)
    if (c.layouts.number === before) throw error
    return run()
  }
}
