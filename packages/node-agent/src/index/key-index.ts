import type { CausalContext } from '@torc/cluster/clocks/causal-context'
import { contextOfDot, emptyContext, highestCounter } from '@torc/cluster/clocks/causal-context'
import { type ActorId, type Dot, dotsEqual } from '@torc/cluster/clocks/dot'
import type { HandedOut } from '@torc/cluster/consensus/condition'
import { policyAttribute, type RetentionPolicy } from '@torc/cluster/retention/policy'
import { type Attributes, attributeKey } from '@torc/cluster/state/attributes'
import type { KeySummary, NullVersions } from '@torc/cluster/state/key-summary'
import { decodeSummary, planMerge, planMint } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion, encodeVersion } from '@torc/cluster/state/version-codec'
import { inForce, type Rules } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import type { BallotRows } from '../consensus/ballot-rows.js'
import type { SqlDatabase } from '../disk/disk.js'
import type { ChangeLog } from '../feed/change-log.js'
import type { Intents } from '../leases/intents.js'
import type { ReleaseQueue } from '../leases/release-queue.js'
import type { RemainderRows } from '../remainders/remainder-rows.js'
import type { AgentTrees } from '../trees/agent-trees.js'
import {
  type AttributeChanges,
  checkAttributeBytes,
  newestReplaced,
  registersOf,
  registersWrittenBy,
} from './attribute-registers.js'
import type { CounterLease } from './counter-lease.js'
import type { Counts } from './counts.js'
import type { DroppedCounters } from './dropped-counters.js'
import { KeyRows } from './key-rows.js'
import { type KeyName, KeyWriter, type KnownKey } from './key-writer.js'
import { IndexedVersions, noVersions } from './local-versions.js'
import { intentExpired, removedSince, tooManySiblings } from './mint-refusals.js'
import { type MintRetention, retentionOf } from './mint-retention.js'
import { OperationFence } from './operation-fence.js'
import { type HowRemoved, Removals } from './removals.js'

/**
 * Siblings that a mint may leave. A merge has no such bound, as it must not lose what others acknowledged; together
 * the owners stay below what an answer may list.
 */
const siblingsMax = 256

/** What a mint is asked for. */
export interface MintRequest {
  readonly opId: Uint8Array
  readonly kind: 'object' | 'marker'
  readonly cover: CausalContext | undefined
  readonly exact: boolean
  readonly seenTime: number
  readonly seenSeq: number
  readonly size: number
  readonly sha256: Uint8Array
  readonly etag: string
  readonly contentType: string
  readonly metadata: readonly (readonly [string, string])[]
  readonly blocks: Version['blocks']
  readonly partBlocks?: Version['partBlocks']
  readonly tags?: Version['tags']
  readonly isNull?: Version['isNull']
  /** Null versions that other owners hold. */
  readonly nulls?: NullVersions | undefined
  /** The inline body; null where the body is in blocks or there is none. */
  readonly body: Uint8Array | null
  /** What older versions are judged by; undefined: only by the key's own policy. */
  readonly retention: MintRetention | undefined
  /** Sets the key's policy with the version. */
  readonly setPolicy: RetentionPolicy | 'inherit' | undefined
  /** Names the attempt where the operation was looked for before (see `OperationFence`). */
  readonly attempt: Uint8Array | undefined
}

export interface MintResult {
  readonly version: Version
  readonly record: Uint8Array
  /** Context of the delta to replicate. */
  readonly delta: CausalContext
  /** Registers that were set with the version. */
  readonly attributes: Attributes
  readonly summary: KeySummary
  /** The opId was here already: this is what it made. */
  readonly repeated: boolean
}

export interface MergeRequest {
  readonly context: CausalContext
  /** The version that arrives, its record as it arrived, its inline body. */
  readonly arriving:
    | { readonly version: Version; readonly record: Uint8Array; readonly body: Uint8Array | null }
    | undefined
  readonly keep: readonly Dot[] | undefined
  readonly attributes: Attributes | undefined
  /** Of a partition that this agent takes over: its owners before have told those who watch. */
  readonly isHandedOver?: boolean | undefined
}

export interface MergeResult {
  readonly outcome: 'stored' | 'had' | 'seen'
  readonly summary: KeySummary
  /** Ids of the versions that this merge removed. */
  readonly removed: readonly string[]
}

