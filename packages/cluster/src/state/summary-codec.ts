import type { ErrorCode } from '@torc/protocol/errors'
import { covers, joinContexts } from '../clocks/causal-context.js'
import { readContext, writeContext } from '../clocks/context-codec.js'
import { PackReader } from '../codec/pack-reader.js'
import { PackWriter } from '../codec/pack-writer.js'
import { readAttributes, writeAttributes } from './attributes.js'
import { digestBytes } from './digest.js'
import type { KeySummary } from './summary.js'
import { compareVersions, type Version } from './version.js'
import { readVersion, writeVersion } from './version-codec.js'

/**
 * Stored form of a summary, format 1:
 * `[1, context, covered, [head, …], versionCount, digest, maxSeq, newest, attributes]`; `closed` follows.
 */
const schema = 1
const fieldCount = 9
const headsMax = 65_536

export function encodeSummary(summary: KeySummary): Uint8Array {
  let bytesExpected = 160 + 24 * (summary.context.vector.size + summary.covered.vector.size)
  for (const { blocks } of summary.heads)
    bytesExpected += 240 + (blocks === undefined ? 0 : 32 * blocks.length)
  const writer = new PackWriter(bytesExpected)
  writer.array(fieldCount)
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
  return writer.finish()
}

/** Byte fields of the result are views of `bytes`. Throws `code` on any damage. */
export function decodeSummary(bytes: Uint8Array, code: ErrorCode = 'CORRUPT'): KeySummary {
  const reader = new PackReader(bytes, code, 'key summary')
  reader.tuple(fieldCount)
  reader.schema(schema)
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
  }
}
