/**
 * Bytes whose memory may be used again. Who holds the lease may read them until it calls `release`, and hands the
 * duty on with the lease. Not to release is always safe: the memory is then collected like any other.
 */
export interface Lease {
  readonly bytes: Uint8Array
  /** Nobody reads `bytes` from now on. A second call does nothing. */
  release(): void
}

const nothing = (): void => {}

/** Bytes that stay as they are for whoever holds them. */
export function unleased(bytes: Uint8Array): Lease {
  return { bytes, release: nothing }
}

/** A part of what `lease` lends; releasing it releases the whole. */
export function partOf(lease: Lease, from: number, to: number): Lease {
  if (from === 0 && to === lease.bytes.length) return lease
  return { bytes: lease.bytes.subarray(from, to), release: () => lease.release() }
}

/** A lease with several holders, which is given back when all of them have given back theirs. */
export class SharedLease implements Lease {
  readonly bytes: Uint8Array
  readonly #lease: Lease
  #holders = 1
  #released = false

  /** The maker is the first holder. */
  constructor(lease: Lease) {
    this.#lease = lease
    this.bytes = lease.bytes
  }

  /** One more holder, of `[from, to)`. */
  share(from = 0, to = this.bytes.length): Lease {
    if (this.#holders === 0) throw new Error('shared after the last holder released it')
    this.#holders++
    let held = true
    const release = (): void => {
      if (held) this.#leave()
      held = false
    }
    return {
      bytes: from === 0 && to === this.bytes.length ? this.bytes : this.bytes.subarray(from, to),
      release,
    }
  }

  release(): void {
    if (!this.#released) this.#leave()
    this.#released = true
  }

  #leave(): void {
    if (--this.#holders === 0) this.#lease.release()
  }
}
