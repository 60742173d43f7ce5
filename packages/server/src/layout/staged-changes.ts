import { PackReader } from '@torc/cluster/codec/pack-reader'
import { PackWriter } from '@torc/cluster/codec/pack-writer'
import type { RingAgent } from '@torc/cluster/ring/table'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'

/** Changes of the layout that wait to be applied; a record that the whole cluster shares. */
export interface StagedChanges {
  /** Number of the layout that they are for. */
  readonly base: number
  /** Agents that are taken in or changed, by id. */
  readonly assign: ReadonlyMap<string, RingAgent>
  /** Agents that are removed; whether they are gone for good. */
  readonly remove: ReadonlyMap<string, boolean>
  /** Replicas wanted from then on; undefined = as before. */
  readonly replicas: number | undefined
}

/** Key of the record, beside those of the buckets: no bucket can have the name. */
export const stagedChangesKey = '_layout'

export function noChanges(base: number): StagedChanges {
  return { base, assign: new Map(), remove: new Map(), replicas: undefined }
}

export function isEmpty({ assign, remove, replicas }: StagedChanges): boolean {
  return assign.size === 0 && remove.size === 0 && replicas === undefined
}

/**
 * `before` with more changes: of an agent the last one counts. CONFLICT where those before are for another layout than
 * the one that is in force.
 */
export function withChanges(
  before: StagedChanges,
  base: number,
  change: {
    readonly assign: readonly RingAgent[]
    readonly remove: readonly { readonly id: string; readonly dead: boolean }[]
    readonly replicas: number | undefined
  },
): StagedChanges {
  if (before.base !== base && !isEmpty(before)) throw staleChanges(before.base, base)
  const [assign, remove] = [new Map(before.assign), new Map(before.remove)]
  for (const agent of change.assign) {
    assign.set(agent.id, agent)
    remove.delete(agent.id)
  }
  for (const { id, dead } of change.remove) {
    remove.set(id, dead)
    assign.delete(id)
  }
  return { base, assign, remove, replicas: change.replicas ?? before.replicas }
}

export function staleChanges(base: number, current: number): TorcError {
  return new TorcError(
    'CONFLICT',
    `the changes that wait were made for layout ${base}; now it is ${current}`,
    {
      hint: 'Look at the layout (`torc layout show`), drop the changes (`torc layout cancel`), and make them again.',
    },
  )
}

const schema = 1
const fieldCount = 5
const zoneBytesMax = 64

export function encodeStagedChanges({ base, assign, remove, replicas }: StagedChanges): Uint8Array {
  const writer = new PackWriter(64 + 96 * (assign.size + remove.size))
  writer.array(fieldCount)
  writer.uint(schema)
  writer.uint(base)
  writer.array(3 * assign.size)
  for (const { id, zone, capacity } of assign.values()) {
    writer.text(id)
    writer.text(zone)
    writer.uint(capacity)
  }
  writer.array(2 * remove.size)
  for (const [id, dead] of remove) {
    writer.text(id)
    writer.uint(dead ? 1 : 0)
  }
  writer.uint(replicas ?? 0)
  return writer.finish()
}

/** CORRUPT when the bytes are no record or a newer Torc wrote them. */
export function decodeStagedChanges(bytes: Uint8Array): StagedChanges {
  const reader = new PackReader(bytes, 'CORRUPT', 'layout changes')
  reader.tuple(fieldCount)
  reader.schema(schema)
  const base = reader.uint()
  const assign = new Map<string, RingAgent>()
  for (let left = reader.array(3 * limits.membersMax); left > 0; left -= 3) {
    const id = reader.text(limits.nodeIdBytesMax)
    assign.set(id, { id, zone: reader.text(zoneBytesMax), capacity: reader.uint() })
  }
  const remove = new Map<string, boolean>()
  for (let left = reader.array(2 * limits.membersMax); left > 0; left -= 2)
    remove.set(reader.text(limits.nodeIdBytesMax), reader.uint(1) === 1)
  const replicas = reader.uint(64)
  reader.end()
  return { base, assign, remove, replicas: replicas === 0 ? undefined : replicas }
}
