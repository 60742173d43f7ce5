import { WorkerRunner, type WorkerStatus } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import type { AgentContext } from '../handlers/agent-context.js'
import { Dispatcher } from './dispatcher.js'
import { ForgetWorker } from './forget-worker.js'
import type { HintReceiver } from './hint-receiver.js'
import type { HintOptions } from './hints.js'

const bytesPerSecondDefault = 32 * 1024 ** 2

/** How often an owner that was down is looked for; that it is back is known after a round of gossip at best. */
const idleMs = 1_000
/** Longest wait after a failure. */
const retryMsMax = 5_000

/** Workers whose state one answer tells: of the dispatchers first those that have something to deliver. */
const statusesMax = 32

/** Delivers hints, and forgets what was delivered: a dispatcher for each target, from the first hint for it on, found again at each start. */
export class HintDelivery {
  readonly #context: AgentContext
  readonly #clock: Clock
  readonly #receiver: HintReceiver
  readonly #bytesPerSecond: number
  readonly #runners = new Map<string, WorkerRunner>()
  readonly #forget: WorkerRunner
  #running = false

  constructor(context: AgentContext, clock: Clock, receiver: HintReceiver, options: HintOptions = {}) {
    this.#context = context
    this.#clock = clock
    this.#receiver = receiver
    this.#bytesPerSecond = options.bytesPerSecond ?? bytesPerSecondDefault
    const { hints, index, layout, commit, replicasOf, log } = context
    this.#forget = new WorkerRunner(clock, new ForgetWorker({ hints, index, layout, commit, replicasOf }), {
      idleMs,
      onError: error => log.error({ err: error }, 'delivered keys could not be forgotten'),
    })
  }

  start(): void {
    const { counts } = this.#context.hints
    this.#running = true
    counts.watch(target => this.wake(target))
    for (const target of counts.targets()) this.wake(target)
    this.#forget.start()
  }

  async stop(): Promise<void> {
    this.#running = false
    await Promise.all([this.#forget, ...this.#runners.values()].map(runner => runner.stop()))
  }

  /** There are hints for the target, or it may be back. */
  wake(target: string): void {
    if (!this.#running) return
    const runner = this.#runners.get(target)
    if (runner !== undefined) runner.wake()
    else if (this.#context.hints.counts.has(target)) this.#begin(target)
  }

  status(): WorkerStatus[] {
    const { counts } = this.#context.hints
    const waiting = counts.targets().flatMap(target => this.#runners.get(target) ?? [])
    const others = [...this.#runners.values()].filter(runner => !waiting.includes(runner))
    return [this.#forget, ...waiting, ...others].slice(0, statusesMax).map(runner => runner.status())
  }

  #begin(target: string): void {
    const { nodeId, index, hints, layout, commit, releases, hasher, blocks, replicasOf, log } = this.#context
    const dispatcher = new Dispatcher(target, {
      ...{ nodeId, index, hints, layout, commit, releases, hasher, blocks, log },
      clock: this.#clock,
      replicasOf,
      receiver: this.#receiver,
      bytesPerSecond: this.#bytesPerSecond,
    })
    const runner = new WorkerRunner(this.#clock, dispatcher, {
      idleMs,
      retryMsMax,
      onError: error => log.warn({ err: error, target }, 'hints could not be delivered and are tried again'),
    })
    this.#runners.set(target, runner)
    runner.start()
  }
}
