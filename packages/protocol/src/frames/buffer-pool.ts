import { type Lease, unleased } from './lease.js'

/** What a released buffer is filled with where a pool is made to find those who read it all the same. */
const scribble = 0xdd
/** Small things must not take whole buffers: a peer could make much of little. */
const pooledShare = 1 / 4

export interface BufferPoolOptions {
  readonly bufferBytes: number
  /** Buffers that are kept while nobody uses them. */
  readonly freeMax: number
  /** Overwrite what is released: in tests and in the simulation, a reader that comes too late sees rubbish. */
  readonly scribbles?: boolean
}

/**
 * Buffers of one size that are used again. V8 collects the whole heap each time that 64 MiB of new buffers came up,
 * which for a stream of large pieces costs more than all that is done with them.
 */
export class BufferPool {
  readonly bufferBytes: number
  readonly #freeMax: number
  readonly #scribbles: boolean
  readonly #free: Buffer[] = []

  constructor(options: BufferPoolOptions) {
    this.bufferBytes = options.bufferBytes
    this.#freeMax = options.freeMax
    this.#scribbles = options.scribbles === true
  }

  /** Buffers that nobody uses. */
  get free(): number {
    return this.#free.length
  }

  /**
   * Room for `size` bytes, with whatever it holds. It is in a buffer of the pool where it fills a good part of one;
   * what is smaller or larger gets memory of its own, which is not used again.
   */
  lease(size: number): Lease {
    if (size > this.bufferBytes || size < this.bufferBytes * pooledShare)
      return unleased(Buffer.allocUnsafe(size))
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.bufferBytes)
    return new PooledLease(this, buffer, size)
  }

  /** Called by leases only, once each. */
  takeBack(buffer: Buffer): void {
    if (this.#scribbles) buffer.fill(scribble)
    if (this.#free.length < this.#freeMax) this.#free.push(buffer)
  }
}

class PooledLease implements Lease {
  readonly bytes: Buffer
  #pool: BufferPool | undefined
  readonly #buffer: Buffer

  constructor(pool: BufferPool, buffer: Buffer, size: number) {
    this.#pool = pool
    this.#buffer = buffer
    this.bytes = size === buffer.length ? buffer : buffer.subarray(0, size)
  }

  release(): void {
    const pool = this.#pool
    this.#pool = undefined
    pool?.takeBack(this.#buffer)
  }
}
