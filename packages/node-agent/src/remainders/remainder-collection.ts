import type { Membership } from '@torc/cluster/membership/membership'
import { WorkerRunner, type WorkerStatus } from '@torc/cluster/worker/worker'
import type { Environment } from '@torc/protocol/environment/system'
import type { AgentContext } from '../handlers/agent-context.js'
import type { OtherRemainders } from './other-agents-remainders.js'
import { RemainderWorker } from './remainder-worker.js'

export interface RemainderCollectionParts {
  readonly membership: Pick<Membership, 'isDown'>
  readonly agents: OtherRemainders
  /** Members that say they hold hints of the partition, whether they are in the layout or not. */
  readonly holdersOf: (partition: number) => readonly string[]
}

/** How often it is looked whether anything is due, in milliseconds, at least. */
const idleMsMax = 10_000
const idleMsMin = 25

/** Collects what is left of removed keys, in the background. */
export class RemainderCollection {
  readonly #runner: WorkerRunner

  constructor(context: AgentContext, { clock, random }: Environment, parts: RemainderCollectionParts) {
    const { nodeId, collections: numbers, remainders: keeper, remainderRows: rows } = context
    const { layout, commit, log } = context
    const { membership, agents: others, holdersOf } = parts
    const worker = new RemainderWorker({
      ...{ nodeId, numbers, keeper, rows, others, layout, commit, clock, random, log },
      isDown: agent => membership.isDown(agent),
      everyAgent: partition => [...layout.agents, ...holdersOf(partition)],
    })
    this.#runner = new WorkerRunner(clock, worker, {
      idleMs: Math.min(idleMsMax, Math.max(idleMsMin, rows.ageMs / 4)),
      onError: error => log.error({ err: error }, 'remainders could not be collected'),
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
