import { decodeSummary } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import type { SqlDatabase } from '@torc/node-agent/disk/disk'
import { type BodyBytes, sumBodyBytes } from '@torc/node-agent/index/body-bytes'

/** What an agent counts, and what is counted anew. */
interface CountedBytes extends BodyBytes {
  readonly blocks: number
  readonly blockBytes: number
  readonly storedBytes: number
}

/** What an agent has on its disk of blocks and of what needs them. Operations and hashes are texts. */
export interface BlockCensus {
  readonly agent: string
  /** Names of the files in its folders of blocks. */
  readonly files: ReadonlySet<string>
  /** Rows of blocks, and since when nobody needs them (0: somebody does). */
  readonly blocks: ReadonlyMap<string, number>
  /** Blocks that each lease holds. */
  readonly leases: ReadonlyMap<string, ReadonlySet<string>>
  /** Blocks of each version that this agent holds as an owner of its key. */
  readonly versions: ReadonlyMap<string, readonly string[]>
  /** Proposals of conditional writes that nobody brought to their end. */
  readonly unlearned: number
  readonly counted: CountedBytes
  readonly summed: CountedBytes
}

/** Counts anew, row by row; the agent must not run. */
export function takeCensus(agent: string, database: SqlDatabase, files: Iterable<string>): BlockCensus {
  const all = (sql: string): unknown[] => database.prepare(sql).all()
  const blocks = new Map<string, number>()
  for (const row of all('SELECT hash, unreferenced_at AS since FROM blocks') as BlockRow[])
    blocks.set(hex(row.hash), row.since)
  const leases = new Map<string, Set<string>>()
  const references = all(
    `SELECT op_id, bucket, key, hash FROM leases
     LEFT JOIN lease_blocks ON lease_id = leases.id LEFT JOIN blocks ON blocks.id = block_id`,
  ) as (OperationRow & { hash: Uint8Array | null })[]
  for (const row of references) {
    const held = leases.get(nameOf(row)) ?? new Set()
    leases.set(nameOf(row), row.hash === null ? held : held.add(hex(row.hash)))
  }
  const versions = new Map<string, string[]>()
  const keep = (bucket: Uint8Array, key: Uint8Array, { opId, blocks: list }: Version): void => {
    if (list === undefined) return
    versions.set(
      nameOf({ bucket, key, op_id: opId }),
      list.map(({ hash }) => hex(hash)),
    )
  }
  for (const { bucket, key, summary } of all('SELECT bucket, key, summary FROM keys') as KeyRow[])
    for (const head of decodeSummary(summary).heads) keep(bucket, key, head)
  const others = 'SELECT bucket, key, record FROM versions JOIN keys ON keys.id = key_id'
  for (const { bucket, key, record } of all(others) as KeyRow[]) keep(bucket, key, decodeVersion(record))
  const counted = database
    .prepare(
      `SELECT blocks, block_bytes AS blockBytes, stored_bytes AS storedBytes,
              body_bytes AS bodyBytes, inline_bytes AS inlineBytes FROM counts`,
    )
    .get() as CountedBytes
  const ofBlocks = database
    .prepare(
      `SELECT count(*) AS blocks, coalesce(sum(size), 0) AS blockBytes,
              coalesce(sum(coalesce(stored_size, size)), 0) AS storedBytes FROM blocks`,
    )
    .get() as Omit<CountedBytes, keyof BodyBytes>
  const summed = { ...ofBlocks, ...sumBodyBytes(database) }
  const unlearned = Number(database.prepare('SELECT count(*) FROM ballots WHERE learned = 0').pluck().get())
  return { agent, files: new Set(files), blocks, leases, versions, unlearned, counted, summed }
}

/**
 * What is wrong between the agents of one cluster once nothing is under way: versions whose blocks are not on `copies`
 * agents, leases of versions that are nowhere, blocks that nobody needs, files and rows that don't fit.
 */
export function censusProblems(agents: readonly BlockCensus[], copies: number): string[] {
  const problems: string[] = []
  const versions = new Map<string, readonly string[]>()
  for (const one of agents) for (const [name, list] of one.versions) versions.set(name, list)
  for (const { agent, files, blocks, leases, unlearned, counted, summed } of agents) {
    if (unlearned > 0) problems.push(`${agent}: ${unlearned} proposals were never brought to their end`)
    const say = (what: string): void => void problems.push(`${agent}: ${what}`)
    for (const name of files) if (!blocks.has(name)) say(`file ${name} has no row`)
    for (const [name, since] of blocks) {
      if (!files.has(name)) say(`block ${name} has no file`)
      const needed = [...leases.values()].some(held => held.has(name))
      if (!needed) say(`nobody needs block ${name} and it is still there`)
      if (needed && since !== 0) say(`block ${name} is needed and marked as not needed`)
    }
    for (const [name, held] of leases) {
      const list = versions.get(name)
      if (list === undefined) say(`lease ${name} is of no version`)
      else if ([...held].some(hash => !list.includes(hash))) say(`lease ${name} holds blocks of no version`)
    }
    if (JSON.stringify(counted) !== JSON.stringify(summed))
      say(`counts ${JSON.stringify(counted)} where there are ${JSON.stringify(summed)}`)
  }
  for (const [name, list] of versions) {
    for (const hash of new Set(list)) {
      const holders = agents.filter(({ files, leases }) => files.has(hash) && leases.get(name)?.has(hash))
      if (holders.length < copies)
        problems.push(`version ${name}: block ${hash} is held by ${holders.length} of ${copies}`)
    }
  }
  return problems
}

interface BlockRow {
  readonly hash: Uint8Array
  readonly since: number
}

interface OperationRow {
  readonly op_id: Uint8Array
  readonly bucket: Uint8Array
  readonly key: Uint8Array
}

interface KeyRow {
  readonly bucket: Uint8Array
  readonly key: Uint8Array
  readonly summary: Uint8Array
  readonly record: Uint8Array
}

function nameOf({ op_id, bucket, key }: OperationRow): string {
  return `${hex(bucket)}/${Buffer.from(key).toString()}/${hex(op_id)}`
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
