import { BufferPool } from '@torc/protocol/frames/buffer-pool'
import { type Connection, type ConnectionListener, receivePool } from '@torc/protocol/transport/transport'
import type { SeededRandom } from '../seeded-random.js'
import type { SimulatedProcess } from '../simulated-process.js'
import type { Link } from './link.js'

/** Bytes that two kernels buffer between a sender and a reader that does not read. */
const socketBufferBytes = 256 * 1024
/** A delivery is cut at a random place this often, so that decoders see frames in pieces. */
const splitProbability = 0.1
/** What a chunk is overwritten with once its listener has seen it: it is valid no longer. */
const scribble = 0xdd

export interface ConnectionEnd {
  readonly process: SimulatedProcess
  /** The peer's address as this side sees it. */
  readonly remoteHost: string
  readonly remotePort: number
  /** The direction from this side to the peer. */
  readonly link: Link
  readonly random: SeededRandom
}

/** A stop that arrives after all data: the end of the stream, or the error that broke it. */
interface Ending {
  readonly error: Error | undefined
}

/**
 * One side of a TCP connection on virtual time: ordered, with kernel buffers of a bounded size, so that a reader that
 * pauses stops its peer. `write` copies, as a kernel does. Acknowledgements are not modelled: room in the buffers is
 * known to the sender at once, also over a link that is held in the other direction.
 */
export class SimulatedConnection implements Connection {
  readonly remoteAddress: string
  readonly remoteHost: string
  /** Who reads what it gave back, or a chunk after its time, sees rubbish, and the oracles see it. */
  readonly buffers = new BufferPool({ ...receivePool, scribbles: true })
  readonly #end: ConnectionEnd
  #peer: SimulatedConnection | undefined
  #listener: ConnectionListener | undefined
  #outgoing: Uint8Array[] = []
  #queuedBytes = 0
  /** Sent and not yet read by the peer. */
  #unreadBytes = 0
  #lastArrivalMs = 0
  #ending = false
  #arrived: (Uint8Array | Ending)[] = []
  #paused = false
  #readScheduled = false
  #closed = false
  #closeError: Error | undefined

  constructor(end: ConnectionEnd) {
    this.#end = end
    this.remoteHost = end.remoteHost
    this.remoteAddress = `${end.remoteHost}:${end.remotePort}`
  }

  /** Makes `a` and `b` the two sides of one connection. */
  static pair(a: ConnectionEnd, b: ConnectionEnd): readonly [SimulatedConnection, SimulatedConnection] {
    const sides = [new SimulatedConnection(a), new SimulatedConnection(b)] as const
    sides[0].#peer = sides[1]
    sides[1].#peer = sides[0]
    return sides
  }

  get #other(): SimulatedConnection {
    if (this.#peer === undefined) throw new Error('made without `pair`')
    return this.#peer
  }

  get process(): SimulatedProcess {
    return this.#end.process
  }

  get closed(): boolean {
    return this.#closed
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  listen(listener: ConnectionListener): void {
    if (this.#listener !== undefined) throw new Error('the connection has a listener already')
    this.#listener = listener
    this.#scheduleRead()
    if (this.#closed) this.#scheduleClose()
  }

  write(pieces: readonly Uint8Array[]): number {
    if (this.#closed || this.#ending || !this.process.alive) return this.#queuedBytes
    const bytes = Buffer.concat(pieces)
    if (bytes.length === 0) return this.#queuedBytes
    this.#outgoing.push(bytes)
    this.#queuedBytes += bytes.length
    this.#send()
    return this.#queuedBytes
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#scheduleRead()
  }

  end(): void {
    if (this.#closed || this.#ending) return
    this.#ending = true
    this.#sendEndingWhenFlushed()
  }

  destroy(): void {
    if (this.#closed) return
    this.#close(undefined)
    // What the kernel had taken still arrives, and then the end.
    this.#carryEnding(undefined)
  }

  /** Breaks this side as the network does: at once, with an error, whatever was under way. */
  break(message: string): void {
    this.#close(new Error(message))
  }

  /** The process behind this side died: its kernel tells the peer, or (a machine that lost power) nobody does. */
  abandon(tellPeer: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#outgoing = []
    this.#arrived = []
    if (tellPeer) this.#carryEnding(new Error('read ECONNRESET'))
  }

  #send(): void {
    while (this.#unreadBytes < socketBufferBytes) {
      const bytes = this.#outgoing.shift()
      if (bytes === undefined) break
      this.#queuedBytes -= bytes.length
      this.#unreadBytes += bytes.length
      const cut = this.#cutOf(bytes.length)
      if (cut > 0) this.#carry(bytes.subarray(0, cut))
      this.#carry(bytes.subarray(cut))
    }
  }

  #cutOf(length: number): number {
    const { random } = this.#end
    return length > 1 && random.chance(splitProbability) ? random.integer(1, length - 1) : 0
  }

  #carry(bytes: Uint8Array): void {
    const what = `${bytes.length} bytes ${checksum(bytes).toString(16)}`
    this.#lastArrivalMs = this.#end.link.carry(what, this.#lastArrivalMs, () => this.#other.#arrive(bytes))
  }

  #carryEnding(error: Error | undefined): void {
    const what = error === undefined ? 'end' : 'reset'
    this.#lastArrivalMs = this.#end.link.carry(what, this.#lastArrivalMs, () =>
      this.#other.#arrive({ error }),
    )
  }

  #sendEndingWhenFlushed(): void {
    if (this.#ending && !this.#closed && this.#outgoing.length === 0) this.#carryEnding(undefined)
  }

  #arrive(item: Uint8Array | Ending): void {
    if (this.#closed) return
    this.#arrived.push(item)
    this.process.enter(() => this.#read())
  }

  #scheduleRead(): void {
    if (this.#readScheduled || this.#arrived.length === 0) return
    this.#readScheduled = true
    this.process.schedule(0, 'read', () => {
      this.#readScheduled = false
      this.#read()
    })
  }

  /** Hands on what has arrived; the listener may pause or close in between. */
  #read(): void {
    while (!this.#paused && !this.#closed && this.#listener !== undefined && this.process.alive) {
      const item = this.#arrived.shift()
      if (item === undefined) return
      if (item instanceof Uint8Array) {
        this.#other.#wasRead(item.length)
        this.#listener.onData(item)
        item.fill(scribble)
      } else {
        // The peer is gone. What is still queued here could not be read any more: answer its end with ours.
        if (item.error === undefined) this.#carryEnding(undefined)
        this.#close(item.error)
      }
    }
  }

  #wasRead(bytes: number): void {
    this.#unreadBytes -= bytes
    if (this.#closed || this.#outgoing.length === 0) return
    this.#send()
    if (this.#outgoing.length > 0) return
    this.process.schedule(0, 'drain', () => {
      if (!this.#closed && this.#queuedBytes === 0) this.#listener?.onDrain()
    })
    this.#sendEndingWhenFlushed()
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#outgoing = []
    this.#queuedBytes = 0
    this.#arrived = []
    this.#closeError = error
    if (this.#listener !== undefined) this.#scheduleClose()
  }

  #scheduleClose(): void {
    this.process.schedule(0, 'close', () => this.#listener?.onClose(this.#closeError))
  }
}

/** FNV-1a over a sample of the bytes: enough for a trace to tell two runs apart, cheap on large bodies. */
function checksum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5
  const step = Math.max(1, bytes.length >> 8)
  for (let position = 0; position < bytes.length; position += step) {
    sum = Math.imul(sum ^ (bytes[position] ?? 0), 0x01000193)
  }
  return sum >>> 0
}