export interface KnownKeyAndBody extends KnownKey {
  readonly body: Uint8Array | null
}

/** The parts of an agent's index that a key's writes need. */
export interface KeyIndexParts {
  readonly database: SqlDatabase
  readonly counts: Counts
  readonly lease: CounterLease
  readonly dropped: DroppedCounters
  readonly intents: Intents
  readonly releases: ReleaseQueue
  readonly trees: AgentTrees
  readonly ballots: BallotRows
  readonly remainders: RemainderRows
  readonly changes: ChangeLog
  readonly environment?: Rules | undefined
  /** Time of a new version, above what it covers. CLOCK_SKEW when that is too far ahead. */
  readonly mintTime: (above: number) => number
}

/**
 * Key states on the disk. What a write does to a state is decided by the pure planners of `@torc/cluster`; here it
 * is looked up and carried out. `mint` and `merge` run inside a transaction of the group commit and throw
 * TorcError only before they change anything.
 */
export class KeyIndex {
  readonly rows: KeyRows
  readonly removals: Removals
  readonly fence = new OperationFence()
  readonly #writer: KeyWriter
  readonly #lease: CounterLease
  readonly #dropped: DroppedCounters
  readonly #intents: Intents
  readonly #releases: ReleaseQueue
  readonly #ballots: BallotRows
  readonly #mintTime: (above: number) => number
  readonly #tellsGaps: boolean
  readonly #keepsRemoved: boolean
  readonly #fences: boolean
  #drops = 0
  readonly #dropsOf = new Map<number, number>()

  constructor(parts: KeyIndexParts) {
    this.rows = new KeyRows(parts.database)
    this.removals = new Removals(parts.database, this.rows.counts)
    const { counts, trees, remainders, changes } = parts
    this.#writer = new KeyWriter(this.rows, counts, trees, remainders, changes)
    this.#lease = parts.lease
    this.#dropped = parts.dropped
    this.#intents = parts.intents
    this.#releases = parts.releases
    this.#ballots = parts.ballots
    this.#mintTime = parts.mintTime
    const { environment: rules = {} } = parts
    this.#tellsGaps = inForce(rules, 'dots tell their gaps')
    this.#keepsRemoved = inForce(rules, 'removed for good')
    this.#fences = inForce(rules, 'looks fence earlier attempts')
  }

  find(bucketId: Uint8Array, key: Uint8Array): KnownKey | undefined {
    const row = this.rows.find(bucketId, key)
    return row === undefined ? undefined : { id: row.id, summary: decodeSummary(row.summary) }
  }

  /** With the inline body of the latest head (null when that has none), in one look. */
  findWithBody(bucketId: Uint8Array, key: Uint8Array): KnownKeyAndBody | undefined {
    const row = this.rows.findWithBody(bucketId, key)
    return row === undefined ? undefined : { id: row.id, summary: decodeSummary(row.summary), body: row.body }
  }

