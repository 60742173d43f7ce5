import type { Store } from '@torc/client/store/remote-store'
import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'

/** Copies of each object in a local cluster with enough agents. */
const replicasDefault = 3
const pollMs = 50
/** Agents that are ready find the server within seconds; what takes longer is broken. */
const settleMs = 60_000

/**
 * Waits until the server knows all agents and the cluster has its layout (the first one is made here).
 * UNAVAILABLE with the server's own words when that does not come about.
 */
export async function settleLayout(
  store: Pick<Store, 'status' | 'initLayout'>,
  agentCount: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const deadline = clock.monotonicMs() + settleMs
  let last = 'the server does not know all agents yet'
  while (clock.monotonicMs() < deadline) {
    try {
      const status = await store.status({ signal })
      const alive = status.members.filter(
        member => member.role === 'agent' && member.state === 'alive',
      ).length
      if (alive >= agentCount) {
        if (status.epoch === 0) {
          await store.initLayout({
            agents: agentCount,
            replicas: Math.min(replicasDefault, agentCount),
            signal,
          })
        }
        return
      }
      last = `${alive} of ${agentCount} agents are known to the server`
    } catch (thrown) {
      const error = TorcError.from(thrown)
      // CONFLICT: there is a layout, which the server that has just started did not know yet.
      if (!error.retryable && error.code !== 'CONFLICT') throw error
      last = error.message
    }
    await pause(clock, pollMs, signal)
  }
  throw new TorcError('UNAVAILABLE', `the cluster did not come together: ${last}`, {
    hint: 'See the logs of its processes in the folder logs of the data directory.',
  })
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const onAbort = (): void => {
      cancel()
      reject(signal.reason)
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
