import { Fingerprint } from '@torc/cluster/codec/fingerprint'
import type { ExaminedKey } from '@torc/cluster/collection/agreement'
import { digestsEqual, emptyDigest } from '@torc/cluster/state/digest'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Random } from '@torc/protocol/environment/random'
import type { BallotRow, BallotRows } from '../consensus/ballot-rows.js'
import type { Hints } from '../hints/hints.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { KeyIndex } from '../index/key-index.js'
import type { KeyName, KnownKey } from '../index/key-writer.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { AgentTrees } from '../trees/agent-trees.js'
import type { CollectionNumbers } from './collection-numbers.js'
import type { RemainderRows } from './remainder-rows.js'

export interface RemainderKeeperParts {
  readonly numbers: CollectionNumbers
  readonly rows: RemainderRows
  readonly index: KeyIndex
  readonly ballots: BallotRows
  readonly hints: {
    readonly keys: Pick<Hints['keys'], 'has'>
    readonly delivered: Pick<Hints['delivered'], 'remove'>
  }
  readonly layout: Pick<AgentLayout, 'owns' | 'unsynced'>
  readonly trees: AgentTrees
  readonly commit: Pick<GroupCommit, 'submit'>
  readonly clock: Clock
  readonly random: Random
}

/** What this agent has of a key, and evidence of it: different once anything of that has changed. */
export interface Examined extends ExaminedKey {
  readonly evidence: Uint8Array
}

/** A key, with what the same agent answered of it before. */
export interface ExaminedName {
  readonly name: KeyName
  readonly evidence: Uint8Array
}

const evidenceSeed = 7

/** An agent's part in collecting what is left of removed keys (DESIGN §10, decision 32). */
export class RemainderKeeper {
  readonly #parts: RemainderKeeperParts
  /** Evidence of another process of this agent is void: what it forgot of other agents' keys is not known. */
  readonly #process: Uint8Array

  constructor(parts: RemainderKeeperParts) {
    this.#parts = parts
    this.#process = parts.random.bytes(8)
  }

  /**
   * An owner has a remainder where no version is left, every proposal is learned, no decision is younger than a retry of
   * its operation may be, and no register of the key is set. Whoever is no owner has nothing, or keeps what it has: it is
   * for an owner, or for readers that have not ended.
   */
  examine(name: KeyName): Examined {
    const known = this.#parts.index.find(name.bucketId, name.key)
    const row = this.#parts.ballots.find(name)
    const digest = known?.summary.digest ?? emptyDigest
    const evidence = this.#evidenceOf(name.partition, digest, row)
    if (known === undefined && row === undefined) return { state: 'nothing', digest, evidence }
    return { state: this.#isNeeded(name, known, row) ? 'kept' : 'remainder', digest, evidence }
  }

  /** Whether the key has come alive again here. */
  hasVersions({ bucketId, key }: KeyName): boolean {
    return (this.#parts.index.find(bucketId, key)?.summary.versionCount ?? 0) > 0
  }

  #isNeeded({ partition }: KeyName, known: KnownKey | undefined, row: BallotRow | undefined): boolean {
    const { layout, hints, clock, rows } = this.#parts
    // One that has not taken it over may get a version of it yet.
    if (!layout.owns(partition) || layout.unsynced.has(partition)) return true
    if (row?.accepted !== undefined) {
      if (!row.accepted.learned || row.acceptedMs > clock.nowMs() - rows.ageMs) return true
    }
    if (known === undefined) return false
    if (known.summary.versionCount > 0 || hints.keys.has(known.id)) return true
    for (const { value } of known.summary.attributes.values()) if (value !== undefined) return true
    return false
  }

  /**
   * Raises the partition's number; from now on no write that was read under a lower one is taken here. Keys of which
   * nothing has changed are hidden from the hash trees, so that those that drop them first do not get them back.
   *
   * Durable before sent: the number and the marks are committed before the promise resolves, and then answered.
   */
  raise(
    partition: number,
    number: number,
    keys: readonly ExaminedName[],
  ): Promise<{ readonly collection: number; readonly unchanged: readonly boolean[] }> {
    const { numbers, commit } = this.#parts
    return commit.submit(() => {
      const collection = numbers.of(partition)
      if (collection > number) return { collection, unchanged: keys.map(() => false) }
      numbers.raise(partition, number)
      const unchanged = keys.map(({ name, evidence }) => {
        const now = this.examine(name)
        if (now.state === 'kept' || !digestsEqual(now.evidence, evidence)) return false
        if (now.state === 'remainder') this.#hide(name, true)
        return true
      })
      return { collection: number, unchanged }
    })
  }

  /**
   * Drops what is left of the keys, each with its ballot row, unless it has changed or the partition was raised since.
   * Resolves with how many went, once that is durable.
   */
  drop(partition: number, number: number, keys: readonly ExaminedName[]): Promise<number> {
    const { numbers, index, ballots, hints, rows, commit } = this.#parts
    return commit.submit(() => {
      if (numbers.of(partition) !== number) return 0
      // All are judged before the first goes: that is part of the evidence of the others.
      const going = keys.filter(({ name, evidence }) => {
        const now = this.examine(name)
        return now.state === 'remainder' && digestsEqual(now.evidence, evidence)
      })
      for (const { name } of going) {
        const known = index.find(name.bucketId, name.key)
        if (known !== undefined) {
          hints.delivered.remove(known.id)
          index.collect(name, known)
        }
        ballots.drop(name)
        rows.forget(name)
      }
      return going.length
    })
  }

  /** Inside a transaction: the key is not being collected any more. */
  show(name: KeyName): void {
    this.#hide(name, false)
  }

  #hide(name: KeyName, hidden: boolean): void {
    const { rows, trees, index } = this.#parts
    if (rows.isHidden(name) === hidden) return
    rows.hide(name, hidden)
    const digest = index.find(name.bucketId, name.key)?.summary.digest ?? emptyDigest
    const [before, after] = hidden ? [digest, emptyDigest] : [emptyDigest, digest]
    trees.keyChanged(name.bucketId, trees.hashOf(name), before, after)
  }

  #evidenceOf(partition: number, digest: Uint8Array, row: BallotRow | undefined): Uint8Array {
    const fingerprint = new Fingerprint(evidenceSeed)
    fingerprint.bytes(this.#process)
    // What came and went again left no trace in the state.
    fingerprint.integer(this.#parts.index.dropsOf(partition))
    fingerprint.bytes(digest)
    if (row !== undefined) {
      fingerprint.bytes(row.promised)
      fingerprint.bytes(row.accepted?.ballot ?? nothing)
      fingerprint.text(row.handedOut?.actor ?? '')
      fingerprint.integer(row.handedOut?.counter ?? 0)
    }
    return fingerprint.finish()
  }
}

const nothing = new Uint8Array(0)
