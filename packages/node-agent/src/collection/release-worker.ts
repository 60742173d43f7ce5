import { stages } from '@torc/cluster/transition/stage'
import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { GroupCommit } from '../index/group-commit.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { Operation } from '../leases/operation.js'
import type { ReleaseQueue } from '../leases/release-queue.js'
import type { OtherAgents } from './other-agents.js'

export interface ReleaseParts {
  readonly nodeId: string
  readonly releases: ReleaseQueue
  readonly commit: GroupCommit
  readonly layout: Pick<AgentLayout, 'agents' | 'draining' | 'stage'>
  readonly others: OtherAgents
  /** Makes leases of this agent due; resolves once that is durable. */
  readonly releaseHere: (operations: readonly Operation[]) => Promise<void>
  readonly log: Log
}

/** Rest after a unit in which no agent took what it has to hear, doubled with each in a row. */
const againMs = 100
const againMsMax = 5_000

/**
 * Tells the owners of blocks which versions are gone. What an agent that is down has to hear stays queued; should it
 * never hear of it, its own audits find out, only later. What one that has left the layout has to hear goes to all that are
 * in it: whoever has its blocks now is among them.
 */
export class ReleaseWorker implements Worker {
  readonly name = 'release'
  readonly #parts: ReleaseParts
  #failures = 0

  constructor(parts: ReleaseParts) {
    this.#parts = parts
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const agents = await this.#addressees()
    if (agents.length === 0) return 'idle'
    const told = await Promise.all(agents.map(agent => this.#tell(agent, signal)))
    if (signal.aborted) return 'idle'
    if (!told.includes(true)) return { throttledMs: Math.min(againMsMax, againMs * 2 ** this.#failures++) }
    this.#failures = 0
    return 'busy'
  }

  progress(): string {
    const waiting = this.#parts.releases.count()
    return waiting === 0 ? 'nothing waits' : `${waiting} releases wait for the agents that have to hear them`
  }

  async #addressees(): Promise<string[]> {
    const { releases, commit, layout } = this.#parts
    const agents = releases.agents()
    if (layout.stage !== stages.settled || layout.agents.length === 0) return agents
    const gone = agents.filter(agent => !layout.agents.includes(agent) && !layout.draining.has(agent))
    if (gone.length === 0) return agents
    await commit.submit(() => {
      for (const agent of gone) releases.readdress(agent, layout.agents)
    })
    return releases.agents()
  }

  /** One message; whether it was taken. */
  async #tell(agent: string, signal: AbortSignal): Promise<boolean> {
    const { nodeId, releases, commit, others, releaseHere, log } = this.#parts
    const next = releases.next(agent, limits.operationsMax)
    try {
      if (agent === nodeId) await releaseHere(next)
      else await others.release(agent, next, signal)
    } catch (thrown) {
      const { code, message } = TorcError.from(thrown)
      log.debug({ agent, code, releases: next.length }, `releases wait: ${message}`)
      return false
    }
    await commit.submit(() => releases.done(next))
    return true
  }
}
