import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import type { BlockIndex } from '../blocks/block-index.js'
import type { BlockStore } from '../blocks/block-store.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { Intents } from '../leases/intents.js'

export interface CollectParts {
  readonly blocks: BlockStore
  readonly index: BlockIndex
  readonly intents: Intents
  readonly commit: GroupCommit
  readonly clock: Clock
  /** How long a block stays that nobody needs. */
  readonly graceMs: number
  readonly log: Log
}

/** Blocks of one unit; their rows go in one transaction. */
const blocksAtOnce = 32
const intentsAtOnce = 256

/** Removes blocks that nobody has needed for the grace time, and intents that nobody renewed. */
export class CollectWorker implements Worker {
  readonly name = 'collect'
  readonly #parts: CollectParts
  #blocks = 0
  #bytes = 0

  constructor(parts: CollectParts) {
    this.#parts = parts
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const { blocks, index, intents, commit, clock, graceMs, log } = this.#parts
    const expired = intents.anyExpired() ? await commit.submit(() => intents.expire(intentsAtOnce)) : 0
    if (expired > 0) log.debug({ expired }, 'intents expired')
    const due = index.unreferencedSince(clock.nowMs() - graceMs, blocksAtOnce)
    const collected = await Promise.all(due.map(block => blocks.collect(block)))
    for (const [i, gone] of collected.entries()) {
      if (!gone) continue
      this.#blocks++
      this.#bytes += due[i]?.storedSize ?? 0
    }
    if (signal.aborted) return 'idle'
    return due.length === blocksAtOnce || expired === intentsAtOnce ? 'busy' : 'idle'
  }

  progress(): string {
    const waiting = this.#parts.index.releasingCount()
    const wait = waiting === 0 ? '' : `, ${waiting} blocks wait for the end of their grace time`
    return `${this.#blocks} blocks (${this.#bytes} bytes) were collected since the start${wait}`
  }
}
