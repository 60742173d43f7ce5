import { TorcError } from '@torc/protocol/errors'
import { isStaleLayout } from '../agents/agents.js'
import type { Coordination } from './coordination.js'
import { readAttemptMs } from './deadline.js'

/** Stages follow each other, and agents take them over one by one: so often a flow meets another one at most. */
const attemptsMax = 5

/** Most collections of a partition that overtake one flow. They come many seconds apart. */
const collectionsMax = 8

/**
 * Runs a flow; when an agent calls its layout stale, reloads the layout, or brings it to those that lack it, and runs it
 * again. When it was read under an older collection than an agent has by now (DESIGN §10), it reads anew.
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
  for (let attempt = 1; ; attempt++) {
    const before = c.layouts.current
    try {
      return await run()
    } catch (thrown) {
      const error = TorcError.from(thrown)
      if (error.code === 'STALE_COLLECTION') throw error
      if ((!isStaleLayout(error) && error.code !== 'NO_LAYOUT') || attempt === attemptsMax) throw error
      const changed = await c.layouts.learnFromAll(c.agents, c.knownAgents(), readAttemptMs)
      if (!changed && c.layouts.current === before) throw error
    }
  }
}
