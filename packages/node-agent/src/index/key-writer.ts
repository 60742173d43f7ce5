import { dotsEqual } from '@torc/cluster/clocks/dot'
import { emptyDigest } from '@torc/cluster/state/digest'
import type { KeySummary, MergePlan } from '@torc/cluster/state/key-summary'
import { emptySummary, encodeSummary } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion, encodeVersion } from '@torc/cluster/state/version-codec'
import { treePosition } from '@torc/cluster/trees/tree-shape'
import type { ChangeLog } from '../feed/change-log.js'
import type { RemainderRows } from '../remainders/remainder-rows.js'
import type { AgentTrees } from '../trees/agent-trees.js'
import { bodyBytesOf } from './body-bytes.js'
import type { Counts } from './counts.js'
import type { KeyRows } from './key-rows.js'

/** A key as the index knows it before a write. */
export interface KnownKey {
  readonly id: number
  readonly summary: KeySummary
}

/** Where a key lies. */
export interface KeyName {
  readonly bucketId: Uint8Array
  readonly key: Uint8Array
  readonly partition: number
  /** SHA-256 of bucket and key, where it was made already. */
  readonly hash?: Uint8Array | undefined
  /** How many owners hold what is in the bucket, where the request said it. */
  readonly replicas?: number | undefined
}

/** A version that arrives, with its record as it goes to the disk and its inline body (null when it has none). */
export interface ArrivingVersion {
  readonly version: Version
  readonly record: Uint8Array
  readonly body: Uint8Array | null
}

/**
 * Carries out what a plan of `@torc/cluster` decided, inside a transaction. The rule of the two places: the latest
 * head is in the key's row, every other version in `versions`.
 */
export class KeyWriter {
  readonly #rows: KeyRows
  readonly #counts: Counts
  readonly #trees: AgentTrees
  readonly #remainders: RemainderRows
  readonly #changes: ChangeLog

  constructor(
    rows: KeyRows,
    counts: Counts,
    trees: AgentTrees,
    remainders: RemainderRows,
    changes: ChangeLog,
  ) {
    this.#rows = rows
    this.#counts = counts
    this.#trees = trees
    this.#remainders = remainders
    this.#changes = changes
  }

  /** `isNews`: the changes are told to those who watch. What was handed over was told by the owners before. */
  apply(
    name: KeyName,
    known: KnownKey | undefined,
    plan: MergePlan,
    arriving: ArrivingVersion | undefined,
    isNews = true,
  ): void {
    if (!plan.changed) return
    const before = known?.summary ?? emptySummary
    const after = plan.summary
    const stays = arriving !== undefined && plan.inserted.length > 0 ? arriving : undefined
    this.#trees.noteReplicas(name.bucketId, name.replicas)
    const hash = name.hash ?? this.#trees.hashOf(name)
    if (known === undefined) this.#create(name, hash, after, stays)
    else this.#change(known, plan, stays)
    this.#trees.keyChanged(name.bucketId, hash, this.#hashedDigest(name, known), after.digest)
    if (after.versionCount === 0) this.#remainders.note(name)
    else if (known !== undefined && before.versionCount === 0) this.#remainders.forget(name)
    if (plan.inserted.length === 0 && plan.removed.length === 0) return
    if (isNews) this.#changes.append(name.bucketId, name.key, plan.inserted, plan.removed)
    const [came, went] = [bodyBytesOf(plan.inserted), bodyBytesOf(plan.removed)]
    this.#counts.add({
      keys: (after.versionCount > 0 ? 1 : 0) - (before.versionCount > 0 ? 1 : 0),
      versions: after.versionCount - before.versionCount,
      bodyBytes: came.bodyBytes - went.bodyBytes,
      inlineBytes: came.inlineBytes - went.inlineBytes,
    })
  }

  /** Takes all that is here of a key away, as if this agent had never known it. */
  drop(name: KeyName, known: KnownKey): void {
    const { id, summary } = known
    const versions = this.#rows.recordsOf(id).map(({ record }) => decodeVersion(record))
    const { bodyBytes, inlineBytes } = bodyBytesOf([...summary.heads.slice(0, 1), ...versions])
    this.#rows.deleteKey(id)
    this.#trees.keyDropped(name, this.#hashedDigest(name, known))
    if (summary.versionCount === 0) this.#remainders.forget(name)
    this.#counts.add({
      keys: summary.versionCount > 0 ? -1 : 0,
      versions: -summary.versionCount,
      bodyBytes: -bodyBytes,
      inlineBytes: -inlineBytes,
    })
  }

  /** The digest that the hash trees have of a key: what is left of one that is being collected hashes as absent. */
  #hashedDigest(name: KeyName, known: KnownKey | undefined): Uint8Array {
    if (known === undefined) return emptyDigest
    const { versionCount, digest } = known.summary
    return versionCount === 0 && this.#remainders.isHidden(name) ? emptyDigest : digest
  }

  #create(
    { bucketId, key, partition }: KeyName,
    hash: Uint8Array,
    summary: KeySummary,
    arriving: ArrivingVersion | undefined,
  ): void {
    const position = treePosition(hash)
    this.#rows.insert(bucketId, key, partition, position, encodeSummary(summary), arriving?.body ?? null)
  }

  #change(known: KnownKey, plan: MergePlan, arriving: ArrivingVersion | undefined): void {
    const { id, summary: before } = known
    const oldLatest = before.heads[0]
    const newLatest = plan.summary.heads[0]
    const summary = encodeSummary(plan.summary)
    for (const gone of plan.removed) {
      if (oldLatest === undefined || !dotsEqual(gone.dot, oldLatest.dot))
        this.#rows.deleteVersion(id, gone.dot)
    }
    if (sameVersion(oldLatest, newLatest)) {
      if (arriving !== undefined) this.#insertVersion(id, arriving)
      this.#rows.updateSummary(id, summary)
      return
    }
    const oldStays = oldLatest !== undefined && !plan.removed.some(gone => dotsEqual(gone.dot, oldLatest.dot))
    if (oldStays) {
      const { dot, createdAt, opId } = oldLatest
      this.#rows.moveLatest(id, { dot, createdAt, opId, record: encodeVersion(oldLatest) })
    }
    this.#setLatest(id, summary, newLatest, arriving)
  }

  #setLatest(
    id: number,
    summary: Uint8Array,
    latest: Version | undefined,
    arriving: ArrivingVersion | undefined,
  ): void {
    if (latest === undefined) this.#rows.updateLatest(id, summary, null)
    else if (arriving !== undefined && dotsEqual(arriving.version.dot, latest.dot)) {
      this.#rows.updateLatest(id, summary, arriving.body)
    } else {
      if (arriving !== undefined) this.#insertVersion(id, arriving)
      this.#rows.promote(id, summary, latest.dot)
    }
  }

  #insertVersion(id: number, arriving: ArrivingVersion): void {
    const { dot, createdAt, opId } = arriving.version
    this.#rows.insertVersion(id, { dot, createdAt, opId, record: arriving.record, body: arriving.body })
  }
}

function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return dotsEqual(a.dot, b.dot)
}
