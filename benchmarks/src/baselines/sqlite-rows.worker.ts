import { randomFillSync } from 'node:crypto'
import Database from 'better-sqlite3'
import type { Sample } from '../measure/side.js'
import { serveWorker } from '../processes/worker.js'

/**
 * Rows of one small body each, committed in groups: the least that a store on SQLite must do for a durable write.
 * A rowid table with a unique index on random text keys of 32 bytes, WAL, synchronous=FULL.
 */
const keyBytes = 16
const keysPerRefill = 4096

let database: Database.Database | undefined
const keyPool = Buffer.alloc(keyBytes * keysPerRefill)
let keysUsed = keysPerRefill

function randomKey(): string {
  if (keysUsed === keysPerRefill) {
    randomFillSync(keyPool)
    keysUsed = 0
  }
  const start = keysUsed++ * keyBytes
  return keyPool.toString('hex', start, start + keyBytes)
}

const commands = {
  open({ file }: { file: string }): void {
    database = new Database(file)
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, key TEXT NOT NULL, body BLOB NOT NULL)')
    database.exec('CREATE UNIQUE INDEX rows_by_key ON rows (key)')
  },

  run({ batch, bodyBytes, seconds }: { batch: number; bodyBytes: number; seconds: number }): Sample {
    if (database === undefined) throw new Error('not opened')
    const insert = database.prepare('INSERT INTO rows (key, body) VALUES (?, ?)')
    const bodies = randomFillSync(Buffer.alloc(bodyBytes + 4096))
    const commitBatch = database.transaction((offset: number) => {
      for (let row = 0; row < batch; row++) {
        const start = (offset + row) % 4096
        insert.run(randomKey(), bodies.subarray(start, start + bodyBytes))
      }
    })
    let units = 0
    const startedMs = performance.now()
    const endMs = startedMs + seconds * 1000
    while (performance.now() < endMs) {
      commitBatch(units)
      units += batch
    }
    return { units, elapsedMs: performance.now() - startedMs }
  },
}

export type SqliteRowsWorker = typeof commands
serveWorker(commands)
