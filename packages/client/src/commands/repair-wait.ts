import type { Clock } from '@torc/protocol/environment/clock'
import type { Admin } from '@torc/protocol/store/admin'
import { type RepairStatus, restartedRepairs, unfinishedRepairs } from '@torc/protocol/store/repair'
import { waitForPasses } from './pass-wait.js'

export interface RepairWait {
  readonly store: Pick<Admin, 'repairStatus'>
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told of each state on the way. */
  readonly onStatus: (status: RepairStatus) => void
}

/** As `waitForPasses`, for the passes of anti-entropy. */
export function waitForRepair(asked: RepairStatus, wait: RepairWait): Promise<RepairStatus> {
  const { store, clock, signal, onStatus } = wait
  return waitForPasses(asked, {
    ask: async () => withReasons(asked, await store.repairStatus({ signal })),
    unfinished: now => unfinishedRepairs(asked, now),
    isHeard: ({ repair }) => repair !== undefined,
    ...{ clock, signal, onStatus },
  })
}

/** An agent that refused to begin, or lost the pass, stays in the answer with its reason, though it tells how it is. */
function withReasons(asked: RepairStatus, status: RepairStatus): RepairStatus {
  const reasons = new Map(asked.agents.map(({ id, error }) => [id, error]))
  for (const id of restartedRepairs(asked, status))
    reasons.set(id, 'it was started again before its pass had ended; run the repair again')
  return {
    agents: status.agents.map(agent => ({ ...agent, error: agent.error ?? reasons.get(agent.id) })),
  }
}
