import type { Clock } from '@torc/protocol/environment/clock'

/** How often agents are asked how far they are: often at first, for what is over at once. */
const askMs = 100
const askMsMax = 1_000
/** An agent that cannot be asked for this long is not waited for. */
const silentMs = 15_000

/** What a server tells of the passes of all agents. */
interface Passes {
  readonly agents: readonly { readonly id: string; readonly error: string | undefined }[]
}

export interface PassWait<S extends Passes> {
  readonly ask: () => Promise<S>
  /** The agents that have not ended the pass that is waited for. */
  readonly unfinished: (now: S) => readonly string[]
  /** Whether the agent told how its pass is. */
  readonly isHeard: (agent: S['agents'][number]) => boolean
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told of each state on the way. */
  readonly onStatus: (status: S) => void
}

/**
 * Waits until the agents have ended the pass that `asked` waits for. Resolves with the state then; an agent that
 * stopped answering on the way is in it with its error. Rejects when `signal` aborts: the agents go on all the same.
 */
export async function waitForPasses<S extends Passes>(asked: S, wait: PassWait<S>): Promise<S> {
  const { clock, signal, onStatus } = wait
  const heardMs = new Map(asked.agents.map(({ id }) => [id, clock.monotonicMs()]))
  let status = asked
  for (let pauseMs = askMs; ; pauseMs = Math.min(askMsMax, pauseMs * 1.5)) {
    onStatus(status)
    const nowMs = clock.monotonicMs()
    for (const agent of status.agents) if (wait.isHeard(agent)) heardMs.set(agent.id, nowMs)
    const waitedFor = wait.unfinished(status)
    if (waitedFor.every(id => nowMs - (heardMs.get(id) ?? 0) >= silentMs)) return status
    await pause(clock, pauseMs, signal)
    status = await wait.ask()
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
