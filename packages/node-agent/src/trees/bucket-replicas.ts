import type { SqlDatabase, SqlStatement } from '../disk/disk.js'

/**
 * How many owners hold the keys and blocks of a bucket, as requests said it: it never changes for a bucket id. Kept in
 * memory, as each write asks for it.
 */
export class BucketReplicas {
  readonly #insert: SqlStatement
  readonly #known = new Map<string, number>()
  /** Learned in the transaction that is under way. */
  readonly #pending: string[] = []

  constructor(database: SqlDatabase) {
    this.#insert = database.prepare(
      'INSERT INTO bucket_replicas (bucket, replicas) VALUES (?, ?) ON CONFLICT DO NOTHING',
    )
    const rows = database.prepare('SELECT bucket, replicas FROM bucket_replicas').all()
    for (const { bucket, replicas } of rows as { bucket: Uint8Array; replicas: number }[])
      this.#known.set(nameOf(bucket), replicas)
  }

  /** Undefined where nobody said it yet. */
  of(bucketId: Uint8Array): number | undefined {
    return this.#known.get(nameOf(bucketId))
  }

  /** Inside a transaction. */
  set(bucketId: Uint8Array, replicas: number): void {
    const name = nameOf(bucketId)
    if (this.#known.has(name)) return
    this.#insert.run(bucketId, replicas)
    this.#known.set(name, replicas)
    this.#pending.push(name)
  }

  committed(): void {
    this.#pending.length = 0
  }

  rolledBack(): void {
    for (const name of this.#pending.splice(0)) this.#known.delete(name)
  }
}

function nameOf(bucketId: Uint8Array): string {
  return Buffer.from(bucketId.buffer, bucketId.byteOffset, bucketId.length).toString('latin1')
}
