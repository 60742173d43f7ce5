import { WorkerRunner, type WorkerStatus } from '@torc/cluster/worker/worker'
import type { Environment } from '@torc/protocol/environment/system'
import type { AgentContext } from '../handlers/agent-context.js'
import type { OtherOwners } from './other-owners.js'
import { RecoveryWorker } from './recovery-worker.js'

/** How often rounds that nobody ends are looked for, in milliseconds. */
const idleMs = 2_000

/** Brings rounds of consensus to their end that nobody else does, in the background. */
export class Recovery {
  readonly #runner: WorkerRunner

  constructor(context: AgentContext, { clock, random }: Environment, others: OtherOwners) {
    const { nodeId, ballots: rows, register, layout, collections, commit, clock: hybridClock, log } = context
    const worker = new RecoveryWorker({
      ...{ nodeId, rows, register, others, layout, collections, commit, clock, hybridClock, random, log },
    })
    this.#runner = new WorkerRunner(clock, worker, {
      idleMs,
      onError: error => log.error({ err: error }, 'proposals could not be looked through'),
    })
  }

  start(): void {
    this.#runner.start()
  }

  stop(): Promise<void> {
    return this.#runner.stop()
  }

  status(): WorkerStatus {
    return this.#runner.status()
  }
}
