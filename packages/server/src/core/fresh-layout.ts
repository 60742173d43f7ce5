import { TorcError } from '@torc/protocol/errors'
import { isStaleLayout } from '../agents/agents.js'
import type { Coordination } from './coordination.js'
import { readAttemptMs } from './deadline.js'

/** Most collections of a partition that overtake one flow. They come many seconds apart. */
const collectionsMax = 8

/**
 * Runs a flow; when an agent calls its layout stale, reloads the layout and runs it once more. When it was read under an
 * older collection than an agent has by now (DESIGN §10), it reads anew.
 */
export async function withFreshLayout<T>(c: Coordination, run: () => Promise<T>): Promise<T> {
  for (let left = collectionsMax; ; left--) {
    try {
      return await withNewestLayout(c, run)
    } catch (thrown) {
      if (!c.collections.learn(thrown) || left === 0) throw thrown
    }
  }
}

async function withNewestLayout<T>(c: Coordination, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (error.code === 'STALE_COLLECTION') throw error
    if (!isStaleLayout(error) && error.code !== 'NO_LAYOUT') throw error
    const before = c.layouts.number
    await c.layouts.learnFromAll(c.agents, c.knownAgents(), readAttemptMs)
    if (c.layouts.number === before) throw error
    return run()
  }
}
