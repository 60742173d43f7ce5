import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { GroupCommit } from '../index/group-commit.js'
import type { KeyIndex } from '../index/key-index.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { ReplicasOf } from './block-hints.js'
import type { DeliveredKey } from './delivered-keys.js'
import type { Hints } from './hints.js'

export interface ForgetParts {
  readonly hints: Hints
  readonly index: KeyIndex
  readonly layout: AgentLayout
  readonly commit: GroupCommit
  readonly replicasOf: ReplicasOf
}

const keysAtOnce = 64

/**
 * Forgets states of keys that were delivered some time ago, unless a hint of the key has come since, or this agent owns
 * it now. They live on at their owners: nothing is released, and what this agent mints of the partition later says that
 * it comes after them (`KeyIndex.drop`).
 */
export class ForgetWorker implements Worker {
  readonly name = 'delivered-hints'
  readonly #parts: ForgetParts
  #forgotten = 0

  constructor(parts: ForgetParts) {
    this.#parts = parts
  }

  async step(_signal: AbortSignal): Promise<WorkerOutcome> {
    const { hints, commit } = this.#parts
    const due = hints.delivered.due(keysAtOnce)
    if (due.length === 0) return 'idle'
    this.#forgotten += await commit.submit(() => due.filter(key => this.#forget(key)).length)
    return due.length === keysAtOnce ? 'busy' : 'idle'
  }

  progress(): string {
    return `${this.#forgotten} keys were forgotten after their delivery since the start`
  }

  #forget(key: DeliveredKey): boolean {
    const { hints, index, layout, replicasOf } = this.#parts
    hints.delivered.remove(key.keyId)
    const known = index.find(key.bucketId, key.key)
    if (
      known?.id !== key.keyId ||
      layout.owns(key.partition, replicasOf(key.bucketId)) ||
      hints.keys.has(known.id)
    )
      return false
    index.drop(key, known)
    return true
  }
}
