import { WorkerRunner, type WorkerStatus } from '@torc/cluster/worker/worker'
import type { DamageCounts } from '../blocks/block-index.js'
import { isWalking, type ScrubPass } from './scrub-pass.js'
import { type ScrubParts, ScrubWorker } from './scrub-worker.js'

export interface ScrubOptions {
  /** Bytes that are read again in a second; a pass that an operator asks for goes eight times as fast. */
  readonly bytesPerSecond?: number | undefined
  /** From the end of a pass to the beginning of the next one, in milliseconds. */
  readonly intervalMs?: number | undefined
}

/** 8 MiB a second leave a disk its strength: 700 GB a day. */
export const scrubBytesPerSecond = 8 * 1024 * 1024
/** How much faster a pass goes that an operator waits for. */
const askedFactor = 8
const weekMs = 7 * 24 * 60 * 60 * 1000

export interface ScrubReport extends ScrubPass, DamageCounts {
  readonly walking: boolean
  /** What the walk makes now. */
  readonly bytesPerSecond: number
}

/** The scrub of one agent: its worker, run in the background, and what others ask of it. */
export class Scrub {
  readonly #parts: ScrubParts
  readonly #worker: ScrubWorker
  readonly #runner: WorkerRunner

  constructor(parts: ScrubParts, options: ScrubOptions = {}) {
    const { bytesPerSecond = scrubBytesPerSecond, intervalMs = weekMs } = options
    this.#parts = parts
    this.#worker = new ScrubWorker(parts, {
      bytesPerSecond,
      bytesPerSecondAsked: bytesPerSecond * askedFactor,
      intervalMs,
    })
    this.#runner = new WorkerRunner(parts.clock, this.#worker, {
      onError: error => parts.log.error({ err: error }, 'scrubbing failed and is tried again'),
    })
  }

  start(): void {
    this.#parts.blocks.watch({
      damaged: hash => {
        if (this.#worker.suspect(hash)) this.#runner.wake()
      },
      healed: () => this.#worker.healed(),
    })
    this.#runner.start()
  }

  /** Ends after the block that is being checked, and keeps the position. */
  async stop(): Promise<void> {
    await this.#runner.stop()
    await this.#worker.end()
  }

  /** Begins a pass at the higher rate. Returns the number of the pass to wait for. */
  ask(): number {
    const pass = this.#worker.ask()
    this.#runner.wake()
    return pass
  }

  report(): ScrubReport {
    const { pass, bytesPerSecond } = this.#worker
    return { ...pass, ...this.#parts.index.damageCounts(), walking: isWalking(pass), bytesPerSecond }
  }

  status(): WorkerStatus {
    return this.#runner.status()
  }
}
