import { type Lease, unleased } from './lease.js'

/** What a released buffer is filled with where a pool is made to find those who read it all the same. */
const scribble = 0xdd
/** Buffers have one of so many sizes, each half of the one before. */
const sizes = 3
/** What fills less of a buffer gets memory of its own: a peer must not make much of little. */
const filledShare = 3 / 4

export interface BufferPoolOptions {
  /** The largest size. */
  readonly bufferBytes: number
  /** Bytes of buffers that are kept while nobody uses them. */
  readonly freeBytesMax: number
  /** Overwrite what is released: in tests and in the simulation, a reader that comes too late sees rubbish. */
  readonly scribbles?: boolean
}

/**
 * Buffers that are used again. V8 collects the whole heap each time that 64 MiB of new buffers came up, which for a
 * stream of large pieces costs more than all that is done with them.
 */
export class BufferPool {
  readonly #options: BufferPoolOptions
  /** By size, the largest first. */
  readonly #free: Buffer[][] = Array.from({ length: sizes }, () => [])
  #freeBytes = 0

  constructor(options: BufferPoolOptions) {
    this.#options = options
  }

  /** Bytes of buffers that nobody uses. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /**
   * Room for `size` bytes, with whatever it holds. It is in a buffer of the pool where it fills most of one; what is
   * smaller or larger gets memory of its own, which is not used again.
   */
  lease(size: number): Lease {
    let bufferBytes = this.#options.bufferBytes
    let index = 0
    while (index < sizes - 1 && size <= bufferBytes / 2) {
      bufferBytes /= 2
      index++
    }
    if (size > bufferBytes || size < bufferBytes * filledShare) return unleased(Buffer.allocUnsafe(size))
    const used = this.#free[index]?.pop()
    if (used !== undefined) this.#freeBytes -= bufferBytes
    return new PooledLease(this, used ?? Buffer.allocUnsafeSlow(bufferBytes), size)
  }

  /** Called by leases only, once each. */
  takeBack(buffer: Buffer): void {
    const { bufferBytes, freeBytesMax, scribbles } = this.#options
    if (scribbles === true) buffer.fill(scribble)
    if (this.#freeBytes + buffer.length > freeBytesMax) return
    this.#freeBytes += buffer.length
    this.#free[Math.log2(bufferBytes / buffer.length)]?.push(buffer)
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
