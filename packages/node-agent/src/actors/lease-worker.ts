import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import type { Random } from '@torc/protocol/environment/random'
import { inForce, type Rules } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import type { ChangeLog } from '../feed/change-log.js'
import type { CounterLease, LeaseEnd } from '../index/counter-lease.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import {
  type BootVerdict,
  describeAhead,
  judgeBoot,
  type KeeperAnswer,
  othersToStore,
} from './boot-verdict.js'
import type { OtherKeepers } from './other-keepers.js'

export interface LeaseTimes {
  /** From one extension to the next, where anything was written since, in milliseconds. */
  readonly leaseEveryMs: number
  /** How long after the start mints wait for the check of the disk, in milliseconds. */
  readonly bootMs: number
}

export interface LeaseWorkerParts {
  readonly nodeId: string
  readonly lease: CounterLease
  readonly layout: AgentLayout
  readonly commit: GroupCommit
  readonly changes: Pick<ChangeLog, 'identity'>
  readonly others: OtherKeepers
  readonly clock: Clock
  readonly random: Random
  readonly times: LeaseTimes
  /** Differs once anything of what the agent holds has been written. */
  readonly written: () => string
  /** The check has come to an end, whatever it found. */
  readonly onChecked: () => void
  readonly environment?: Rules | undefined
  readonly log: Log
}

/** Pause after an attempt that too few answered: short until mints wait no longer, then up to twice the second. */
const bootRetryMs = 50
const retryMs = 2_000

/**
 * Checks after the start, and under each new layout, whether the disk is an old copy, and keeps a lease of counters at
 * a majority of the agents (DESIGN §4, "Actors"; decision 27).
 */
export class LeaseWorker implements Worker {
  readonly name = 'counter leases'
  readonly #parts: LeaseWorkerParts
  readonly #beganMs: number
  /** Layout under which the disk was found to be current, and that under which a lease was extended last. */
  #checkedEpoch = 0
  #extendedEpoch = 0
  #extendedMs = 0
  #writtenThen = ''
  /** Agents that were asked since the disk proved to be an old copy. */
  readonly #askedSince = new Set<string>()

  constructor(parts: LeaseWorkerParts) {
    this.#parts = parts
    this.#beganMs = parts.clock.monotonicMs()
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const { layout, nodeId } = this.#parts
    if (!layout.agents.includes(nodeId)) return 'idle'
    if (layout.restored !== undefined) return await this.#askTheRest(signal)
    const epoch = layout.number
    if (this.#checkedEpoch !== epoch) {
      const verdict = await this.#check(signal)
      if (signal.aborted) return 'idle'
      if (verdict.kind === 'undecided') return this.#later()
      if (verdict.kind === 'old copy') {
        await this.#leave(verdict)
        return 'busy'
      }
      this.#checkedEpoch = epoch
    }
    if (!this.#due()) return 'idle'
    return (await this.#extend(signal)) ? 'busy' : this.#later()
  }

  progress(): string {
    const { layout, nodeId, lease } = this.#parts
    if (layout.restored !== undefined) return 'the disk is an old copy'
    if (!layout.agents.includes(nodeId)) return 'waits for a place in the layout'
    if (this.#checkedEpoch !== layout.number)
      return 'waits for enough agents to tell whether the disk is current'
    return lease.low ? 'waits for enough agents to store the next lease' : 'leased'
  }

  /** The layout under which a lease was stored last; 0 for none since the start. */
  get leasedUnder(): number {
    return this.#extendedEpoch
  }

  #due(): boolean {
    const { clock, layout, lease, times, written } = this.#parts
    if (this.#extendedEpoch !== layout.number || lease.low) return true
    const old = clock.monotonicMs() - this.#extendedMs >= times.leaseEveryMs
    return old && written() !== this.#writtenThen
  }

  #later(): WorkerOutcome {
    const { clock, random, times } = this.#parts
    const booting = clock.monotonicMs() - this.#beganMs < times.bootMs
    return { throttledMs: (booting ? bootRetryMs : retryMs) * (1 + random.fraction()) }
  }

  #others(): string[] {
    const { layout, nodeId } = this.#parts
    return layout.agents.filter(agent => agent !== nodeId)
  }

  /** Asks all other agents at once; settled as soon as the answers suffice. */
  async #check(signal: AbortSignal): Promise<BootVerdict> {
    const { layout, lease } = this.#parts
    const question = { own: lease.ends(), agents: layout.agents.length, epoch: layout.number }
    if (!inForce(this.#parts.environment ?? {}, 'old disks take no part')) return { kind: 'current' }
    const answers: KeeperAnswer[] = []
    let verdict = judgeBoot({ ...question, answers })
    await this.#untilEnough(
      () => verdict.kind !== 'undecided',
      async keeper => {
        answers.push(await this.#parts.others.ask(keeper, signal))
        verdict = judgeBoot({ ...question, answers })
      },
    )
    return verdict
  }

  /**
   * Stores a higher end here, then elsewhere; true once it may be used.
   *
   * Durable before sent: the end is on the own disk before another agent is told, else a crash in between would make
   * this disk look like an old copy.
   */
  async #extend(signal: AbortSignal): Promise<boolean> {
    const { layout, lease, others, clock, written } = this.#parts
    const epoch = layout.number
    const writtenThen = written()
    const proposed = lease.unsettled() ?? (await this.#propose())
    const needed = othersToStore(layout.agents.length)
    let stored = 0
    await this.#untilEnough(
      () => stored >= needed,
      async keeper => {
        await others.store(keeper, proposed, signal)
        stored++
      },
    )
    if (stored < needed || layout.number !== epoch) return false
    lease.grant(proposed)
    this.#extendedEpoch = epoch
    this.#extendedMs = clock.monotonicMs()
    this.#writtenThen = writtenThen
    this.#parts.onChecked()
    return true
  }

  async #propose(): Promise<LeaseEnd> {
    const { commit, lease, onChecked } = this.#parts
    try {
      return await commit.submit(() => lease.propose())
    } catch (thrown) {
      // A full disk, as a rule: mints are told so, and do not wait for it.
      onChecked()
      throw thrown
    }
  }

