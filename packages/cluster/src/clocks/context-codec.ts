import type { ErrorCode } from '@torc/protocol/errors'
import { PackReader } from '../codec/pack-reader.js'
import { PackWriter } from '../codec/pack-writer.js'
import type { CausalContext } from './causal-context.js'
import { type ActorId, actorIdBytes } from './dot.js'
import type { Interval, Intervals } from './intervals.js'

/**
 * Stored form of a context, format 1: `[1, actor, seen, actor, seen, …]`, actors as 8 bytes in rising
 * order; `seen` is the vector's entry, or, where intervals wait in the cloud, the array
 * `[entry, after, upTo, after, upTo, …]` (entry 0 when the vector has none).
 */
const schema = 1

/** More than this no peer sends and no state may hold; 256 KiB is about 16,000 actors. */
export const contextBytesMax = 256 * 1024
const actorsMax = contextBytesMax / (actorIdBytes + 3)

/** Equal contexts have equal bytes. */
export function encodeContext(context: CausalContext): Uint8Array {
  const writer = new PackWriter(8 + 24 * context.vector.size + 64 * context.cloud.size)
  writeContext(writer, context)
  return writer.finish()
}

/** Throws `code` unless `bytes` are exactly one well-formed context. */
export function decodeContext(bytes: Uint8Array, code: ErrorCode = 'BAD_REQUEST'): CausalContext {
  const reader = new PackReader(bytes, code, 'causal context')
  if (bytes.length > contextBytesMax) throw reader.refuse(`${bytes.length} bytes are too many`)
  const context = readContext(reader)
  reader.end()
  return context
}

/** The context as one value of a larger record. */
export function writeContext(writer: PackWriter, context: CausalContext): void {
  const { vector, cloud } = context
  if (cloud.size === 0) {
    writer.array(1 + 2 * vector.size)
    writer.uint(schema)
    if (vector.size < 2) {
      for (const [actor, counter] of vector) writeSpan(writer, actor, counter)
    } else {
      for (const actor of [...vector.keys()].sort()) writeSpan(writer, actor, vector.get(actor) ?? 0)
    }
    return
  }
  const actors = [...new Set([...vector.keys(), ...cloud.keys()])].sort()
  writer.array(1 + 2 * actors.length)
  writer.uint(schema)
  for (const actor of actors) {
    const waiting = cloud.get(actor)
    if (waiting === undefined) {
      writeSpan(writer, actor, vector.get(actor) ?? 0)
      continue
    }
    writer.hexBytes(actor)
    writer.array(1 + 2 * waiting.length)
    writer.uint(vector.get(actor) ?? 0)
    for (const [after, upTo] of waiting) {
      writer.uint(after)
      writer.uint(upTo)
    }
  }
}

function writeSpan(writer: PackWriter, actor: ActorId, counter: number): void {
  writer.hexBytes(actor)
  writer.uint(counter)
}

export function readContext(reader: PackReader): CausalContext {
  const count = reader.array(1 + 2 * actorsMax)
  if (count % 2 === 0) throw reader.refuse('an actor without counters')
  reader.schema(schema)
  const vector = new Map<ActorId, number>()
  const cloud = new Map<ActorId, Intervals>()
  let previous = ''
  for (let i = 1; i < count; i += 2) {
    const actor = reader.hexBytes(actorIdBytes) as ActorId
    if (actor <= previous) throw reader.refuse('actors out of order')
    previous = actor
    if (reader.nextIsArray()) {
      const reached = readCloud(reader, actor, cloud)
      if (reached > 0) vector.set(actor, reached)
    } else {
      const reached = reader.uint()
      if (reached === 0) throw reader.refuse('an actor without counters')
      vector.set(actor, reached)
    }
  }
  return { vector, cloud }
}

/** Reads `[entry, after, upTo, …]` and returns the entry. */
function readCloud(reader: PackReader, actor: ActorId, cloud: Map<ActorId, Intervals>): number {
  const count = reader.array(contextBytesMax)
  if (count < 3 || count % 2 === 0) throw reader.refuse('an interval without its end')
  const reached = reader.uint()
  const intervals: Interval[] = []
  // A first interval that begins at 0 would belong to the vector.
  let last = reached
  for (let i = 1; i < count; i += 2) {
    const after = reader.uint()
    const upTo = reader.uint()
    if (after <= last || upTo <= after) throw reader.refuse('intervals out of order')
    intervals.push([after, upTo])
    last = upTo
  }
  cloud.set(actor, intervals)
  return reached
}
