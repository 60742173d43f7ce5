import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '@torc/client'
import type { SeededRandom } from '../../harness/simulation/seeded-random.js'
import type { ChaosCluster } from '../cluster/chaos-cluster.js'
import type { FaultRecord } from '../judge/timeline.js'
import type { History } from '../load/history.js'
import type { FaultContext } from './fault.js'
import type { PlannedFault } from './plan.js'

export interface FaultMakerOptions {
  readonly cluster: ChaosCluster
  readonly admin: Store
  readonly history: History
  /** Where each fault is noted. */
  readonly records: FaultRecord[]
  readonly signal?: AbortSignal | undefined
}

/** Makes faults as they are planned, and notes when each was in force. */
export class FaultMaker {
  readonly #options: FaultMakerOptions

  constructor(options: FaultMakerOptions) {
    this.#options = options
  }

  /** Resolves when all of them are over and mended. */
  async make(faults: readonly PlannedFault[], random: SeededRandom): Promise<void> {
    const made = await Promise.allSettled(faults.map((planned, n) => this.#one(planned, random.fork(`${n}`))))
    const failed = made.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  async #one({ fault, victims, beginsMs, lastsMs }: PlannedFault, random: SeededRandom): Promise<void> {
    const { cluster, history, records } = this.#options
    await this.#pause(beginsMs)
    const endMs = performance.now() + lastsMs
    const record: FaultRecord = { name: fault.name, victims, beganAt: history.now(), endedAt: undefined }
    records.push(record)
    const over = this.#pause(lastsMs)
    // Whoever waits for it is told; one that fails before it does is told of that.
    over.catch(() => undefined)
    const context: FaultContext = {
      ...{ cluster, random, victims, over },
      isOver: () => performance.now() >= endMs,
      pause: ms => this.#pause(ms),
      hintHolder: () => this.#hintHolder(),
    }
    try {
      await fault.run(context)
    } finally {
      record.endedAt = history.now()
      history.note({ fault: record })
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#options.signal })
  }

  async #hintHolder(): Promise<string | undefined> {
    const { members } = await this.#options.admin.status()
    const holders = members
      .map(({ name, hints = [] }) => ({ name, held: hints.reduce((sum, { keys }) => sum + keys, 0) }))
      .filter(({ held }) => held > 0)
      .sort((a, b) => b.held - a.held)
    return holders[0]?.name
  }
}
