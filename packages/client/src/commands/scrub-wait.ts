import type { Clock } from '@torc/protocol/environment/clock'
import type { Admin } from '@torc/protocol/store/admin'
import { type ScrubStatus, unfinishedScrubs } from '@torc/protocol/store/scrub'
import { waitForPasses } from './pass-wait.js'

export interface ScrubWait {
  readonly store: Pick<Admin, 'scrubStatus'>
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told of each state on the way. */
  readonly onStatus: (status: ScrubStatus) => void
}

/** As `waitForPasses`, for the passes of scrubs. */
export function waitForScrub(asked: ScrubStatus, wait: ScrubWait): Promise<ScrubStatus> {
  const { store, clock, signal, onStatus } = wait
  return waitForPasses(asked, {
    ask: async () => withReasons(asked, await store.scrubStatus({ signal })),
    unfinished: now => unfinishedScrubs(asked, now),
    isHeard: ({ scrub }) => scrub !== undefined,
    ...{ clock, signal, onStatus },
  })
}

/** An agent that refused to begin stays in the answer with its reason, though it tells how it is. */
function withReasons(asked: ScrubStatus, status: ScrubStatus): ScrubStatus {
  const refused = new Map(asked.agents.map(({ id, error }) => [id, error]))
  return {
    agents: status.agents.map(agent => ({ ...agent, error: agent.error ?? refused.get(agent.id) })),
  }
}
