import type { SeededRandom } from '../seeded-random.js'

/** What clients do, and with what bodies. */
export interface Load {
  /** How many bytes a body has at most, each with a weight. */
  readonly bytes: readonly (readonly [bytesMax: number, weight: number])[]
  /** Part of the bodies whose second block is that of many others. */
  readonly shared: number
  /** How long a register's writer waits for an answer; as long as the library does when absent. */
  readonly patienceMs?: number
  /** Part of the calls of sets and registers that read; 0.4 when absent. */
  readonly reads?: number
  /** Bodies that shrink, in a bucket that keeps them compressed. */
  readonly compressed?: boolean
  readonly percent: {
    readonly put: number
    readonly mark: number
    readonly purge: number
    readonly removeVersion: number
    readonly copy: number
    readonly tag: number
    readonly get: number
    /** Uploads in parts. */
    readonly upload: number
    /** Listings of the client's keys. */
    readonly list: number
    /** Changes of a set of keys, and readings of it. */
    readonly set?: number
    /** Writes of a register, and readings of any. */
    readonly register?: number
    /** Conditional writes and reads of a few keys that all clients share. */
    readonly contend?: number
  }
}

export const loads = {
  /** Bodies inline in the frame, stored inline, in one block, in several blocks. */
  mixed: {
    bytes: [
      [10, 8],
      [1000, 8],
      [15_000, 4],
      [30_000, 3],
      [100_000, 2],
      [1_300_000, 1],
    ],
    shared: 0.02,
    percent: {
      ...{ put: 38, mark: 5, purge: 7, removeVersion: 4, copy: 6, tag: 3, get: 21, upload: 2, list: 2 },
      ...{ set: 6, register: 6 },
    },
  },
  /** Blocks that come, are shared by copies, and go. */
  blocks: {
    bytes: [
      [1000, 1],
      [60_000, 9],
    ],
    shared: 0.02,
    percent: { put: 30, mark: 2, purge: 15, removeVersion: 8, copy: 20, tag: 0, get: 18, upload: 5, list: 2 },
  },
  /** The same with blocks that are kept compressed. */
  compressed: {
    bytes: [
      [1000, 1],
      [60_000, 9],
    ],
    shared: 0.02,
    compressed: true,
    percent: { put: 30, mark: 2, purge: 15, removeVersion: 8, copy: 20, tag: 0, get: 18, upload: 5, list: 2 },
  },
  /** Keys that are removed again and again, so that what is left of them is collected between their lives. */
  removals: {
    bytes: [
      [10, 4],
      [30_000, 1],
    ],
    shared: 0,
    percent: {
      put: 25,
      mark: 2,
      purge: 25,
      removeVersion: 6,
      copy: 4,
      tag: 3,
      get: 17,
      upload: 1,
      list: 2,
      contend: 15,
    },
  },
  /** Few writes, and whoever reads sees what becomes of those that failed. */
  reads: {
    bytes: [[10, 1]],
    shared: 0,
    percent: { put: 25, mark: 0, purge: 0, removeVersion: 0, copy: 0, tag: 0, get: 75, upload: 0, list: 0 },
  },
  /** Small writes, one soon after the other. */
  small: {
    bytes: [[10, 1]],
    shared: 0,
    percent: { put: 70, mark: 0, purge: 0, removeVersion: 0, copy: 0, tag: 0, get: 30, upload: 0, list: 0 },
  },
  /** Keys that are purged as often as they are written. */
  purges: {
    bytes: [[10, 1]],
    shared: 0,
    percent: { put: 50, mark: 0, purge: 45, removeVersion: 0, copy: 0, tag: 0, get: 5, upload: 0, list: 0 },
  },
  /** Registers that everybody reads, and whose writers soon give up. */
  registers: {
    bytes: [[10, 1]],
    shared: 0,
    patienceMs: 500,
    reads: 0.75,
    percent: {
      ...{ put: 0, mark: 0, purge: 0, removeVersion: 0, copy: 0, tag: 0, get: 0, upload: 0, list: 0 },
      register: 100,
    },
  },
  /** Blocks that many bodies have in common, and that nobody needs for a while now and then. */
  shared: {
    bytes: [[60_000, 1]],
    shared: 0.5,
    percent: { put: 45, mark: 0, purge: 30, removeVersion: 10, copy: 15, tag: 0, get: 0, upload: 0, list: 0 },
  },
  /** Conditional writes of keys that all clients share, beside some others. */
  conditions: {
    bytes: [
      [10, 4],
      [60_000, 1],
    ],
    shared: 0,
    percent: {
      put: 10,
      mark: 2,
      purge: 2,
      removeVersion: 1,
      copy: 2,
      tag: 0,
      get: 4,
      upload: 1,
      list: 1,
      contend: 77,
    },
  },
} as const satisfies Record<string, Load>

export type LoadName = keyof typeof loads

/** One of the things, as often as their weights say. */
export function pick<T>(
  things: readonly (readonly [thing: T, weight: number])[],
  random: SeededRandom,
): T | undefined {
  let left = random.fraction() * things.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [thing, weight] of things) {
    left -= weight
    if (left < 0) return thing
  }
  return undefined
}
