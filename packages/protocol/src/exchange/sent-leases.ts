import type { Lease } from '../frames/lease.js'

interface Waiting {
  readonly lease: Lease
  /** Bytes of its lane, or then of the connection, that must have left before it. */
  readonly position: number
}

/** One of the two orders in which frames wait: what was written of it, and which leases wait for more. */
interface Lane {
  writtenBytes: number
  waiting: Waiting[]
}

/**
 * Leases of bytes that are on their way out: first in a lane of the outbox, then in the transport's queue. Both only
 * move on, so that a count of bytes says what has left. Pure.
 */
export class SentLeases {
  readonly #lanes: readonly [Lane, Lane] = [
    { writtenBytes: 0, waiting: [] },
    { writtenBytes: 0, waiting: [] },
  ]
  /** Bytes of both lanes that were given to the transport. */
  #writtenBytes = 0
  #leaving: Waiting[] = []

  /** `queuedBytes` wait in the lane, those of the lease among them if they were not written yet. */
  add(lease: Lease, background: boolean, queuedBytes: number): void {
    const lane = this.#lanes[background ? 1 : 0]
    if (queuedBytes === 0) this.#leaving.push({ lease, position: this.#writtenBytes })
    else lane.waiting.push({ lease, position: lane.writtenBytes + queuedBytes })
  }

  /** The transport was given `bytes` of a lane. */
  written(bytes: number, background: boolean): void {
    const lane = this.#lanes[background ? 1 : 0]
    lane.writtenBytes += bytes
    this.#writtenBytes += bytes
    while (lane.waiting[0] !== undefined && lane.waiting[0].position <= lane.writtenBytes) {
      const { lease } = lane.waiting.shift() as Waiting
      this.#leaving.push({ lease, position: this.#writtenBytes })
    }
  }

  /** Gives back what has left: all but `queuedBytes` of what the transport was given. */
  release(queuedBytes: number): void {
    const leftBytes = this.#writtenBytes - queuedBytes
    while (this.#leaving[0] !== undefined && this.#leaving[0].position <= leftBytes)
      this.#leaving.shift()?.lease.release()
  }

  /** The connection is over: who knows what still reads them. */
  forget(): void {
    for (const lane of this.#lanes) lane.waiting = []
    this.#leaving = []
  }
}
