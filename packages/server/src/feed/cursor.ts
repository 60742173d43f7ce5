import { Fingerprint } from '@torc/cluster/codec/fingerprint'
import { PackReader } from '@torc/cluster/codec/pack-reader'
import { PackWriter } from '@torc/cluster/codec/pack-writer'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'

/** How far the log of one agent was read. */
export interface LogPlace {
  readonly logId: Uint8Array
  readonly position: number
}

/** Where a watcher stands. It carries all that a server needs to go on: none keeps anything of it. */
export interface FeedCursor {
  readonly bucketId: Uint8Array
  /** Of the prefix that it was made for. */
  readonly prefixHash: Uint8Array
  /** Lineage of the layout, and number of the newest layout that it was used under. */
  readonly lineage: string
  readonly epoch: number
  /** Hybrid time before the first of its line was made: nothing older is asked for. */
  readonly since: number
  /** By agent. One that was never reached is not here. */
  readonly places: ReadonlyMap<string, LogPlace>
}

const schema = 1
const bucketIdBytes = 16
const prefixHashBytes = 8
const logIdBytes = 16
const lineageBytesMax = 64
const prefixSeed = 5
/** Elements for each agent: id, log, position. */
const perAgent = 3

/**
 * The opaque text that clients keep: base64url of `[1, bytes(16) bucket id, bytes(8) hash of the prefix, lineage, epoch,
 * since, [agent, bytes(16) log id, position, …]]`.
 */
export function encodeCursor(cursor: FeedCursor): string {
  const { bucketId, prefixHash, lineage, epoch, since, places } = cursor
  const writer = new PackWriter(128 + 64 * places.size)
  writer.array(7)
  writer.uint(schema)
  writer.bytes(bucketId)
  writer.bytes(prefixHash)
  writer.text(lineage)
  writer.uint(epoch)
  writer.uint(since)
  writer.array(places.size * perAgent)
  for (const [agent, { logId, position }] of places) {
    writer.text(agent)
    writer.bytes(logId)
    writer.uint(position)
  }
  return Buffer.from(writer.finish()).toString('base64url')
}

/** Undefined where another version of Torc made it, in a form that this one does not read. BAD_REQUEST for what is none. */
export function decodeCursor(text: string): FeedCursor | undefined {
  try {
    return parse(text)
  } catch (thrown) {
    const { code, message } = TorcError.from(thrown)
    const hint =
      'Give the `cursor` of an earlier batch of the same bucket and prefix, unchanged; or none, to begin now.'
    throw new TorcError(code, message, { hint, cause: thrown })
  }
}

function parse(text: string): FeedCursor | undefined {
  const bytes = text.length <= limits.tokenBytesMax ? Buffer.from(text, 'base64url') : undefined
  // Node skips characters that are not base64url; a damaged cursor must not pass for a shorter one.
  if (bytes === undefined || bytes.length === 0 || bytes.toString('base64url') !== text)
    throw new TorcError('BAD_REQUEST', 'the cursor is not one that Torc made')
  const reader = new PackReader(bytes, 'BAD_REQUEST', 'cursor')
  const elements = reader.array(64)
  if (elements < 1) throw reader.refuse('it is empty')
  if (reader.uint() !== schema) return undefined
  if (elements !== 7) throw reader.refuse('an array of 7 is missing')
  const bucketId = Uint8Array.from(reader.bytes(bucketIdBytes, true))
  const prefixHash = Uint8Array.from(reader.bytes(prefixHashBytes, true))
  const lineage = reader.text(lineageBytesMax)
  const epoch = reader.uint()
  const since = reader.uint()
  const count = reader.array(limits.membersMax * perAgent)
  if (count % perAgent !== 0) throw reader.refuse('a place is not whole')
  const places = new Map<string, LogPlace>()
  for (let i = 0; i < count; i += perAgent) {
    const agent = reader.text(limits.nodeIdBytesMax)
    const logId = Uint8Array.from(reader.bytes(logIdBytes, true))
    places.set(agent, { logId, position: reader.uint() })
  }
  reader.end()
  return { bucketId, prefixHash, lineage, epoch, since, places }
}

/** What a cursor keeps of the prefix that it is for. */
export function hashOfPrefix(prefix: string): Uint8Array {
  const fingerprint = new Fingerprint(prefixSeed)
  fingerprint.text(prefix)
  return fingerprint.finish().subarray(0, prefixHashBytes)
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
