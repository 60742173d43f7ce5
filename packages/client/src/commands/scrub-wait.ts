import type { Clock } from '@torc/protocol/environment/clock'
import type { Admin } from '@torc/protocol/store/admin'
import { type ScrubStatus, unfinishedScrubs } from '@torc/protocol/store/scrub'

/** How often agents are asked how far they are: often at first, for what is over at once. */
const askMs = 100
const askMsMax = 1_000
/** An agent that cannot be asked for this long is not waited for. */
const silentMs = 15_000

export interface ScrubWait {
  readonly store: Pick<Admin, 'scrubStatus'>
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told of each state on the way. */
  readonly onStatus: (status: ScrubStatus) => void
}

/**
 * Waits until the agents have ended the pass that `asked` waits for. Resolves with the state then; an agent that
 * stopped answering on the way is in it with its error. Rejects when `signal` aborts: the agents go on all the same.
 */
export async function waitForScrub(asked: ScrubStatus, wait: ScrubWait): Promise<ScrubStatus> {
  const { store, clock, signal, onStatus } = wait
  const heardMs = new Map(asked.agents.map(({ id }) => [id, clock.monotonicMs()]))
  let status = asked
  for (let pauseMs = askMs; ; pauseMs = Math.min(askMsMax, pauseMs * 1.5)) {
    onStatus(status)
    const nowMs = clock.monotonicMs()
    for (const { id, scrub } of status.agents) if (scrub !== undefined) heardMs.set(id, nowMs)
    const waitedFor = unfinishedScrubs(asked, status)
    if (waitedFor.every(id => nowMs - (heardMs.get(id) ?? 0) >= silentMs)) return status
    await pause(clock, pauseMs, signal)
    status = withReasons(asked, await store.scrubStatus({ signal }))
  }
}

/** An agent that refused to begin stays in the answer with its reason, though it tells how it is. */
function withReasons(asked: ScrubStatus, status: ScrubStatus): ScrubStatus {
  const refused = new Map(asked.agents.map(({ id, error }) => [id, error]))
  return {
    agents: status.agents.map(agent => ({ ...agent, error: agent.error ?? refused.get(agent.id) })),
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      disarm()
      reject(signal.reason)
    }
    const disarm = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
