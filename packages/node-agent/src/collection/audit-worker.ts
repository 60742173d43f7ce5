import { keyPartition } from '@torc/cluster/ring/partition'
import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Log } from '@torc/protocol/environment/log'
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
  readonly log: Log
}

/** Leases that one unit audits; they go in one question to each agent. */
const leasesAtOnce = 128

/**
 * Finds out whether anybody still needs what a lease holds (DESIGN §9): condemns it durably, then asks every owner of
 * its key; any yes and any silence lifts the condemnation, otherwise the references go. A reference that is added
 * meanwhile lifts it as well. (Asking before condemning deleted live blocks in the model.)
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
    await commit.submit(() => leases.condemn(due))
    const verdicts = await this.#judge(due, signal)
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

  /** Asks each owner once for all leases whose keys it owns. */
  async #judge(due: readonly Lease[], signal: AbortSignal): Promise<Verdict[]> {
    const { nodeId, others, log } = this.#parts
    const answers: OperationState[][] = due.map(() => [])
    const silent = new Set<number>()
    const questions = this.#questions(due)
    await Promise.all(
      Array.from(questions, async ([agent, positions]) => {
        const asked = positions.flatMap(position => due[position] ?? [])
        try {
          const known =
            agent === nodeId ? asked.map(this.#parts.stateOf) : await others.ask(agent, asked, signal)
          for (const [i, position] of positions.entries()) answers[position]?.push(known[i] ?? 'none')
        } catch (thrown) {
          for (const position of positions) silent.add(position)
          const { code, message } = TorcError.from(thrown)
          log.debug({ agent, code, leases: asked.length }, `an audit has no answer: ${message}`)
        }
      }),
    )
    return answers.map((states, position) => verdictOf(states, silent.has(position)))
  }

  /** Positions of the leases that each agent is asked about. */
  #questions(due: readonly Lease[]): Map<string, number[]> {
    const { layout, hasher } = this.#parts
    const questions = new Map<string, number[]>()
    for (const [position, { bucketId, key }] of due.entries()) {
      const name = Buffer.from(key).toString()
      for (const agent of layout.ownersOf(keyPartition(hasher, bucketId, name, layout.partitions))) {
        const positions = questions.get(agent)
        if (positions === undefined) questions.set(agent, [position])
        else positions.push(position)
      }
    }
    return questions
  }
}
