import { decodeSummary } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import type { SqlDatabase } from '../disk/disk.js'

export interface BodyBytes {
  readonly bodyBytes: number
  readonly inlineBytes: number
}

/** Bytes of the bodies of some versions, and of those among them that are not in blocks. */
export function bodyBytesOf(versions: readonly Version[]): BodyBytes {
  let [bodyBytes, inlineBytes] = [0, 0]
  for (const { size, blocks } of versions) {
    bodyBytes += size
    if (blocks === undefined) inlineBytes += size
  }
  return { bodyBytes, inlineBytes }
}

/** The same of all versions that the index holds. It reads every record. */
export function sumBodyBytes(database: SqlDatabase): BodyBytes {
  let [bodyBytes, inlineBytes] = [0, 0]
  const add = (versions: readonly Version[]): void => {
    const bytes = bodyBytesOf(versions)
    bodyBytes += bytes.bodyBytes
    inlineBytes += bytes.inlineBytes
  }
  // The latest head is in the key's row alone, every other version in a row of its own.
  for (const summary of database.prepare('SELECT summary FROM keys').pluck().iterate())
    add(decodeSummary(summary as Uint8Array).heads.slice(0, 1))
  for (const record of database.prepare('SELECT record FROM versions').pluck().iterate())
    add([decodeVersion(record as Uint8Array)])
  return { bodyBytes, inlineBytes }
}

/** What an index of before version 5 did not count; inside the transaction that migrates it. */
export function countBodyBytes(database: SqlDatabase): void {
  const { bodyBytes, inlineBytes } = sumBodyBytes(database)
  database.prepare('UPDATE counts SET body_bytes = ?, inline_bytes = ?').run(bodyBytes, inlineBytes)
}
