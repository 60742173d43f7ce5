import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import { diskError } from '../disk/disk-errors.js'

/** What keeps values in memory beside the database (leases, counts) follows each transaction's fate. */
export interface TransactionListener {
  /** Inside the transaction, after its last write: the place to save what changed. */
  beforeCommit(): void
  committed(): void
  rolledBack(): void
}

interface Waiting {
  readonly run: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: TorcError) => void
  result: unknown
  error: TorcError | undefined
}

/** Writes of one transaction: enough to share an fsync, few enough to keep the event loop's turn short. */
const batchWritesMax = 256
/** Writes that may wait; beyond it the agent is overloaded. */
const queueWritesMax = 16_384

/**
 * Group commit: all writes that wait at the end of an event loop's turn go into one transaction and share one
 * fsync. **Durable before sent:** a write's promise resolves after COMMIT returned, and COMMIT returns after the
 * log was fsynced (synchronous = FULL); handlers send their answers from that promise, so that no answer leaves
 * before what it acknowledges is on the disk.
 *
 * A write is a function that reads and changes the database. It may throw a TorcError before its first change:
 * then only this write fails. Any other error undoes the whole transaction, and its writes are done again one
 * by one, so that one bad write does not fail the others.
 */
export class GroupCommit {
  readonly #database: SqlDatabase
  readonly #clock: Clock
  readonly #listeners: readonly TransactionListener[]
  readonly #begin: SqlStatement
  readonly #commit: SqlStatement
  #queue: Waiting[] = []
  #scheduled = false
  #closed = false

  constructor(database: SqlDatabase, clock: Clock, listeners: readonly TransactionListener[]) {
    this.#database = database
    this.#clock = clock
    this.#listeners = listeners
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
  }

  /** Runs `run` in the next transaction; the promise resolves with its result once that is durable. */
  submit<T>(run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(new TorcError('UNAVAILABLE', 'the agent is shutting down'))
      if (this.#queue.length >= queueWritesMax) {
        return reject(new TorcError('OVERLOADED', `${queueWritesMax} writes are waiting for the disk`))
      }
      this.#queue.push({ run, resolve, reject, result: undefined, error: undefined })
      if (!this.#scheduled) this.#schedule()
    })
  }

  /** Commits what waits, now, and takes no more. */
  close(): void {
    this.#closed = true
    while (this.#queue.length > 0) this.#flush()
  }

  #schedule(): void {
    this.#scheduled = true
    this.#clock.soon(() => {
      this.#scheduled = false
      this.#flush()
      // Answers of this batch leave and new requests are read before the next one begins.
      if (this.#queue.length > 0) this.#schedule()
    })
  }

  #flush(): void {
    if (this.#queue.length === 0) return
    let batch = this.#queue
    if (batch.length > batchWritesMax) {
      batch = this.#queue.slice(0, batchWritesMax)
      this.#queue = this.#queue.slice(batchWritesMax)
    } else this.#queue = []
    const failure = this.#transaction(batch)
    if (failure !== undefined) {
      if (batch.length === 1)
        for (const write of batch) write.error = diskError(failure, 'writing to the index')
      else this.#oneByOne(batch)
    }
    for (const write of batch) {
      if (write.error === undefined) write.resolve(write.result as never)
      else write.reject(write.error)
    }
  }

  #oneByOne(batch: readonly Waiting[]): void {
    for (const write of batch) {
      write.error = undefined
      const failure = this.#transaction([write])
      if (failure !== undefined) write.error = diskError(failure, 'writing to the index')
    }
  }

  /** One transaction; returns why it was undone, or undefined when it is durable. */
  #transaction(batch: readonly Waiting[]): unknown {
    try {
      this.#begin.run()
      for (const write of batch) {
        try {
          write.result = write.run()
        } catch (thrown) {
          // Thrown before its first change (see above); anything else undoes the transaction.
          if (!(thrown instanceof TorcError)) throw thrown
          write.error = thrown
        }
      }
      for (const listener of this.#listeners) listener.beforeCommit()
      this.#commit.run()
    } catch (thrown) {
      // SQLite has undone the transaction itself after some errors (a full disk for one).
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
      for (const listener of this.#listeners) listener.rolledBack()
      return thrown ?? new TorcError('INTERNAL', 'a write failed without an error')
    }
    for (const listener of this.#listeners) listener.committed()
    return undefined
  }
}
