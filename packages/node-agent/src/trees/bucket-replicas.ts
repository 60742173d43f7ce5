import type { SqlDatabase, SqlStatement } from '../disk/disk.js'

/** Stored where nobody said it yet, and all owners are taken to hold what is in the bucket. */
const assumed = 0

/**
 * How many owners hold the keys and blocks of a bucket, as requests said it: it never changes for a bucket id. Kept in
 * memory, as each write asks for it, and saved in the transaction that changes it.
 */
export class BucketReplicas {
  readonly #save: SqlStatement
  readonly #known = new Map<string, number>()
  /** What changed since the last commit, as it was. */
  readonly #before = new Map<string, number | undefined>()
  /** The bucket that was asked for last: nearly always it is the next one too, and names cost time to make. */
  #last: { readonly bucketId: Uint8Array; readonly replicas: number } | undefined

  constructor(database: SqlDatabase) {
    this.#save = database.prepare(
      `INSERT INTO bucket_replicas (bucket, replicas) VALUES (?, ?)
       ON CONFLICT (bucket) DO UPDATE SET replicas = excluded.replicas`,
    )
    const rows = database.prepare('SELECT bucket, replicas FROM bucket_replicas').all()
    for (const { bucket, replicas } of rows as { bucket: Uint8Array; replicas: number }[])
      this.#known.set(nameOf(bucket), replicas)
  }

  /** Undefined where nobody said it yet. */
  of(bucketId: Uint8Array): number | undefined {
    if (this.#last !== undefined && Buffer.compare(this.#last.bucketId, bucketId) === 0)
      return this.#last.replicas
    const known = this.#known.get(nameOf(bucketId))
    if (known === undefined || known === assumed) return undefined
    this.#last = { bucketId: Uint8Array.from(bucketId), replicas: known }
    return known
  }

  /** All owners are taken to hold what is in the bucket, until somebody says it. */
  assume(bucketId: Uint8Array): void {
    const name = nameOf(bucketId)
    if (!this.#known.has(name)) this.#set(name, assumed)
  }

  /** Somebody said it. Returns whether it had been assumed before. */
  learn(bucketId: Uint8Array, replicas: number): boolean {
    const name = nameOf(bucketId)
    const known = this.#known.get(name)
    if (known === undefined || known === assumed) this.#set(name, replicas)
    return known === assumed
  }

  beforeCommit(): void {
    for (const name of this.#before.keys()) this.#save.run(Buffer.from(name, 'latin1'), this.#known.get(name))
  }

  committed(): void {
    this.#before.clear()
  }

  rolledBack(): void {
    this.#last = undefined
    for (const [name, before] of this.#before) {
      if (before === undefined) this.#known.delete(name)
      else this.#known.set(name, before)
    }
    this.#before.clear()
  }

  #set(name: string, replicas: number): void {
    if (!this.#before.has(name)) this.#before.set(name, this.#known.get(name))
    this.#known.set(name, replicas)
  }
}

function nameOf(bucketId: Uint8Array): string {
  return Buffer.from(bucketId.buffer, bucketId.byteOffset, bucketId.length).toString('latin1')
}
