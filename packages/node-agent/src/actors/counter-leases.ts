import { WorkerRunner, type WorkerStatus } from '@torc/cluster/worker/worker'
import type { Environment } from '@torc/protocol/environment/system'
import type { AgentContext } from '../handlers/agent-context.js'
import { LeaseWorker } from './lease-worker.js'
import type { OtherKeepers } from './other-keepers.js'

export interface CounterLeaseOptions {
  /** How often the lease is extended while the agent is written to, in milliseconds: an older copy is noticed. */
  readonly leaseEveryMs?: number | undefined
  /** How long after the start mints wait for the check of the disk, in milliseconds. */
  readonly bootMs?: number | undefined
}

/** What holds when nothing else is said. */
export const counterLeaseDefaults = { leaseEveryMs: 10 * 60 * 1000, bootMs: 2_000 } as const

/** The check of the disk after the start, and the leases of counters from then on, in the background. */
export class CounterLeases {
  readonly #context: AgentContext
  readonly #clock: Environment['clock']
  readonly #bootMs: number
  readonly #worker: LeaseWorker
  readonly #runner: WorkerRunner
  readonly #onRestored: (restored: boolean) => void
  #said = false
  #checked: Promise<void> | undefined
  #open = (): void => undefined
  #cancelWait: (() => void) | undefined

  /** `onRestored` is told when the agent begins to take no part, as its disk is an old copy, and when that ends. */
  constructor(
    context: AgentContext,
    environment: Pick<Environment, 'clock' | 'random' | 'without'>,
    others: OtherKeepers,
    onRestored: (restored: boolean) => void,
    options: CounterLeaseOptions = {},
  ) {
    const leaseEveryMs = options.leaseEveryMs ?? counterLeaseDefaults.leaseEveryMs
    const bootMs = options.bootMs ?? counterLeaseDefaults.bootMs
    const { clock, random } = environment
    const { nodeId, lease, layout, commit, changes, index, counts, log } = context
    this.#context = context
    this.#clock = clock
    this.#bootMs = bootMs
    this.#onRestored = onRestored
    this.#worker = new LeaseWorker({
      ...{
        nodeId,
        lease,
        layout,
        commit,
        changes,
        others,
        clock,
        random,
        times: { leaseEveryMs, bootMs },
        log,
      },
      environment,
      written: () => `${index.rows.counts.written} ${counts.values.blocks} ${counts.values.blockBytes}`,
      onChecked: () => this.#pass(),
    })
    const worker = this.#worker
    this.#runner = new WorkerRunner(clock, worker, {
      idleMs: Math.min(10_000, leaseEveryMs / 4),
      onError: error => log.error({ err: error, worker: worker.name }, 'failed and is tried again'),
    })
  }

  start(): void {
    const { lease, layout } = this.#context
    // A new agent has no counters that a copy of its disk could use again.
    if (lease.hasLasting) {
      this.#checked = new Promise(resolve => {
        this.#open = resolve
      })
      this.#cancelWait = this.#clock.after(this.#bootMs, () => this.#pass())
    }
    lease.watch(() => this.#runner.wake())
    layout.watch(() => {
      this.#tell()
      this.#runner.wake()
    })
    this.#tell()
    this.#runner.start()
  }

  async stop(): Promise<void> {
    this.#pass()
    await this.#runner.stop()
  }

  /** Resolves once a mint need not wait any longer; undefined when that is now. */
  get checked(): Promise<void> | undefined {
    return this.#checked
  }

  /** The layout under which a lease was stored last; 0 for none since the start. */
  get leasedUnder(): number {
    return this.#worker.leasedUnder
  }

  status(): WorkerStatus {
    return this.#runner.status()
  }

  #pass(): void {
    this.#cancelWait?.()
    this.#checked = undefined
    this.#open()
  }

  #tell(): void {
    const { layout, log, nodeId } = this.#context
    const { restored } = layout
    if ((restored !== undefined) === this.#said) return
    this.#said = restored !== undefined
    if (restored === undefined) log.info({ id: nodeId, epoch: layout.number }, 'takes part again')
    else {
      const why = `the data directory is an old copy: ${restored}`
      log.error(
        { id: nodeId, epoch: layout.number },
        `${why}; it serves nothing until a layout takes it in anew`,
      )
    }
    this.#onRestored(this.#said)
  }
}
