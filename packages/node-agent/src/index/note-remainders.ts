import { decodeSummary } from '@torc/cluster/state/key-summary'
import type { SqlDatabase } from '../disk/disk.js'

interface Row {
  readonly bucket: Uint8Array
  readonly key: Uint8Array
  readonly partition: number
  readonly summary: Uint8Array | null
}

/**
 * Keys without versions of an index of before version 10, inside the transaction that migrates it. It reads every
 * summary. Since when they have none is not known: their time is 0, and begins with the process.
 */
export function noteRemainders(database: SqlDatabase): void {
  const note = database.prepare(
    'INSERT OR IGNORE INTO remainders (bucket, key, partition, since, due_at) VALUES (?, ?, ?, 0, 0)',
  )
  // By pages: a statement that is being read must not be written beside.
  const states = database.prepare(
    'SELECT id, bucket, key, partition, summary FROM keys WHERE id > ? ORDER BY id LIMIT 1000',
  )
  for (let after = 0; ; ) {
    const rows = states.all(after) as (Row & { readonly id: number })[]
    for (const { id, bucket, key, partition, summary } of rows) {
      after = id
      if (summary !== null && decodeSummary(summary).versionCount === 0) note.run(bucket, key, partition)
    }
    if (rows.length === 0) break
  }
  database.exec(
    `INSERT OR IGNORE INTO remainders (bucket, key, partition, since, due_at)
     SELECT ballots.bucket, ballots.key, ballots.partition, 0, 0 FROM ballots
     LEFT JOIN keys ON keys.bucket = ballots.bucket AND keys.key = ballots.key WHERE keys.id IS NULL`,
  )
}
