import { WorkerRunner, type WorkerStatus } from '@torc/cluster/worker/worker'
import type { Environment } from '@torc/protocol/environment/system'
import type { AgentContext } from '../handlers/agent-context.js'
import { stateOf } from '../leases/known-operations.js'
import type { Operation } from '../leases/operation.js'
import { AuditWorker } from './audit-worker.js'
import { CollectWorker } from './collect-worker.js'
import type { OtherAgents } from './other-agents.js'
import { ReleaseWorker } from './release-worker.js'

export interface CollectionOptions {
  /** How long a block stays that nobody needs, in milliseconds. */
  readonly graceMs?: number | undefined
  /** How long an upload may stand still before its blocks may go, in milliseconds. */
  readonly uploadMs?: number | undefined
  /** From an audit of a lease that found its version to the next one, in milliseconds. */
  readonly auditEveryMs?: number | undefined
  /** How long a key must have been without versions before what is left of it may go, in milliseconds. */
  readonly remainderMs?: number | undefined
}

const hourMs = 60 * 60 * 1000

/** What holds when nothing else is said. */
export const collectionDefaults = {
  graceMs: hourMs,
  uploadMs: hourMs,
  auditEveryMs: 7 * 24 * hourMs,
  remainderMs: hourMs,
} as const

/** The times that an agent goes by. */
export function collectionTimes(options: CollectionOptions = {}): Record<keyof CollectionOptions, number> {
  return { ...collectionDefaults, ...defined(options) }
}

/** Where an audit was not decided, it is made again after this part of the time that an upload may stand still. */
const againPart = 1 / 60

/** What becomes of blocks that nobody needs any more: releases, audits and collection, in the background. */
export class Collection {
  readonly #context: AgentContext
  readonly #audit: WorkerRunner
  readonly #release: WorkerRunner
  readonly #collect: WorkerRunner

  constructor(
    context: AgentContext,
    environment: Pick<Environment, 'clock' | 'without'>,
    others: OtherAgents,
    options: CollectionOptions = {},
  ) {
    const { clock } = environment
    const { graceMs, uploadMs, auditEveryMs } = collectionTimes(options)
    this.#context = context
    const { nodeId, leases, intents, releases, commit, layout, hasher, log } = context
    const times = { auditEveryMs, auditAgainMs: Math.max(1, uploadMs * againPart) }
    const audit = new AuditWorker({
      ...{ nodeId, leases, commit, layout, hasher, clock, others, times, environment, log },
      stateOf: operation => stateOf(context, operation),
    })
    const release = new ReleaseWorker({
      ...{ nodeId, releases, commit, layout, others, log },
      releaseHere: operations => this.released(operations),
    })
    const { blocks, blockIndex } = context
    const collect = new CollectWorker({ blocks, index: blockIndex, intents, commit, clock, graceMs, log })
    const run = (worker: AuditWorker | ReleaseWorker | CollectWorker): WorkerRunner =>
      new WorkerRunner(clock, worker, {
        idleMs: Math.min(10_000, Math.max(10, Math.min(graceMs, uploadMs) / 4)),
        onError: error => log.error({ err: error, worker: worker.name }, 'failed and is tried again'),
      })
    this.#audit = run(audit)
    this.#release = run(release)
    this.#collect = run(collect)
  }

  start(): void {
    this.#context.releases.watch(() => this.#release.wake())
    for (const runner of [this.#release, this.#audit, this.#collect]) runner.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#release.stop(), this.#audit.stop(), this.#collect.stop()])
  }

  /** Leases of these operations are due for an audit. Resolves once that is durable. */
  async released(operations: readonly Operation[]): Promise<void> {
    const { commit, leases } = this.#context
    await commit.submit(() => {
      for (const operation of operations) leases.release(operation)
    })
    this.#audit.wake()
  }

  status(): WorkerStatus[] {
    return [this.#release.status(), this.#audit.status(), this.#collect.status()]
  }
}

function defined(options: CollectionOptions): Partial<Record<keyof CollectionOptions, number>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
