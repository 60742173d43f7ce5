import { TorcError } from '@torc/protocol/errors'
import { isStaleLayout } from '../agents/agents.js'

export interface Gathered<T> {
  /** Answers in the order in which they came. */
  readonly answers: readonly (readonly [agent: string, answer: T])[]
  readonly errors: ReadonlyMap<string, TorcError>
}

/**
 * Asks the first `needed` candidates at once and one more for each that fails. Resolves with what came when
 * `needed` answered or no candidate is left: the caller judges whether that is enough. A stale layout and a caller
 * that gave up reject at once, as no other agent can help.
 */
export async function gather<T>(
  candidates: readonly string[],
  needed: number,
  ask: (agent: string) => Promise<T>,
): Promise<Gathered<T>> {
  const answers: [string, T][] = []
  const errors = new Map<string, TorcError>()
  let next = 0
  const askOne = async (): Promise<void> => {
    for (;;) {
      const agent = candidates[next++]
      if (agent === undefined) return
      try {
        answers.push([agent, await ask(agent)])
        return
      } catch (thrown) {
        const error = TorcError.from(thrown)
        if (isStaleLayout(error) || error.code === 'CANCELLED') throw error
        errors.set(agent, error)
      }
    }
  }
  if (needed === 1) await askOne()
  else await Promise.all(Array.from({ length: needed }, askOne))
  return { answers, errors }
}
