import type { Hasher } from '@torc/protocol/environment/hasher'
import { type ErrorCode, TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import { PackReader } from '../codec/pack-reader.js'
import { PackWriter } from '../codec/pack-writer.js'
import { isPartitionCount, partitionCountMax } from './partition.js'
import { type RingAgent, replicasMax, type Table } from './table.js'

/** A numbered assignment of partitions to agents: write-once, each naming its parent (DESIGN §6). */
export interface Epoch {
  /** From 1. */
  readonly number: number
  /** Hash of the epoch before; 32 zero bytes in the first. */
  readonly parentHash: Uint8Array
  /** Stays the same until a layout is recovered from survivors, which begins a new one. */
  readonly lineage: string
  /** The stored form orders them by id. */
  readonly agents: readonly RingAgent[]
  readonly table: Table
  /** How the transition to it goes; absent in a first layout, which none leads to. */
  readonly terms?: TransitionTerms
}

/** What agents need to know of the change from the layout before (decision 31). */
export interface TransitionTerms {
  /** Owners of a partition that the transition may go without, whatever bucket's quorums it is about. */
  readonly absentMax: number
  /** Agents of the layout before that are gone for good: nobody waits for them. In order. */
  readonly lost: readonly string[]
  /** Agents whose disks count as empty: what they own they take over anew before they count. In order. */
  readonly fresh: readonly string[]
}

/**
 * Stored form, format 1: `[1, number, parentHash, lineage, [id, zone, capacity, …], partitions, replicas,
 * width, rows]`; `rows` holds the agents' numbers (16 bits, big-endian), `width` for each partition. Format 2 goes on
 * with the terms: `absentMax, [lost, …], [fresh, …]`.
 */
const schemas = { plain: 1, withTerms: 2 } as const
const fieldCounts = { [schemas.plain]: 9, [schemas.withTerms]: 12 } as const
const hashBytes = 32
const lineageBytesMax = 64
const zoneBytesMax = 64

export const firstParentHash: Uint8Array = new Uint8Array(hashBytes)

export function encodeEpoch(epoch: Epoch): Uint8Array {
  const { table } = epoch
  const agents = [...epoch.agents].sort((a, b) => (a.id < b.id ? -1 : 1))
  const width = table.rows[0]?.length ?? 0
  const numberOf = new Map(agents.map((agent, number) => [agent.id, number]))
  const writer = new PackWriter(256 + agents.length * 64 + table.rows.length * width * 2)
  const schema = epoch.terms === undefined ? schemas.plain : schemas.withTerms
  writer.array(fieldCounts[schema])
  writer.uint(schema)
  writer.uint(epoch.number)
  writer.bytes(epoch.parentHash)
  writer.text(epoch.lineage)
  writer.array(3 * agents.length)
  for (const agent of agents) {
    writer.text(agent.id)
    writer.text(agent.zone)
    writer.uint(agent.capacity)
  }
  writer.uint(table.partitions)
  writer.uint(table.replicas)
  writer.uint(width)
  const rows = new Uint8Array(table.rows.length * width * 2)
  let at = 0
  for (const row of table.rows) {
    if (row.length !== width) throw new TorcError('INTERNAL', 'an epoch needs rows of equal length')
    for (const id of row) {
      const number = numberOf.get(id)
      if (number === undefined) throw new TorcError('INTERNAL', `the table names ${id}, the epoch does not`)
      rows[at++] = number >>> 8
      rows[at++] = number & 0xff
    }
  }
  writer.bytes(rows)
  if (epoch.terms !== undefined) {
    writer.uint(epoch.terms.absentMax)
    for (const ids of [epoch.terms.lost, epoch.terms.fresh]) {
      writer.array(ids.length)
      for (const id of [...ids].sort()) writer.text(id)
    }
  }
  return writer.finish()
}

/** Throws `code` unless `bytes` are exactly one well-formed epoch. Balance is `validateTable`'s to judge. */
export function decodeEpoch(bytes: Uint8Array, code: ErrorCode = 'CORRUPT'): Epoch {
  const reader = new PackReader(bytes, code, 'epoch')
  const fields = reader.array(fieldCounts[schemas.withTerms])
  const schema = reader.schema(schemas.withTerms) === schemas.plain ? schemas.plain : schemas.withTerms
  if (fields !== fieldCounts[schema]) throw reader.refuse(`${fields} fields`)
  const number = reader.uint()
  if (number === 0) throw reader.refuse('its number is 0')
  const parentHash = reader.bytes(hashBytes, true)
  const lineage = reader.text(lineageBytesMax)
  const agents = readAgents(reader)
  const partitions = reader.uint(partitionCountMax)
  if (!isPartitionCount(partitions)) throw reader.refuse(`it has ${partitions} partitions`)
  const replicas = reader.uint(replicasMax)
  const width = reader.uint(replicas)
  if (width === 0) throw reader.refuse('its rows are empty')
  const rows = readRows(reader, agents, partitions, width)
  const terms = schema === schemas.plain ? undefined : readTerms(reader)
  reader.end()
  const epoch = { number, parentHash, lineage, agents, table: { partitions, replicas, rows } }
  return terms === undefined ? epoch : { ...epoch, terms }
}

/** SHA-256 of the stored form: what the next epoch names as its parent. */
export function epochHash(hasher: Hasher, epoch: Epoch): Uint8Array {
  return hasher.sha256(encodeEpoch(epoch))
}

function readTerms(reader: PackReader): TransitionTerms {
  const absentMax = reader.uint(replicasMax)
  return { absentMax, lost: readIds(reader), fresh: readIds(reader) }
}

function readIds(reader: PackReader): string[] {
  const ids: string[] = []
  for (let left = reader.array(limits.membersMax); left > 0; left--) {
    const id = reader.text(limits.nodeIdBytesMax)
    if (id <= (ids.at(-1) ?? '')) throw reader.refuse('agents out of order')
    ids.push(id)
  }
  return ids
}

function readAgents(reader: PackReader): RingAgent[] {
  const count = reader.array(3 * limits.membersMax)
  if (count % 3 !== 0) throw reader.refuse('an agent out of shape')
  const agents: RingAgent[] = []
  let previous = ''
  for (let i = 0; i < count; i += 3) {
    const id = reader.text(limits.nodeIdBytesMax)
    if (id <= previous) throw reader.refuse('agents out of order')
    previous = id
    agents.push({ id, zone: reader.text(zoneBytesMax), capacity: reader.uint() })
  }
  return agents
}

function readRows(
  reader: PackReader,
  agents: readonly RingAgent[],
  partitions: number,
  width: number,
): string[][] {
  const size = partitions * width * 2
  const numbers = reader.bytes(size, true)
  const rows: string[][] = []
  for (let at = 0; at < size; ) {
    const row: string[] = []
    for (let place = 0; place < width; place++, at += 2) {
      const agent = agents[((numbers[at] ?? 0) << 8) | (numbers[at + 1] ?? 0)]
      if (agent === undefined || row.includes(agent.id))
        throw reader.refuse('a row names no agent, or one twice')
      row.push(agent.id)
    }
    rows.push(row)
  }
  return rows
}
