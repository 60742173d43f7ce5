import { createHash } from 'node:crypto'
import type { Random } from '@torc/protocol/environment/random'

/**
 * Random numbers that a seed determines (sfc32 of PractRand, Chris Doty-Humphrey). Each part of a simulation forks
 * one of its own, so that one part's draws do not shift another's.
 */
export class SeededRandom implements Random {
  readonly #seed: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: string | number) {
    this.#seed = String(seed)
    const start = createHash('sha256').update(this.#seed).digest()
    this.#a = start.readInt32LE(0)
    this.#b = start.readInt32LE(4)
    this.#c = start.readInt32LE(8)
  }

  /** An independent generator; the same for the same seed and label. */
  fork(label: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${label}`)
  }

  /** Uniform unsigned 32-bit integer. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  fraction(): number {
    return this.next() / 2 ** 32
  }

  bytes(count: number): Uint8Array {
    // Little-endian wherever Node runs, and the same bytes as from `next`, a good deal faster for a large body.
    const words = new Uint32Array(Math.ceil(count / 4))
    for (let i = 0; i < words.length; i++) words[i] = this.next()
    return Buffer.from(words.buffer, 0, count)
  }

  /** Uniform integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.integer(0, choices.length - 1)]
    if (chosen === undefined) throw new Error('nothing to pick from')
    return chosen
  }
}
