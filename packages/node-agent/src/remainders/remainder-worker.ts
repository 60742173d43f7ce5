import { stages } from '@torc/cluster/transition/stage'
import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { GroupCommit } from '../index/group-commit.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import { type CollectorParts, collect } from './collector.js'
import type { RemainderRow, RemainderRows } from './remainder-rows.js'

export interface RemainderWorkerParts extends CollectorParts {
  readonly rows: RemainderRows
  readonly layout: AgentLayout
  readonly commit: GroupCommit
  readonly clock: Clock
  readonly random: Random
  /** Whether an agent is believed to be gone. */
  readonly isDown: (agent: string) => boolean
  /** Every agent that must have its say about a partition: those of all live epochs, and holders of hints. */
  readonly everyAgent: (partition: number) => readonly string[]
  readonly log: Log
}

/** Rest after a unit of work, about, in milliseconds: up to 256 keys in each. */
const restMs = 250
/** What cannot be collected now is looked at again after this part of the age. */
const againPart = 1 / 4

/**
 * Collects what is left of removed keys once it has been unchanged for some time (DESIGN §10): many keys of a partition
 * together, so that its number rises, and writers read again, once for all of them. The first owner that is up does it;
 * the others wait for one age more each, and take up what it has left behind.
 */
export class RemainderWorker implements Worker {
  readonly name = 'remainders'
  readonly #parts: RemainderWorkerParts
  #collected = 0
  #silence = ''

  constructor(parts: RemainderWorkerParts) {
    this.#parts = parts
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const { rows, layout, random } = this.#parts
    // While a layout changes, or somebody has something left of before, what is removed may be on its way.
    const isStill = layout.number > 0 && layout.stage === stages.settled && layout.draining.size === 0
    const partition = isStill ? rows.firstDue() : undefined
    if (partition === undefined) return 'idle'
    const due = await this.#takeUp(partition, rows.due(partition, limits.remaindersMax))
    if (due.length === 0) return 'busy'
    const collected = await this.#collect(partition, due, signal)
    if (signal.aborted) return 'idle'
    await this.#putBack(due.filter((_, position) => !collected.has(position)))
    this.#collected += collected.size
    return { throttledMs: restMs * (0.5 + random.fraction()) }
  }

  progress(): string {
    const { rows } = this.#parts
    const silence = this.#silence === '' ? '' : ` (${this.#silence})`
    return `${this.#collected} removed keys were collected since the start, ${rows.count()} are left${silence}`
  }

  /** Those that are this agent's to collect now; the others wait, or are remainders no more. */
  async #takeUp(partition: number, due: readonly RemainderRow[]): Promise<readonly RemainderRow[]> {
    const { nodeId, rows, keeper, layout, commit, clock, isDown } = this.#parts
    const nowMs = clock.nowMs()
    const owners = layout.ownersOf(partition)
    const ahead = owners.slice(0, Math.max(0, owners.indexOf(nodeId))).filter(owner => !isDown(owner)).length
    const mine: RemainderRow[] = []
    const others: [row: RemainderRow, dueMs: number][] = []
    for (const row of due) {
      const turnMs = row.sinceMs + (1 + ahead) * rows.ageMs
      if (!layout.owns(partition)) others.push([row, nowMs + rows.ageMs])
      else if (turnMs > nowMs) others.push([row, turnMs])
      else mine.push(row)
    }
    const gone = mine.filter(row => keeper.hasVersions(row) || keeper.examine(row).state === 'nothing')
    if (others.length + gone.length === 0) return mine
    await commit.submit(() => {
      for (const [row, dueMs] of others) rows.postpone(row, dueMs)
      for (const row of gone) rows.forget(row)
    })
    return mine.filter(row => !gone.includes(row))
  }

  async #collect(
    partition: number,
    keys: readonly RemainderRow[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<number>> {
    const { layout, everyAgent, log } = this.#parts
    try {
      const task = { partition, keys, owners: layout.ownersOf(partition), agents: everyAgent(partition) }
      const collected = await collect(this.#parts, task, signal)
      this.#silence = ''
      return collected
    } catch (thrown) {
      // An agent that is away keeps everything where it is, for as long as it is away.
      const { code, message } = TorcError.from(thrown)
      this.#silence = message.slice(0, 256)
      log.debug({ partition, code, keys: keys.length }, `remainders can not be collected: ${message}`)
      return new Set()
    }
  }

  /** These stay, so the other owners are to have them too; they are looked at again later. */
  async #putBack(left: readonly RemainderRow[]): Promise<void> {
    const { rows, keeper, commit, clock } = this.#parts
    if (left.length === 0) return
    const againMs = clock.nowMs() + Math.max(1, rows.ageMs * againPart)
    await commit.submit(() => {
      for (const row of left) {
        keeper.show(row)
        rows.postpone(row, againMs)
      }
    })
  }
}
