import type { ErrorCode } from '@torc/protocol/errors'
import { type CausalContext, covers, joinContexts } from '../clocks/causal-context.js'
import { readContext, writeContext } from '../clocks/context-codec.js'
import { type ActorId, actorIdBytes, compareDots, type Dot } from '../clocks/dot.js'
import { PackReader } from '../codec/pack-reader.js'
import { PackWriter } from '../codec/pack-writer.js'
import { readAttributes, writeAttributes } from './attributes.js'
import { digestBytes } from './digest.js'
import { type NullVersions, noNullVersions } from './null-versions.js'
import type { KeySummary } from './summary.js'
import { compareVersions, type Version } from './version.js'
import { readVersion, writeVersion } from './version-codec.js'

/**
 * Stored form of a summary, format 1:
 * `[1, context, covered, [head, …], versionCount, digest, maxSeq, newest, attributes]`; `closed` follows.
 * Format 2 is that of a key with null versions, and of no other: after the attributes come their dots in order,
 * `[actor, counter, …]`.
 */
const newestSchema = 2
/** By format, from the first on. */
const fieldCounts = [9, 10]
const headsMax = 65_536

export function encodeSummary(summary: KeySummary): Uint8Array {
  let bytesExpected = 160 + 24 * (summary.context.vector.size + summary.covered.vector.size)
  for (const { blocks } of summary.heads)
    bytesExpected += 240 + (blocks === undefined ? 0 : 32 * blocks.length)
  const writer = new PackWriter(bytesExpected)
  const schema = summary.nulls.length === 0 ? 1 : 2
  writer.array(fieldCounts[schema - 1] ?? 0)
  writer.uint(schema)
  writeContext(writer, summary.context)
  writeContext(writer, summary.covered)
  writer.array(summary.heads.length)
  for (const head of summary.heads) writeVersion(writer, head)
  writer.uint(summary.versionCount)
  writer.bytes(summary.digest)
  writer.uint(summary.maxSeq)
  writer.uint(summary.newest)
  writeAttributes(writer, summary.attributes)
  if (schema === 2) {
    writer.array(2 * summary.nulls.length)
    for (const { actor, counter } of summary.nulls) {
      writer.hexBytes(actor)
      writer.uint(counter)
    }
  }
  return writer.finish()
}

/** Byte fields of the result are views of `bytes`. Throws `code` on any damage. */
export function decodeSummary(bytes: Uint8Array, code: ErrorCode = 'CORRUPT'): KeySummary {
  const reader = new PackReader(bytes, code, 'key summary')
  const fields = reader.array(Math.max(...fieldCounts))
  const schema = reader.schema(newestSchema)
  if (fields !== fieldCounts[schema - 1]) throw reader.refuse(`${fields} fields`)
  const context = readContext(reader)
  const covered = readContext(reader)
  const count = reader.array(headsMax)
  const heads: Version[] = []
  let previous: Version | undefined
  for (let i = 0; i < count; i++) {
    const head = readVersion(reader)
    if (!covers(context, head.dot) || covers(covered, head.dot)) throw reader.refuse('a head that is none')
    if (previous !== undefined && compareVersions(previous, head) >= 0)
      throw reader.refuse('heads out of order')
    heads.push(head)
    previous = head
  }
  const versionCount = reader.uint()
  if (versionCount < count) throw reader.refuse('fewer versions than heads')
  const digest = reader.bytes(digestBytes, true)
  const maxSeq = reader.uint()
  const newest = reader.uint()
  const attributes = readAttributes(reader)
  const nulls = schema < 2 ? noNullVersions : readNulls(reader, context, versionCount)
  reader.end()
  return {
    context,
    covered,
    closed: joinContexts(context, covered),
    heads,
    versionCount,
    digest,
    maxSeq,
    newest,
    attributes,
    nulls,
  }
}

function readNulls(reader: PackReader, context: CausalContext, versionCount: number): NullVersions {
  const count = reader.array(2 * versionCount)
  if (count === 0 || count % 2 !== 0) throw reader.refuse('null versions out of shape')
  const nulls: Dot[] = []
  for (let i = 0; i < count; i += 2) {
    const dot = { actor: reader.hexBytes(actorIdBytes) as ActorId, counter: reader.uint() }
    const before = nulls.at(-1)
    if (before !== undefined && compareDots(before, dot) >= 0)
      throw reader.refuse('null versions out of order')
    if (dot.counter === 0 || !covers(context, dot)) throw reader.refuse('a null version outside its context')
    nulls.push(dot)
  }
  return nulls
}
