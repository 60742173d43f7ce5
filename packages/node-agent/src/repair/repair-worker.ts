import type { Membership } from '@torc/cluster/membership/membership'
import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import { freshProgress, type PassProgress, sharedPartitions } from './pass-progress.js'
import { RepairPass, type RepairPassParts } from './repair-pass.js'

export interface RepairWorkerParts extends RepairPassParts {
  readonly membership: Membership
  readonly clock: Clock
}

export interface RepairPace {
  /** From one pass to the next, about, in milliseconds. */
  readonly everyMs: number
  readonly bytesPerSecond: number
  /** The same of a pass that an operator asks for. */
  readonly bytesPerSecondAsked: number
  /** As of `PassOptions`. */
  readonly atOnce?: boolean
}

/** How a pass is, the one under way or the last one. Times are milliseconds since 1970, 0 = not yet. */
export interface RepairReport extends Readonly<PassProgress> {
  /** Passes that have begun since the start. */
  readonly pass: number
  readonly running: boolean
  readonly asked: boolean
  readonly beganAtMs: number
  readonly endedAtMs: number
}

/** How much of a pause is random, so that agents do not march in step. */
const jitter = 0.2
/** After a start, or when an owner is back: not at once, as others have noticed it too. */
const soonMs = 500
const soonJitterMs = 1_500

/**
 * Anti-entropy (Dynamo §4.7): a pass every now and then, when an owner comes back or the agent has started, and when
 * asked for. Between passes it looks at the members only.
 */
export class RepairWorker implements Worker {
  readonly name = 'repair'
  readonly #parts: RepairWorkerParts
  readonly #pace: RepairPace
  /** Monotonic time of the next pass. */
  #dueMs: number
  #askedNext = false
  #units: AsyncGenerator<WorkerOutcome, void, undefined> | undefined
  #progress = freshProgress()
  #pass = 0
  #asked = false
  #beganAtMs = 0
  #endedAtMs = 0
  #alive: ReadonlySet<string> = new Set()

  constructor(parts: RepairWorkerParts, pace: RepairPace) {
    this.#parts = parts
    this.#pace = pace
    this.#dueMs = this.#soon()
  }

  /** The number of the pass that answers who asks now. */
  ask(): number {
    if (this.#units !== undefined && this.#asked) return this.#pass
    this.#askedNext = true
    return this.#pass + 1
  }

  report(): RepairReport {
    const running = this.#units !== undefined
    const times = { beganAtMs: this.#beganAtMs, endedAtMs: running ? 0 : this.#endedAtMs }
    return { ...this.#progress, ...times, pass: this.#pass, running, asked: this.#asked }
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    this.#noticeMembers()
    const { clock, layout } = this.#parts
    const isDue = layout.number > 0 && clock.monotonicMs() >= this.#dueMs
    if (this.#units === undefined && !isDue && !this.#askedNext) return 'idle'
    this.#units ??= this.#begin(signal)
    try {
      const next = await this.#units.next()
      if (next.done !== true) return next.value
      this.#end()
    } catch (thrown) {
      const { partitions, partitionsTotal } = this.#progress
      this.#progress.unreachable += partitionsTotal - partitions
      this.#progress.partitions = partitionsTotal
      this.#end()
      throw thrown
    }
    return this.#askedNext ? 'busy' : 'idle'
  }

  progress(): string {
    const { pass } = this
    if (pass === 0) return 'no pass yet'
    const { partitions, partitionsTotal, unreachable, different, keysRepaired, blocksRepaired } =
      this.#progress
    const state = this.#units === undefined ? 'done' : 'under way'
    const silent = unreachable === 0 ? '' : `, ${unreachable} of them could not be`
    return (
      `pass ${pass}: ${state}, ${partitions} of ${partitionsTotal} replicas of partitions compared${silent}; ` +
      `${different} keys and blocks differed, ${keysRepaired} keys and ${blocksRepaired} blocks repaired`
    )
  }

  get pass(): number {
    return this.#pass
  }

  #begin(signal: AbortSignal): AsyncGenerator<WorkerOutcome, void, undefined> {
    const { layout, nodeId, clock } = this.#parts
    const shared = layout.number === 0 ? [] : sharedPartitions(nodeId, layout.rows)
    this.#pass++
    this.#asked = this.#askedNext
    this.#askedNext = false
    this.#beganAtMs = clock.nowMs()
    // What makes an owner due from now on makes for another pass.
    this.#dueMs = this.#later()
    const progress = freshProgress(shared.reduce((sum, [, partitions]) => sum + partitions.length, 0))
    this.#progress = progress
    const rate = this.#asked ? this.#pace.bytesPerSecondAsked : this.#pace.bytesPerSecond
    const { atOnce = false } = this.#pace
    const pass = new RepairPass(this.#parts, progress, { bytesPerSecond: rate, atOnce })
    async function* units(): AsyncGenerator<WorkerOutcome, void, undefined> {
      for (const [peer, partitions] of shared) {
        if (signal.aborted) return
        yield* pass.run(peer, partitions, signal)
      }
    }
    return units()
  }

  #end(): void {
    const { clock, log } = this.#parts
    this.#units = undefined
    this.#endedAtMs = clock.nowMs()
    const { different, keysRepaired, blocksRepaired, unreachable } = this.#progress
    const facts = { pass: this.#pass, different, keysRepaired, blocksRepaired, unreachable }
    if (different > 0) log.info(facts, 'replicas differed')
    else log.debug(facts, 'replicas were compared')
  }

  /** A member that is alive again, or for the first time, may have missed writes, and so may this agent of it. */
  #noticeMembers(): void {
    const { membership, layout, nodeId } = this.#parts
    const alive = new Set<string>()
    for (const { id, role, state } of membership.members())
      if (role === 'agent' && state === 'alive' && id !== nodeId) alive.add(id)
    const isBack = [...alive].some(id => !this.#alive.has(id))
    this.#alive = alive
    if (isBack && layout.number > 0) this.#dueMs = Math.min(this.#dueMs, this.#soon())
  }

  #soon(): number {
    const { clock, random } = this.#parts
    return clock.monotonicMs() + soonMs + soonJitterMs * random.fraction()
  }

  #later(): number {
    const { clock, random } = this.#parts
    return clock.monotonicMs() + this.#pace.everyMs * (1 - jitter + 2 * jitter * random.fraction())
  }
}
