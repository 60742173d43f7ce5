import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'
import type { ClusterStatus } from '@torc/protocol/store/admin'
import type { CallOptions } from '@torc/protocol/store/object-store'

/** What tells how the cluster is: the store as the gateway itself may use it. */
export type StatusSource = (options: CallOptions) => Promise<ClusterStatus>

/** The cluster in so many words as anybody may read. */
export interface HealthReport {
  /** Whether the store answers, so that requests make sense. */
  readonly available: boolean
  /** Why not. */
  readonly reason?: string | undefined
  readonly epoch?: number | undefined
  readonly agents?: { readonly alive: number; readonly total: number } | undefined
  /** False: it works, but something needs an operator; `torc status` says what. */
  readonly healthy?: boolean | undefined
}

/** Asking all agents is not free, and anybody may ask for this: one answer serves for so long, milliseconds. */
const freshMs = 2_000
const statusMs = 3_000

/** How the cluster is, from memory for a moment. */
export class Health {
  readonly #source: StatusSource
  readonly #clock: Clock
  #asked: { readonly atMs: number; readonly status: Promise<ClusterStatus | TorcError> } | undefined

  constructor(source: StatusSource, clock: Clock) {
    this.#source = source
    this.#clock = clock
  }

  /** The status, or why there is none. Never rejects. */
  async status(): Promise<ClusterStatus | TorcError> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#asked === undefined || nowMs - this.#asked.atMs > freshMs) {
      const status = this.#source({ timeoutMs: statusMs }).catch((thrown: unknown) => TorcError.from(thrown))
      this.#asked = { atMs: nowMs, status }
    }
    return await this.#asked.status
  }

  async report(): Promise<HealthReport> {
    const status = await this.status()
    if (status instanceof TorcError) return { available: false, reason: status.message }
    const { epoch, healthy, members } = status
    const all = members.filter(({ role }) => role === 'agent')
    const agents = { alive: all.filter(({ state }) => state === 'alive').length, total: all.length }
    if (epoch === 0)
      return { available: false, reason: 'the cluster has no layout yet', epoch, agents, healthy }
    if (agents.alive === 0) return { available: false, reason: 'no agent answers', epoch, agents, healthy }
    return { available: true, epoch, agents, healthy }
  }
}
