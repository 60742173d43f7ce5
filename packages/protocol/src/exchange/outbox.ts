import type { Clock } from '../environment/clock.js'
import { FrameEncoder } from '../frames/encoder.js'
import type { Lease } from '../frames/lease.js'
import { limits } from '../limits.js'
import type { Connection } from '../transport/transport.js'
import { SentLeases } from './sent-leases.js'

/** Beyond this much in the transport's queue, frames wait here, where interactive ones can overtake. */
const transportBytesMax = 256 * 1024
/**
 * So many frames, or bytes, leave at once instead of at the end of the turn. A turn may handle a whole burst of
 * requests; if all of it left together, the processes along the way would take turns instead of working at the
 * same time. Sixteen frames cost a quarter of what they would in writes of their own.
 */
const eagerFrames = 16
const eagerBytes = 32 * 1024
/** Producers of streams and pages wait while this much is queued in all. */
const roomBytes = 512 * 1024

/**
 * What is to be sent on one connection. Frames of one turn of the event loop leave in one write (or a few, of a
 * larger burst); while the transport is full, interactive frames overtake background ones and producers wait for
 * room.
 */
export class Outbox {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #interactive = new FrameEncoder()
  #background: FrameEncoder | undefined
  readonly #leases = new SentLeases()
  /** Interactive frames since the last write. */
  #frames = 0
  #scheduled = false
  #closed = false
  #waiters: (() => void)[] = []
  readonly #flushSoon = (): void => {
    this.#scheduled = false
    this.flush()
  }

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  /** Where to write one frame of this priority; it leaves at the end of the turn at the latest. */
  encoder(background: boolean): FrameEncoder {
    if (!this.#scheduled && !this.#closed) {
      this.#scheduled = true
      this.#clock.soon(this.#flushSoon)
    }
    if (!background) {
      this.#sendEagerly()
      return this.#interactive
    }
    this.#background ??= new FrameEncoder()
    return this.#background
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes + this.#interactive.queuedBytes + (this.#background?.queuedBytes ?? 0)
  }

  get hasRoom(): boolean {
    return this.queuedBytes < roomBytes
  }

  /** The peer takes nothing while we go on answering it. */
  get overflown(): boolean {
    return this.queuedBytes > limits.sendQueueBytesClose
  }

  /** Calls back once there is room (never at once). */
  whenRoom(callback: () => void): void {
    this.#waiters.push(callback)
  }

  /** Gives `lease` back once the operating system has taken what was encoded in this lane so far. */
  releaseSent(lease: Lease, background: boolean): void {
    if (this.#closed) return
    const encoder = background ? this.#background : this.#interactive
    this.#leases.add(lease, background, encoder?.queuedBytes ?? 0)
  }

  flush(): void {
    if (this.#closed) return
    this.#frames = 0
    this.#send(this.#interactive)
    if (this.#background !== undefined) this.#send(this.#background)
    this.#leases.release(this.#connection.queuedBytes)
    if (this.#connection.queuedBytes === 0) {
      // The usual case: the operating system took all at once, and the same memory serves the next turn.
      this.#interactive.recycle()
      this.#background?.recycle()
    }
    this.#wake()
  }

  /** Sends the frames before this one when they are many; producers are woken at the end of the turn. */
  #sendEagerly(): void {
    const frames = this.#frames++
    if (frames === 0 || (frames < eagerFrames && this.#interactive.queuedBytes < eagerBytes)) return
    this.#frames = 1
    if (!this.#closed) this.#send(this.#interactive)
  }

  /** As much as the transport takes without queueing for long: what comes later may be more urgent. */
  #send(encoder: FrameEncoder): void {
    const connection = this.#connection
    while (encoder.queuedBytes > 0 && connection.queuedBytes <= transportBytesMax) {
      const before = encoder.queuedBytes
      const pieces = encoder.take(transportBytesMax)
      this.#leases.written(before - encoder.queuedBytes, encoder === this.#background)
      connection.write(pieces)
    }
  }

  /** The transport's queue is empty again. */
  onDrain(): void {
    this.flush()
  }

  /** Each waiter in its turn, so that no stream starves another; one that finds no room waits again. */
  #wake(): void {
    if (this.#waiters.length === 0 || !this.hasRoom) return
    const waiters = this.#waiters
    this.#waiters = []
    for (let i = 0; i < waiters.length; i++) {
      if (!this.hasRoom) {
        this.#waiters = [...waiters.slice(i), ...this.#waiters]
        return
      }
      waiters[i]?.()
    }
  }

  /** Sends what is queued, whatever the transport's queue holds, and nothing after that. */
  close(): void {
    if (this.#closed) return
    this.#connection.write(this.#interactive.take())
    if (this.#background !== undefined) this.#connection.write(this.#background.take())
    this.#closed = true
  }

  /** Nothing more leaves. Who waits for room is called, to find that its call is over. */
  discard(): void {
    this.#closed = true
    this.#leases.forget()
    for (const waiter of this.#waiters.splice(0)) waiter()
  }
}