  /** The disk is an old copy: this agent takes no part, and never mints as an actor of this disk again. */
  async #leave(verdict: BootVerdict & { kind: 'old copy' }): Promise<void> {
    const { commit, lease, layout, changes } = this.#parts
    const why = describeAhead(lease.ends(), verdict.ahead)
    await commit.submit(() => {
      lease.retireAll(verdict.ahead)
      layout.leave(verdict.epoch, why)
      changes.identity.renew()
    })
    this.#askedSince.clear()
    this.#parts.onChecked()
  }

  /**
   * The agents that have not told yet what they know: its leases are retired as well, so that they do not make the disk
   * an old copy once more after a layout has given it partitions.
   */
  async #askTheRest(signal: AbortSignal): Promise<WorkerOutcome> {
    const { lease, commit, others } = this.#parts
    this.#parts.onChecked()
    const rest = this.#others().filter(agent => !this.#askedSince.has(agent))
    await this.#untilEnough(
      () => false,
      async keeper => {
        if (!rest.includes(keeper)) return
        const { leases } = await others.ask(keeper, signal)
        const known = new Set(lease.ends().map(({ actor }) => actor))
        const unknown = leases.filter(({ actor }) => !known.has(actor))
        if (unknown.length > 0) await commit.submit(() => lease.retireAll(unknown))
        this.#askedSince.add(keeper)
      },
    )
    return this.#others().every(agent => this.#askedSince.has(agent)) ? 'idle' : this.#later()
  }

  /** Turns to all other agents at once; resolves when it is enough, or all have answered or failed. */
  async #untilEnough(enough: () => boolean, turnTo: (keeper: string) => Promise<void>): Promise<void> {
    if (enough()) return
    await new Promise<void>((resolve, reject) => {
      const turns = this.#others().map(async keeper => {
        try {
          await turnTo(keeper)
        } catch (thrown) {
          const { code, message } = TorcError.from(thrown)
          this.#parts.log.debug({ agent: keeper, code }, `no answer about leases of counters: ${message}`)
        }
        if (enough()) resolve()
      })
      Promise.all(turns).then(() => resolve(), reject)
    })
  }
}
