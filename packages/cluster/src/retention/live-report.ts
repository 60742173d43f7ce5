import type { ErrorCode } from '@torc/protocol/errors'
import { type CausalContext, covers } from '../clocks/causal-context.js'
import { readContext, writeContext } from '../clocks/context-codec.js'
import { type ActorId, actorIdBytes, compareDots, type Dot } from '../clocks/dot.js'
import { PackReader } from '../codec/pack-reader.js'
import { PackWriter } from '../codec/pack-writer.js'
import { digestBytes } from '../state/digest.js'
import { countToPrune } from './count-to-prune.js'
import type { RetentionPolicy } from './policy.js'
import { versionsMax } from './policy.js'

/** One version as pruning sees it. */
export interface LiveVersion {
  readonly dot: Dot
  readonly createdAt: number
  /** No other version that its holder has covers it. */
  readonly head: boolean
}

/** What an agent tells of its versions of a key, so that a minter can decide what a policy prunes. */
export interface LiveReport {
  /** What the agent has seen (its state's context, not the closed one): covered and not held is gone. */
  readonly context: CausalContext
  /** Of its state of the key (`KeySummary.digest`): equal digests, equal states. */
  readonly digest: Uint8Array
  /** All versions that it holds. */
  readonly versionCount: number
  /** The oldest of them, in order (`compareAge`), `oldestWanted` many. */
  readonly oldest: readonly LiveVersion[]
}

/** At most so many versions go with one PUT: they must fit the context of its delta and a page of `policy show`. */
export const prunedMax = 8192

/** Replicas may differ by so much before the union of their reports is no longer exact. */
const spare = 64

/**
 * How many of its oldest versions an agent reports: those that could go now and some to spare; none where
 * even that many versions more would be kept. With several counts (a minter knows what others reported)
 * the greatest decides.
 */
export function oldestWanted(policy: RetentionPolicy, ...versionCounts: readonly number[]): number {
  const max = versionsMax(policy)
  const versionCount = Math.max(0, ...versionCounts)
  if (max === undefined || versionCount + spare < max) return 0
  return Math.min(versionCount, spare + Math.min(prunedMax, countToPrune(policy, versionCount)))
}

/** Oldest first. */
export function compareAge(a: LiveVersion, b: LiveVersion): number {
  return a.createdAt - b.createdAt || compareDots(a.dot, b.dot)
}

const schema = 1
const fieldCount = 6
const fieldsPerVersion = 3

/**
 * `[1, context, digest, versionCount, [actor, …], [2 × index of the actor + head, counter, createdAt above the one
 * before, …]]`, actors in the order in which they appear.
 */
export function encodeLiveReport({ context, digest, versionCount, oldest }: LiveReport): Uint8Array {
  const actors = new Map<ActorId, number>()
  for (const { dot } of oldest) if (!actors.has(dot.actor)) actors.set(dot.actor, actors.size)
  const writer = new PackWriter(64 + 24 * context.vector.size + 12 * actors.size + 12 * oldest.length)
  writer.array(fieldCount)
  writer.uint(schema)
  writeContext(writer, context)
  writer.bytes(digest)
  writer.uint(versionCount)
  writer.array(actors.size)
  for (const actor of actors.keys()) writer.hexBytes(actor)
  writer.array(fieldsPerVersion * oldest.length)
  let before = 0
  for (const { dot, createdAt, head } of oldest) {
    writer.uint(2 * (actors.get(dot.actor) ?? 0) + (head ? 1 : 0))
    writer.uint(dot.counter)
    writer.uint(createdAt - before)
    before = createdAt
  }
  return writer.finish()
}

/** Throws `code` unless `bytes` are exactly one well-formed report. */
export function decodeLiveReport(bytes: Uint8Array, code: ErrorCode = 'BAD_REQUEST'): LiveReport {
  const reader = new PackReader(bytes, code, 'report of versions')
  reader.tuple(fieldCount)
  reader.schema(schema)
  const context = readContext(reader)
  const digest = reader.bytes(digestBytes, true)
  const versionCount = reader.uint()
  const actorCount = reader.array(prunedMax + spare)
  const actors: ActorId[] = []
  for (let i = 0; i < actorCount; i++) actors.push(reader.hexBytes(actorIdBytes) as ActorId)
  const fields = reader.array(fieldsPerVersion * (prunedMax + spare))
  if (fields % fieldsPerVersion !== 0) throw reader.refuse('a version out of shape')
  const oldest: LiveVersion[] = []
  let appeared = 0
  for (let i = 0; i < fields; i += fieldsPerVersion) {
    const packed = reader.uint(2 * actorCount)
    const index = packed >>> 1
    const actor = actors[index]
    // One encoding per report: actors are numbered as they appear.
    if (actor === undefined || index > appeared) throw reader.refuse('an actor out of order')
    if (index === appeared) {
      if (actors.indexOf(actor) !== index) throw reader.refuse('an actor twice')
      appeared++
    }
    const dot = { actor, counter: reader.uint() }
    const before = oldest.at(-1)
    const version = { dot, createdAt: (before?.createdAt ?? 0) + reader.uint(), head: packed % 2 === 1 }
    if (!Number.isSafeInteger(version.createdAt)) throw reader.refuse('a time beyond all times')
    if (!covers(context, dot) || dot.counter === 0) throw reader.refuse('a version outside its context')
    if (before !== undefined && compareAge(before, version) >= 0) throw reader.refuse('versions out of order')
    oldest.push(version)
  }
  if (appeared !== actorCount) throw reader.refuse('an actor without versions')
  if (versionCount < oldest.length) throw reader.refuse('more versions than counted')
  reader.end()
  return { context, digest, versionCount, oldest }
}
