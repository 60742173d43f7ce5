import { keyPartition } from '@torc/cluster/ring/partition'
import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Log } from '@torc/protocol/environment/log'
import { inForce, type Rules } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import type { GroupCommit } from '../index/group-commit.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { Lease, LeaseIndex } from '../leases/lease-index.js'
import type { Operation, OperationState } from '../leases/operation.js'
import type { OtherAgents } from './other-agents.js'
import { type AuditTimes, nextAuditMs, type Verdict, verdictOf } from './verdict.js'

export interface AuditParts {
  readonly nodeId: string
  readonly leases: LeaseIndex
  readonly commit: GroupCommit
  readonly layout: AgentLayout
  readonly hasher: Hasher
  readonly clock: Clock
  /** What this agent itself knows of an operation. */
  readonly stateOf: (operation: Operation) => OperationState
  readonly others: OtherAgents
  readonly times: AuditTimes
  readonly environment?: Rules | undefined
  readonly log: Log
}

/** Leases that one unit audits; they go in one question to each agent. */
const leasesAtOnce = 128

/**
 * Finds out whether anybody still needs what a lease holds (DESIGN §9): condemns it durably, then asks every owner of
 * its key and everyone who may hold a hint for it; any yes and any silence lifts the condemnation, otherwise the
 * references go. A reference that is added meanwhile lifts it as well. (Asking before condemning deleted live blocks in
 * the model.)
 */
export class AuditWorker implements Worker {
  readonly name = 'audit'
  readonly #parts: AuditParts
  #kept = 0
  #dropped = 0
  #undecided = 0

  constructor(parts: AuditParts) {
    this.#parts = parts
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const { leases, commit, layout, clock, times, log } = this.#parts
    if (layout.number === 0) return 'idle'
    const due = leases.due(leasesAtOnce)
    if (due.length === 0) return 'idle'
    const condemn = () => commit.submit(() => leases.condemn(due))
    const isFirst = inForce(this.#parts.environment ?? {}, 'condemn before asking')
    if (isFirst) await condemn()
    const verdicts = await this.#judge(due, signal)
    if (!isFirst) await condemn()
    // Stopped meanwhile: they stay condemned, and the next process asks again.
    if (signal.aborted) return 'idle'
    const dropped = await commit.submit(() => {
      let count = 0
      for (const [i, lease] of due.entries()) {
        const verdict = verdicts[i] ?? 'silence'
        if (verdict === 'none') count += leases.drop(lease) ? 1 : 0
        else leases.lift(lease, nextAuditMs(clock.nowMs(), verdict, times, lease.opId))
      }
      return count
    })
    this.#dropped += dropped
    this.#undecided = verdicts.filter(verdict => verdict === 'silence').length
    this.#kept += verdicts.filter(verdict => verdict !== 'none').length
    if (dropped > 0) log.debug({ leases: due.length, dropped }, 'audited leases')
    return 'busy'
  }

  progress(): string {
    const undecided = this.#undecided === 0 ? '' : `, ${this.#undecided} wait for an agent that is silent`
    return `${this.#kept} audits kept a lease, ${this.#dropped} ended one since the start${undecided}`
  }

  /**
   * Three looks, the later ones only for leases of which nobody has known the operation so far:
   * 1. at the owners of their keys;
   * 2. at every other agent that may hold something for an owner: all of the layout, as a hint may be younger than what
   *    gossip tells of its holder, those that have not handed over yet what a layout relieved them of, and those that left
   *    the layout and say that they hold hints;
   * 3. at the owners again. What a holder has delivered since the first look, and holds no longer, is there now: holders
   *    are asked before owners, or a version on its way from the one to the other would be found at neither.
   * Whoever is silent at any of them keeps the lease. No clock has a part in it.
   */
  async #judge(due: readonly Lease[], signal: AbortSignal): Promise<Verdict[]> {
    const verdicts: Verdict[] = due.map(() => 'none')
    for (const as of ['owner', 'holder', 'owner'] as const) {
      const open = [...due.keys()].filter(position => verdicts[position] === 'none')
      if (open.length === 0 || signal.aborted) break
      const leases = open.flatMap(position => due[position] ?? [])
      const found = await this.#ask(leases, as, signal)
      for (const [i, position] of open.entries()) {
        const verdict = found[i] ?? 'silence'
        verdicts[position] = as === 'holder' && verdict === 'version' ? 'hint' : verdict
      }
    }
    return verdicts
  }

  /** Asks each agent once for all leases that it is asked about. */
  async #ask(leases: readonly Lease[], as: 'owner' | 'holder', signal: AbortSignal): Promise<Verdict[]> {
    const { nodeId, others, log } = this.#parts
    const answers: OperationState[][] = leases.map(() => [])
    const silent = new Set<number>()
    await Promise.all(
      Array.from(this.#questions(leases, as), async ([agent, positions]) => {
        const asked = positions.flatMap(position => leases[position] ?? [])
        try {
          const known =
            agent === nodeId ? asked.map(this.#parts.stateOf) : await others.ask(agent, asked, as, signal)
          for (const [i, position] of positions.entries()) answers[position]?.push(known[i] ?? 'none')
        } catch (thrown) {
          for (const position of positions) silent.add(position)
          const { code, message } = TorcError.from(thrown)
          log.debug({ agent, code, leases: asked.length }, `an audit has no answer: ${message}`)
        }
      }),
    )
    return answers.map((states, position) => {
      // Where every agent owns the key there is nobody else to ask.
      if (as === 'holder' && states.length === 0 && !silent.has(position)) return 'none'
      return verdictOf(states, silent.has(position))
    })
  }

  /** Positions of the leases that each agent is asked about. */
  #questions(leases: readonly Lease[], as: 'owner' | 'holder'): Map<string, number[]> {
    const questions = new Map<string, number[]>()
    for (const [position, lease] of leases.entries()) {
      for (const agent of this.#asked(lease, as)) {
        const positions = questions.get(agent)
        if (positions === undefined) questions.set(agent, [position])
        else positions.push(position)
      }
    }
    return questions
  }

  #asked({ bucketId, key }: Lease, as: 'owner' | 'holder'): Iterable<string> {
    const { nodeId, layout, hasher, others } = this.#parts
    const partition = keyPartition(hasher, bucketId, Buffer.from(key).toString(), layout.partitions)
    const owners = layout.ownersOf(partition)
    if (as === 'owner') return owners
    const holders = new Set([nodeId, ...layout.agents, ...layout.draining, ...others.holdersOf(partition)])
    for (const owner of owners) holders.delete(owner)
    return holders
  }
}
