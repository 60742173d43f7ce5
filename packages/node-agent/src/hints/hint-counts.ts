import { TorcError } from '@torc/protocol/errors'
import type { SqlDatabase } from '../disk/disk.js'
import type { TransactionListener } from '../index/group-commit.js'

/** Hints that are held for one target. */
export interface TargetCounts {
  readonly keys: number
  readonly blocks: number
}

/** Hints that came, or, with negative numbers, went. */
export interface HintChange extends TargetCounts {
  readonly target: string
  /** Of bodies and blocks, as they would be sent. */
  readonly bytes: number
}

/** What a hint takes beside the bytes that it is for: its row and the key's or the lease's, about. */
const rowBytes = 1024

/**
 * How many hints are held for whom, and how many bytes they stand for: in memory, found again at each start. Rows are
 * never counted for an answer.
 */
export class HintCounts implements TransactionListener {
  readonly #bytesMax: number
  readonly #counts = new Map<string, { keys: number; blocks: number }>()
  readonly #staged: HintChange[] = []
  #bytes = 0
  #onAdded: (target: string) => void = () => undefined

  constructor(database: SqlDatabase, bytesMax: number) {
    this.#bytesMax = bytesMax
    const sums = (table: string): [string, number, number][] =>
      database.prepare(`SELECT target, count(*), sum(bytes) FROM ${table} GROUP BY target`).raw().all() as [
        string,
        number,
        number,
      ][]
    for (const [target, keys, bytes] of sums('hints')) this.#apply({ target, keys, blocks: 0, bytes })
    for (const [target, blocks, bytes] of sums('block_hints')) this.#apply({ target, keys: 0, blocks, bytes })
  }

  /** Those that hints are held for, in order. */
  targets(): string[] {
    return [...this.#counts.keys()].sort()
  }

  has(target: string): boolean {
    return this.#counts.has(target)
  }

  of(target: string): TargetCounts {
    return this.#counts.get(target) ?? { keys: 0, blocks: 0 }
  }

  /** All bytes that hints stand for; a fixed number for each row among them. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * UNAVAILABLE where hints for so many targets, of `bytes` each, are more than this agent takes: a hint is never
   * dropped to make room, so a full agent refuses, and whoever asked goes to the next one.
   */
  checkRoom(targets: number, bytes: number): void {
    if (targets === 0 || this.#bytes + targets * (rowBytes + bytes) <= this.#bytesMax) return
    throw new TorcError(
      'UNAVAILABLE',
      `this agent holds hints of ${this.#bytes} bytes and takes ${this.#bytesMax} at most (--hint-bytes)`,
      {
        hint: 'Bring the agents back that are down: `torc status` names them. Their hints are delivered then.',
      },
    )
  }

  /** Told of targets that hints came for, once they are durable. */
  watch(onAdded: (target: string) => void): void {
    this.#onAdded = onAdded
  }

  /** Only inside a transaction of the group commit. */
  add(change: HintChange): void {
    this.#staged.push(change)
    this.#apply(change)
  }

  beforeCommit(): void {
    // The rows are written by whoever adds.
  }

  committed(): void {
    if (this.#staged.length === 0) return
    const added = new Set(this.#staged.filter(({ keys, blocks }) => keys + blocks > 0).map(one => one.target))
    this.#staged.length = 0
    for (const target of added) this.#onAdded(target)
  }

  rolledBack(): void {
    for (const { target, keys, blocks, bytes } of this.#staged)
      this.#apply({ target, keys: -keys, blocks: -blocks, bytes: -bytes })
    this.#staged.length = 0
  }

  #apply({ target, keys, blocks, bytes }: HintChange): void {
    const counts = this.#counts.get(target) ?? { keys: 0, blocks: 0 }
    counts.keys += keys
    counts.blocks += blocks
    this.#bytes += bytes + (keys + blocks) * rowBytes
    if (counts.keys === 0 && counts.blocks === 0) this.#counts.delete(target)
    else this.#counts.set(target, counts)
  }
}
