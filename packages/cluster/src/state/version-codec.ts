import type { ErrorCode } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import { covers } from '../clocks/causal-context.js'
import { readContext, writeContext } from '../clocks/context-codec.js'
import { type ActorId, actorIdBytes } from '../clocks/dot.js'
import { PackReader } from '../codec/pack-reader.js'
import { PackWriter } from '../codec/pack-writer.js'
import { type BlockReference, type Version, versionIdOf } from './version.js'

/**
 * Stored form of a version, format 1:
 * `[1, actor, counter, after, kind, size, etag, sha256, contentType, [name, value, …], createdAt, seq,
 *   opId, context, blocks]`. `kind` is 0 for an object and 1 for a marker; `blocks` is nil or
 * `[hashes, count, size, count, size, …]`: all hashes one after the other, and runs of equal sizes.
 * Format 2 is that of a version in parts, and of no other, so that a version has the same bytes whoever writes it: after
 * the blocks comes `[parts, blocks, parts, blocks, …]`, runs of parts that have equally many blocks.
 * Format 3 is that of a null version, of one that was made with tags, and of no other: after the parts (nil where there
 * are none) come 1 for a null version, else 0, and `[name, value, …]` of the tags.
 */
const newestSchema = 3
/** By format, from the first on. */
const fieldCounts = [15, 16, 18]
const hashBytes = 32
const opIdBytes = 16
const etagBytesMax = 128
const metadataTextBytesMax = 4096
const blocksMax = limits.objectBlocksMax
const partsMax = limits.objectPartsMax

export function encodeVersion(version: Version): Uint8Array {
  const writer = new PackWriter(256 + (version.blocks === undefined ? 0 : hashBytes * version.blocks.length))
  writeVersion(writer, version)
  return writer.finish()
}

/** Byte fields of the result are views of `bytes`. Throws `code` on any damage. */
export function decodeVersion(bytes: Uint8Array, code: ErrorCode = 'CORRUPT'): Version {
  const reader = new PackReader(bytes, code, 'version record')
  const version = readVersion(reader)
  reader.end()
  return version
}

/** The version as one value of a larger record. */
export function writeVersion(writer: PackWriter, version: Version): void {
  const { partBlocks, tags = [], isNull } = version
  const schema = isNull === true || tags.length > 0 ? 3 : partBlocks === undefined ? 1 : 2
  writer.array(fieldCounts[schema - 1] ?? 0)
  writer.uint(schema)
  writer.hexBytes(version.dot.actor)
  writer.uint(version.dot.counter)
  writer.uint(version.after)
  writer.uint(version.kind === 'object' ? 0 : 1)
  writer.uint(version.size)
  writer.text(version.etag)
  writer.bytes(version.sha256)
  writer.text(version.contentType)
  writePairs(writer, version.metadata)
  writer.uint(version.createdAt)
  writer.uint(version.seq)
  writer.bytes(version.opId)
  writeContext(writer, version.context)
  if (version.blocks === undefined) writer.nil()
  else writeBlocks(writer, version.blocks)
  if (partBlocks !== undefined) writeRuns(writer, partBlocks)
  if (schema < 3) return
  if (partBlocks === undefined) writer.nil()
  writer.uint(isNull === true ? 1 : 0)
  writePairs(writer, tags)
}

