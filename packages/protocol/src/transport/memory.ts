import type { Clock } from '../environment/clock.js'
import { TorcError } from '../errors.js'
import { BufferPool } from '../frames/buffer-pool.js'
import {
  type Address,
  type Connection,
  type ConnectionListener,
  formatAddress,
  type Listener,
  receivePool,
  type Transport,
} from './transport.js'

/** What a pair of kernels would hold between a sender and a reader that does not read. */
const pipeBytes = 256 * 1024
/** Largest chunk that a reader gets at once, as from a socket. */
const chunkBytesMax = 64 * 1024
const firstEphemeralPort = 49_152
const scribble = 0xdd

/** One direction of a connection: bytes arrive later, in order, in turns of the injected clock. */
class Pipe {
  readonly #clock: Clock
  /** Written and not yet taken: the sender's queue. */
  #queue: Uint8Array[] = []
  queuedBytes = 0
  /** Taken and not yet read. */
  #held: Uint8Array[] = []
  #heldBytes = 0
  #ended = false
  #scheduled = false
  #drainDue = false
  paused = false
  onData: ((chunk: Uint8Array) => void) | undefined
  onEnd: () => void = () => {}
  onDrain: () => void = () => {}
  stopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#ended || this.stopped) return
    for (const piece of pieces) {
      if (piece.length === 0) continue
      // As a kernel does: what the sender does with its buffer afterwards is its own affair.
      this.#queue.push(Uint8Array.prototype.slice.call(piece))
      this.queuedBytes += piece.length
    }
    this.#take()
    this.schedule()
  }

  end(): void {
    this.#ended = true
    this.schedule()
  }

  /** Moves what fits from the sender's queue to the reader's side. */
  #take(): void {
    while (this.#queue.length > 0 && this.#heldBytes < pipeBytes) {
      const piece = this.#queue.shift() as Uint8Array
      const taken = Math.min(piece.length, chunkBytesMax, pipeBytes - this.#heldBytes)
      if (taken < piece.length) this.#queue.unshift(piece.subarray(taken))
      this.queuedBytes -= taken
      this.#held.push(piece.subarray(0, taken))
      this.#heldBytes += taken
    }
    if (this.queuedBytes > 0) this.#drainDue = true
  }

  schedule(): void {
    if (this.#scheduled || this.stopped) return
    this.#scheduled = true
    this.#clock.soon(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  #deliver(): void {
    while (!this.paused && !this.stopped && this.onData !== undefined && this.#held.length > 0) {
      const piece = this.#held.shift() as Uint8Array
      this.#heldBytes -= piece.length
      this.#take()
      this.onData(piece)
      // The reader is done with it, as the contract says: one that is not sees rubbish.
      piece.fill(scribble)
    }
    if (this.stopped) return
    if (this.#drainDue && this.queuedBytes === 0) {
      this.#drainDue = false
      this.onDrain()
    }
    if (this.#ended && this.#held.length === 0 && this.#queue.length === 0 && this.onData !== undefined)
      this.onEnd()
  }
}

class MemoryConnection implements Connection {
  readonly remoteAddress: string
  readonly remoteHost: string
  readonly buffers: BufferPool
  readonly #clock: Clock
  readonly #incoming: Pipe
  readonly #outgoing: Pipe
  readonly #closePeer: () => void
  #listener: ConnectionListener | undefined
  #closed = false
  #reported = false

  constructor(
    remote: Address,
    clock: Clock,
    buffers: BufferPool,
    incoming: Pipe,
    outgoing: Pipe,
    closePeer: () => void,
  ) {
    this.buffers = buffers
    this.remoteHost = remote.host
    this.remoteAddress = formatAddress(remote)
    this.#clock = clock
    this.#incoming = incoming
    this.#outgoing = outgoing
    this.#closePeer = closePeer
    incoming.onEnd = () => this.#peerEnded()
    outgoing.onDrain = () => {
      if (!this.#closed) this.#listener?.onDrain()
    }
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener
    this.#incoming.onData = chunk => listener.onData(chunk)
    this.#incoming.schedule()
    this.#reportClose()
  }

  get queuedBytes(): number {
    return this.#outgoing.queuedBytes
  }

  write(pieces: readonly Uint8Array[]): number {
    if (!this.#closed) this.#outgoing.write(pieces)
    return this.#outgoing.queuedBytes
  }

  pause(): void {
    this.#incoming.paused = true
  }

  resume(): void {
    this.#incoming.paused = false
    this.#incoming.schedule()
  }

  end(): void {
    this.#outgoing.end()
  }

  destroy(): void {
    if (this.#closed) return
    this.close()
    this.#closePeer()
  }

  /** The peer has sent all it will: answer its end with ours, as a socket does that is never half open. */
  #peerEnded(): void {
    if (this.#closed) return
    this.#outgoing.end()
    this.close()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#incoming.stopped = true
    this.#reportClose()
  }

  #reportClose(): void {
    if (!this.#closed || this.#reported || this.#listener === undefined) return
    this.#reported = true
    const listener = this.#listener
    this.#clock.soon(() => listener.onClose(undefined))
  }
}

/** Both sides of one connection. */
export function memoryPair(clock: Clock, a: Address, b: Address): readonly [Connection, Connection] {
  const toA = new Pipe(clock)
  const toB = new Pipe(clock)
  const buffers = new BufferPool({ ...receivePool, scribbles: true })
  const first: MemoryConnection = new MemoryConnection(b, clock, buffers, toA, toB, () => toB.end())
  const second: MemoryConnection = new MemoryConnection(a, clock, buffers, toB, toA, () => toA.end())
  return [first, second]
}

/**
 * Connections within this process, over an injected clock. Each call makes a network of its own: what listens
 * on one transport is reached through the same transport only.
 */
export function memoryTransport(clock: Clock): Transport {
  const listeners = new Map<string, (connection: Connection) => void>()
  let nextPort = firstEphemeralPort
  return {
    connect(address, { signal }) {
      const where = formatAddress(address)
      return new Promise((resolve, reject) => {
        clock.soon(() => {
          const accept = listeners.get(where)
          if (signal?.aborted === true) {
            reject(
              new TorcError('CANCELLED', `connecting to ${where} was cancelled`, { cause: signal.reason }),
            )
          } else if (accept === undefined) {
            reject(new TorcError('UNREACHABLE', `${where} is not reachable: nothing listens there`))
          } else {
            const [own, peers] = memoryPair(clock, { host: address.host, port: nextPort++ }, address)
            accept(peers)
            resolve(own)
          }
        })
      })
    },
    listen(address, onConnection): Promise<Listener> {
      const bound = { host: address.host, port: address.port === 0 ? nextPort++ : address.port }
      const where = formatAddress(bound)
      if (listeners.has(where)) {
        return Promise.reject(
          new TorcError('CONFIG', `can't listen on ${where}: the port is in use`, {
            hint: 'Another process listens there: stop it, or choose another port (0 = any free one).',
          }),
        )
      }
      listeners.set(where, onConnection)
      return Promise.resolve({
        address: bound,
        close() {
          listeners.delete(where)
          return Promise.resolve()
        },
      })
    },
  }
}
