import { hasPartition } from '@torc/cluster/ring/partition-bits'
import { type Sources, sourcesOf } from '@torc/cluster/transition/advance'
import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import { inForce, type Rules } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import type { BallotRows } from '../consensus/ballot-rows.js'
import type { GroupCommit } from '../index/group-commit.js'
import { nothingHeld } from '../layout/own-part.js'
import { OwnFailure } from '../repair/own-failure.js'
import { freshProgress, type PassProgress } from '../repair/pass-progress.js'
import { RepairPass, type RepairPassParts } from '../repair/repair-pass.js'
import type { BallotTakeover } from './ballot-takeover.js'
import type { OtherParts } from './peer-transitions.js'

export interface SyncParts extends RepairPassParts {
  readonly commit: GroupCommit
  readonly others: OtherParts
  readonly ballots: Pick<BallotTakeover, 'from'>
  readonly rows: Pick<BallotRows, 'takenOver'>
  readonly environment: Rules
}

/** After so many passes in which a source answered, what it cannot give will not come by waiting. */
const attemptsMax = 5
/** Pause after a round in which nothing could be done, in milliseconds. */
const waitMs = 500

/**
 * Takes over the partitions that a layout gave to this agent, by pulling: each old owner is compared with as a pass of
 * anti-entropy does (`repair/repair-pass.ts`), once it has the new layout on its disk, so that it acknowledges nothing
 * under the old one any more. A partition counts as taken over, durably, when it was read from all old owners that are
 * there, and from no fewer than `sourcesOf` says. (Models that read one old owner lost acknowledged writes.)
 */
export class SyncWorker implements Worker {
  readonly name = 'takeover'
  readonly #parts: SyncParts
  readonly #bytesPerSecond: number
  /** The layout that the rest is about. */
  #number = 0
  #total = 0
  /** By old owner: the partitions that were read from it, and how often others were tried. */
  #read = new Map<string, Set<number>>()
  #attempts = new Map<string, Map<number, number>>()
  #progress: PassProgress = freshProgress()
  #units: AsyncGenerator<WorkerOutcome, void, undefined> | undefined

  constructor(parts: SyncParts, bytesPerSecond: number) {
    this.#parts = parts
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Bytes that came under this layout. */
  get bytes(): number {
    return this.#progress.bytes
  }

  /** Partitions to take over at the beginning, or at the start of the process. */
  get total(): number {
    return this.#number === this.#parts.layout.number ? this.#total : this.#parts.layout.unsynced.size
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const { layout } = this.#parts
    if (this.#number !== layout.number) this.#restart()
    if (layout.unsynced.size === 0) return 'idle'
    this.#units ??= this.#round(signal)
    try {
      const next = await this.#units.next()
      if (next.done !== true) return next.value
    } catch (thrown) {
      this.#units = undefined
      throw thrown
    }
    this.#units = undefined
    return (await this.#settle()) ? 'busy' : { throttledMs: waitMs }
  }

  progress(): string {
    const { layout } = this.#parts
    const { size } = layout.unsynced
    if (size === 0) return 'nothing to take over'
    const { keysRepaired, blocksRepaired, bytes } = this.#progress
    const done = this.total - size
    return `${done} of ${this.total} partitions taken over: ${keysRepaired} keys and ${blocksRepaired} blocks, ${bytes} bytes`
  }

  #restart(): void {
    const { layout } = this.#parts
    this.#number = layout.number
    this.#total = layout.unsynced.size
    this.#read = new Map()
    this.#attempts = new Map()
    this.#progress = freshProgress()
    this.#units = undefined
  }

  /** One pass with each old owner that is there. */
  async *#round(signal: AbortSignal): AsyncGenerator<WorkerOutcome, void, undefined> {
    const { layout, others, log } = this.#parts
    const number = this.#number
    for (const [agent, partitions] of this.#open()) {
      if (signal.aborted || layout.number !== number) return
      if (!others.isAlive(agent)) continue
      let ready: number[]
      try {
        const report = await others.report(agent, signal)
        // Of what it has not taken over itself it is no source.
        ready = report.number === number ? partitions.filter(p => !hasPartition(report.lacking, p)) : []
      } catch (thrown) {
        const { code, message } = TorcError.from(thrown)
        log.debug({ agent, code }, `nothing can be taken over: ${message}`)
        continue
      }
      const pass = new RepairPass(this.#parts, this.#progress, {
        bytesPerSecond: this.#bytesPerSecond,
        atOnce: true,
        onCompared: (partition, isLevel) => this.#compared(agent, partition, isLevel),
      })
      if (ready.length === 0) continue
      try {
        // Before the states: what was learned by then is in them.
        await this.#parts.ballots.from(agent, ready, signal)
      } catch (thrown) {
        if (thrown instanceof OwnFailure) throw thrown
        const { code, message } = TorcError.from(thrown)
        log.debug({ agent, code }, `no votes can be taken over: ${message}`)
        continue
      }
      yield* pass.run(agent, ready, signal)
    }
  }

  #compared(agent: string, partition: number, isLevel: boolean): void {
    if (isLevel) {
      this.#readFrom(agent).add(partition)
      return
    }
    const attempts = this.#attempts.get(agent) ?? new Map<number, number>()
    this.#attempts.set(agent, attempts)
    const count = (attempts.get(partition) ?? 0) + 1
    attempts.set(partition, count)
    if (count < attemptsMax) return
    this.#parts.log.error(
      { agent, partition },
      'something of a partition is damaged where it was; the rest of it is taken over',
    )
    this.#readFrom(agent).add(partition)
  }

  /** Old owners with the partitions that have not been read from them. */
  #open(): Map<string, number[]> {
    const open = new Map<string, number[]>()
    for (const [partition, { agents }] of this.#sources()) {
      for (const agent of agents) {
        if (this.#read.get(agent)?.has(partition) === true) continue
        const partitions = open.get(agent)
        if (partitions === undefined) open.set(agent, [partition])
        else partitions.push(partition)
      }
    }
    return open
  }

  #sources(): Map<number, Sources> {
    const { layout, nodeId } = this.#parts
    const { state } = layout
    const sources = new Map<number, Sources>()
    if (state === undefined) return sources
    const takesOver = inForce(this.#parts.environment, 'new owners take over first')
    for (const [partition, held] of layout.unsynced) {
      const { agents, needed } = sourcesOf(state, partition, nodeId, held === nothingHeld)
      sources.set(partition, takesOver ? { agents, needed } : { agents: [], needed: 0 })
    }
    return sources
  }

  /** Notes what was taken over; false where that is nothing. Durable before it is told to anybody. */
  async #settle(): Promise<boolean> {
    const { layout, commit, others, rows, log } = this.#parts
    const number = this.#number
    const done: number[] = []
    for (const [partition, { agents, needed }] of this.#sources()) {
      const read = agents.filter(agent => this.#read.get(agent)?.has(partition) === true)
      const isWhole = agents.every(agent => read.includes(agent) || others.isDown(agent))
      if (read.length >= needed && isWhole) done.push(partition)
    }
    if (done.length === 0 || layout.number !== number) return false
    await commit.submit(() => {
      for (const partition of done) rows.takenOver(partition)
      layout.taken(done, number)
    })
    const left = layout.unsynced.size
    log.info({ epoch: number, partitions: done.length, left }, 'partitions were taken over')
    return true
  }

  #readFrom(agent: string): Set<number> {
    let read = this.#read.get(agent)
    if (read === undefined) {
      read = new Set()
      this.#read.set(agent, read)
    }
    return read
  }
}