export function readVersion(reader: PackReader): Version {
  const fields = reader.array(Math.max(...fieldCounts))
  const schema = reader.schema(newestSchema)
  if (fields !== fieldCounts[schema - 1]) throw reader.refuse(`${fields} fields`)
  const dot = { actor: reader.hexBytes(actorIdBytes) as ActorId, counter: reader.uint() }
  const after = reader.uint()
  if (after >= dot.counter) throw reader.refuse('its dot is not above the one before')
  const kind = reader.uint(1) === 0 ? 'object' : 'marker'
  const size = reader.uint(limits.objectBytesMax)
  const etag = reader.text(etagBytesMax)
  const sha256 = reader.bytes(hashBytes, true)
  const contentType = reader.text(limits.contentTypeBytesMax)
  const metadata = readPairs(reader, limits.metadataPairsMax)
  const createdAt = reader.uint()
  const seq = reader.uint()
  if (seq === 0) throw reader.refuse('its sequence number is 0')
  const opId = reader.bytes(opIdBytes, true)
  const context = readContext(reader)
  if (covers(context, dot)) throw reader.refuse('it covers itself')
  const blocks = reader.nil() ? undefined : readBlocks(reader, size)
  if (kind === 'marker' && (size !== 0 || blocks !== undefined)) throw reader.refuse('a marker with a body')
  const inParts = schema === 2 || (schema === 3 && !reader.nil())
  const partBlocks = inParts ? readPartBlocks(reader, blocks?.length) : undefined
  const isNull = schema === 3 && reader.uint(1) === 1
  const tags = schema === 3 ? readPairs(reader, limits.tagsMax) : []
  if (schema === 3 && !isNull && tags.length === 0) throw reader.refuse('the format of another version')
  const id = versionIdOf(opId)
  const version: Version = {
    dot,
    after,
    id,
    context,
    kind,
    size,
    etag,
    sha256,
    contentType,
    metadata,
    createdAt,
    seq,
    opId,
    blocks,
  }
  if (schema === 1) return version
  return {
    ...version,
    ...(partBlocks === undefined ? {} : { partBlocks }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(isNull ? { isNull } : {}),
  }
}

function writePairs(writer: PackWriter, pairs: Version['metadata']): void {
  writer.array(2 * pairs.length)
  for (const [name, value] of pairs) {
    writer.text(name)
    writer.text(value)
  }
}

function readPairs(reader: PackReader, pairsMax: number): Version['metadata'] {
  const count = reader.array(2 * pairsMax)
  if (count % 2 !== 0) throw reader.refuse('a name without a value')
  const pairs: [string, string][] = []
  for (let i = 0; i < count; i += 2) {
    pairs.push([reader.text(metadataTextBytesMax), reader.text(metadataTextBytesMax)])
  }
  return pairs
}

function writeBlocks(writer: PackWriter, blocks: readonly BlockReference[]): void {
  const runs = runsOf(blocks.map(({ size }) => size))
  writer.array(1 + 2 * runs.length)
  writer.bytesHeader(hashBytes * blocks.length)
  for (const { hash } of blocks) writer.rawBytes(hash)
  for (const [count, size] of runs) {
    writer.uint(count)
    writer.uint(size)
  }
}

function writeRuns(writer: PackWriter, values: readonly number[]): void {
  const runs = runsOf(values)
  writer.array(2 * runs.length)
  for (const [count, value] of runs) {
    writer.uint(count)
    writer.uint(value)
  }
}

function runsOf(values: readonly number[]): [count: number, value: number][] {
  const runs: [count: number, value: number][] = []
  for (const value of values) {
    const run = runs.at(-1)
    if (run !== undefined && run[1] === value) run[0]++
    else runs.push([1, value])
  }
  return runs
}

/** Runs of parts with equally many blocks, which must add up to the version's blocks. */
function readPartBlocks(reader: PackReader, blocks: number | undefined): number[] {
  const count = reader.array(2 * partsMax)
  if (blocks === undefined || count === 0 || count % 2 !== 0) throw reader.refuse('parts out of shape')
  const partBlocks: number[] = []
  let left = blocks
  let previous: number | undefined
  for (let i = 0; i < count; i += 2) {
    const runLength = reader.uint(partsMax - partBlocks.length)
    const blocksOfEach = reader.uint(blocksMax)
    if (runLength === 0 || blocksOfEach === previous) throw reader.refuse('a run of parts out of shape')
    previous = blocksOfEach
    for (let n = 0; n < runLength; n++) partBlocks.push(blocksOfEach)
    left -= runLength * blocksOfEach
  }
  if (left !== 0) throw reader.refuse("its parts don't add up")
  return partBlocks
}

function readBlocks(reader: PackReader, size: number): BlockReference[] {
  const count = reader.array(1 + 2 * blocksMax)
  const hashes = reader.bytes(hashBytes * blocksMax)
  if (count % 2 === 0 || hashes.length % hashBytes !== 0) throw reader.refuse('a block list out of shape')
  const blocks: BlockReference[] = []
  let left = size
  let previousSize = 0
  for (let i = 1; i < count; i += 2) {
    const runLength = reader.uint(blocksMax)
    const blockSize = reader.uint(limits.blockBytesMax)
    if (runLength === 0 || blockSize === 0 || blockSize === previousSize)
      throw reader.refuse('a run of blocks out of shape')
    previousSize = blockSize
    if ((blocks.length + runLength) * hashBytes > hashes.length)
      throw reader.refuse('more blocks than hashes')
    for (let n = 0; n < runLength; n++) {
      const start = blocks.length * hashBytes
      blocks.push({ hash: hashes.subarray(start, start + hashBytes), size: blockSize })
    }
    left -= runLength * blockSize
  }
  if (blocks.length * hashBytes !== hashes.length || left !== 0)
    throw reader.refuse("its blocks don't add up")
  return blocks
}
