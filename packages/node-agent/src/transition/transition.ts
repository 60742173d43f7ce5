import { partitionBits } from '@torc/cluster/ring/partition-bits'
import { WorkerRunner, type WorkerStatus } from '@torc/cluster/worker/worker'
import type { Environment } from '@torc/protocol/environment/system'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { AgentContext } from '../handlers/agent-context.js'
import type { RepairPassParts } from '../repair/repair-pass.js'
import type { BallotTakeover } from './ballot-takeover.js'
import { EmptyingWorker } from './emptying-worker.js'
import { HandOverWorker } from './hand-over-worker.js'
import { LeftoverRows } from './leftover-rows.js'
import type { OtherParts, PeerReport } from './peer-transitions.js'
import { StageWorker } from './stage-worker.js'
import { SyncWorker } from './sync-worker.js'

export interface TransitionOptions {
  /** Bytes that are taken over in a second; 64 MiB when absent. */
  readonly bytesPerSecond?: number | undefined
}

const bytesPerSecondDefault = 64 * 1024 ** 2
const idleMs = 5_000
const retryMsMax = 5_000

/** The part of one agent in changes of the layout: its workers, and what it tells others. */
export class Transition {
  readonly #context: AgentContext
  readonly #leasedUnder: () => number
  readonly #sync: SyncWorker
  readonly #runners: readonly WorkerRunner[]

  constructor(
    context: AgentContext,
    environment: Pick<Environment, 'clock' | 'without'>,
    others: OtherParts,
    pass: RepairPassParts,
    takeover: Pick<BallotTakeover, 'from'>,
    leasedUnder: () => number,
    options: TransitionOptions = {},
  ) {
    this.#leasedUnder = leasedUnder
    const { nodeId, layout, commit, index, hints, leases, blockIndex, trees, ballots, log } = context
    this.#context = context
    const ownReport = () => this.report()
    this.#sync = new SyncWorker(
      { ...pass, commit, others, ballots: takeover, rows: ballots, environment },
      options.bytesPerSecond ?? bytesPerSecondDefault,
    )
    const workers = [
      new EmptyingWorker({ database: context.database, layout, index, hints, ballots, commit, log }),
      new StageWorker({ nodeId, layout, commit, others, ownReport, clock: environment.clock, log }),
      this.#sync,
      new HandOverWorker({
        ...{ nodeId, layout, commit, index, hints, leases, blockIndex, trees, ballots, others, log },
        replicas: pass.replicas,
        replicasOf: context.replicasOf,
        intents: context.intents,
        rows: new LeftoverRows(context.database, context.hasher),
      }),
    ]
    this.#runners = workers.map(
      worker =>
        new WorkerRunner(environment.clock, worker, {
          idleMs,
          retryMsMax,
          onError: error => log.error({ err: error, worker: worker.name }, 'failed and is tried again'),
        }),
    )
  }

  start(): void {
    this.#context.layout.watch(() => this.wake())
    for (const runner of this.#runners) runner.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#runners.map(runner => runner.stop()))
  }

  wake(): void {
    for (const runner of this.#runners) runner.wake()
  }

  status(): WorkerStatus[] {
    return this.#runners.map(runner => runner.status())
  }

  /** What it tells others; all of it is on its disk. */
  report(): PeerReport {
    const { number, stage, unsynced, lacking, leftovers } = this.#context.layout
    return {
      ...{ number, stage, leftovers: leftovers.size, leasedUnder: this.#leasedUnder() },
      unsynced: partitionBits(unsynced.keys()),
      lacking: partitionBits(lacking),
    }
  }

  /** The same, and for people how much of it is done. */
  answer(): ResponseOf<'fetchTransition'> {
    const { unsynced, lacking, ...report } = this.report()
    return {
      ...report,
      ...(unsynced === undefined ? {} : { unsynced }),
      ...(lacking === undefined ? {} : { lacking }),
      toTakeOver: [this.#context.layout.unsynced.size, this.#sync.total],
      bytes: this.#sync.bytes,
    }
  }
}