  mint(name: KeyName, request: MintRequest): MintResult {
    const known = this.find(name.bucketId, name.key)
    const earlier = known === undefined ? undefined : this.versionOf(known, request.opId)
    if (known !== undefined && earlier !== undefined) return repeatedMint(known, earlier)
    if (known !== undefined && this.removals.has(known.id, request.opId)) throw removedSince()
    if (this.#fences) this.fence.check(request.opId, request.attempt)
    const operation = { ...name, opId: request.opId }
    if (request.blocks !== undefined && !this.#intents.has(operation)) throw intentExpired()
    const summary = known?.summary
    const createdAt = this.#mintTime(
      Math.max(request.seenTime, summary?.newest ?? 0, timeOfPolicy(known, request)),
    )
    const { dot, after } = this.#nextDot(name, summary, request.cover)
    const local = known === undefined ? noVersions : new IndexedVersions(this.rows, known.id, known.summary)
    const input = {
      ...dot,
      after,
      withoutGap: !this.#tellsGaps,
      opId: request.opId,
      kind: request.kind,
      cover: request.cover,
      exact: request.exact,
      createdAt,
      seenSeq: request.seenSeq,
      size: request.size,
      sha256: request.sha256,
      etag: request.etag,
      contentType: request.contentType,
      metadata: request.metadata,
      blocks: request.blocks,
      partBlocks: request.partBlocks,
      tags: request.tags,
      isNull: request.isNull,
      nulls: request.nulls,
      retention: retentionOf(this.rows, known, request),
      setPolicy: request.setPolicy,
    }
    const { version, delta, attributes, plan } = planMint(summary, input, local)
    if (plan.summary.heads.length > siblingsMax) throw tooManySiblings(siblingsMax)
    const record = encodeVersion(version)
    this.#writer.apply(name, known, plan, { version, record, body: request.body })
    if (request.blocks !== undefined) this.#intents.remove(operation)
    this.#noteRemoved(name, known, 'pruned', plan.removed)
    return { version, record, delta, attributes, summary: plan.summary, repeated: false }
  }

  merge(name: KeyName, request: MergeRequest): MergeResult {
    const known = this.find(name.bucketId, name.key)
    const local = known === undefined ? noVersions : new IndexedVersions(this.rows, known.id, known.summary)
    const { context, arriving, keep, attributes, isHandedOver = false } = request
    const versions = arriving === undefined ? [] : [arriving.version]
    const delta = { context, versions, keep, attributes }
    const plan = planMerge(known?.summary, delta, local, !this.#keepsRemoved)
    this.#writer.apply(name, known, plan, arriving, !isHandedOver)
    if (arriving?.version.blocks !== undefined && plan.inserted.length > 0)
      this.#intents.remove({ ...name, opId: arriving.version.opId })
    this.#noteRemoved(name, known, howRemoved(request), plan.removed)
    return { outcome: plan.outcome, summary: plan.summary, removed: plan.removed.map(version => version.id) }
  }

  /**
   * Sets registers of a key or of one of its versions; returns them, for the other owners. KEY_NOT_FOUND for a key
   * without versions, VERSION_NOT_FOUND for a version that is not here, TOO_LARGE when there would be too much.
   */
  setAttributes(name: KeyName, changes: AttributeChanges): Attributes {
    const known = this.find(name.bucketId, name.key)
    if (known === undefined || known.summary.versionCount === 0) {
      throw new TorcError('KEY_NOT_FOUND', 'attributes need a key that has versions; this agent holds none')
    }
    const { summary } = known
    const local = new IndexedVersions(this.rows, known.id, summary)
    if (changes.version !== undefined && !local.has(changes.version)) {
      throw new TorcError('VERSION_NOT_FOUND', 'this agent does not have the version')
    }
    const time = this.#mintTime(Math.max(changes.seenTime, newestReplaced(summary.attributes, changes)))
    // The dot only tells writes of one time apart; it is no event of the key, so that no context covers it.
    const attributes = registersOf(changes, time, this.#lease.next())
    const plan = planMerge(summary, { context: emptyContext, versions: [], attributes }, local)
    checkAttributeBytes(summary.attributes, attributes, plan.summary.attributes)
    this.#writer.apply(name, known, plan, undefined)
    return attributes
  }

  /**
   * Inside a transaction: forgets all that is here of a key, whose versions live on elsewhere: no release is queued.
   * What this agent mints of its partition later says that it comes after everything of its own that goes here. (A
   * fallback that minted, delivered and minted again from 0 would have every newcomer believe that it had seen the
   * first version and lost it.)
   */
  drop(name: KeyName, known: KnownKey): void {
    for (const own of this.#lease.actors()) {
      const counter = highestCounter(known.summary.closed, own)
      if (counter > 0) this.#dropped.raise(name.partition, own, counter)
    }
    this.collect(name, known)
  }

  /**
   * The same of what is left of a removed key, once nobody has a version of it or ever will (DESIGN §10). What this agent
   * minted of it is known to be gone everywhere, so that a later version may well say that it was seen.
   */
  collect(name: KeyName, known: KnownKey): void {
    this.#writer.drop(name, known)
    this.removals.forget(known.id)
    this.#drops++
    this.#dropsOf.set(name.partition, this.dropsOf(name.partition) + 1)
  }

  /** Rises with each key that was dropped: a read over several turns sees whether its key may have been among them. */
  get drops(): number {
    return this.#drops
  }

  /** Keys of the partition that were dropped by this process. */
  dropsOf(partition: number): number {
    return this.#dropsOf.get(partition) ?? 0
  }

  /** What has to follow the removal of versions, in its transaction. */
  #noteRemoved(
    name: KeyName,
    known: KnownKey | undefined,
    how: HowRemoved,
    removed: readonly Version[],
  ): void {
    if (known === undefined || removed.length === 0) return
    this.removals.add(known.id, how, removed)
    this.#releases.add(name, removed)
  }

  /** The version that the operation `opId` made, if the key has it. */
  versionOf(known: KnownKey, opId: Uint8Array): Version | undefined {
    const head = known.summary.heads.find(version => Buffer.compare(version.opId, opId) === 0)
    if (head !== undefined || known.summary.versionCount <= known.summary.heads.length) return head
    const [found] = this.rows.recordsByOperation(known.id, opId, opId)
    return found === undefined ? undefined : decodeVersion(found.record)
  }

  /** The version with this dot, if it is here. */
  versionAt(known: KnownKey, dot: Dot): Version | undefined {
    const head = known.summary.heads.find(version => dotsEqual(version.dot, dot))
    if (head !== undefined) return head
    const record = this.rows.recordOf(known.id, dot)
    return record === undefined ? undefined : decodeVersion(record)
  }

  /** The body of a version: undefined when it is not here, null when it is not inline. */
  bodyOf(known: KnownKey, dot: Dot): Uint8Array | null | undefined {
    const latest = known.summary.heads[0]
    if (latest !== undefined && dotsEqual(latest.dot, dot)) return this.rows.bodyOfLatest(known.id)
    return this.rows.bodyOfVersion(known.id, dot)
  }

  /**
   * A fresh dot for a version that may be proposed to the key's register, and the actor's last counter in what is known
   * of the key here. Runs inside a transaction, in which the ballot row notes it.
   */
  handOut(name: KeyName): HandedOut {
    const summary = this.find(name.bucketId, name.key)?.summary
    const dot = this.#lease.next()
    const after = this.#lastCounter(name, summary, dot.actor)
    if (after < dot.counter) return { dot, after }
    this.#lease.renew()
    return { dot: this.#lease.next(), after: 0 }
  }

  /**
   * A fresh dot and its `after`: the highest of the actor's last counter in what is known of the key, of what this
   * agent dropped of the partition, and of what it handed out for a proposal of the key, which may yet be chosen.
   * (What was handed out otherwise and is not in the state was undone with its transaction and never seen outside.)
   */
  #nextDot(
    name: KeyName,
    summary: KeySummary | undefined,
    cover: CausalContext | undefined,
  ): { dot: Dot; after: number } {
    const dot = this.#lease.next()
    let after = Math.max(
      this.#lastCounter(name, summary, dot.actor),
      this.#ballots.handedOut(name, dot.actor),
    )
    if (cover !== undefined) after = Math.max(after, highestCounter(cover, dot.actor))
    if (after < dot.counter) return { dot, after }
    // Others have seen dots of this actor that this disk has not: it is an old copy. Never count on from there.
    this.#lease.renew()
    return { dot: this.#lease.next(), after: 0 }
  }

  #lastCounter(name: KeyName, summary: KeySummary | undefined, actor: ActorId): number {
    const dropped = this.#dropped.of(name.partition, actor)
    return summary === undefined ? dropped : Math.max(dropped, highestCounter(summary.closed, actor))
  }
}

/** A policy that comes with a version replaces what this agent and the others hold. */
function timeOfPolicy(known: KnownKey | undefined, { setPolicy, retention }: MintRequest): number {
  if (setPolicy === undefined) return 0
  const name = attributeKey(undefined, policyAttribute)
  const own = known?.summary.attributes.get(name)?.time ?? 0
  return Math.max(own, retention?.attributes.get(name)?.time ?? 0)
}

/** What a merge that removes versions stands for: the write that pruned them, a DELETE, or another owner's state. */
function howRemoved({ arriving, keep, attributes }: MergeRequest): HowRemoved {
  if (arriving !== undefined) return keep === undefined ? 'pruned' : 'merged'
  return keep?.length === 0 && attributes === undefined ? 'purged' : 'merged'
}

function repeatedMint(known: KnownKey, version: Version): MintResult {
  return {
    version,
    record: encodeVersion(version),
    delta: contextOfDot(version.dot, version.after),
    attributes: registersWrittenBy(known.summary.attributes, version.dot),
    summary: known.summary,
    repeated: true,
  }
}
