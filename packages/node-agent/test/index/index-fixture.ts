import { deepStrictEqual } from 'node:assert/strict'
import type { CausalContext } from '@torc/cluster/clocks/causal-context'
import type { Dot } from '@torc/cluster/clocks/dot'
import { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Attributes } from '@torc/cluster/state/attributes'
import type { KeyState } from '@torc/cluster/state/key-state'
import { decodeSummary } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import { systemHasher } from '@torc/protocol/environment/system'
import { BallotRows } from '../../src/consensus/ballot-rows.js'
import type { SqlDatabase } from '../../src/disk/disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { ChangeLog } from '../../src/feed/change-log.js'
import type { AttributeChanges } from '../../src/index/attribute-registers.js'
import { sumBodyBytes } from '../../src/index/body-bytes.js'
import { CounterLease } from '../../src/index/counter-lease.js'
import { Counts } from '../../src/index/counts.js'
import { DroppedCounters } from '../../src/index/dropped-counters.js'
import { KeyIndex, type MergeResult, type MintRequest, type MintResult } from '../../src/index/key-index.js'
import type { KeyName } from '../../src/index/key-writer.js'
import { migrateIndex } from '../../src/index/schema.js'
import { Intents } from '../../src/leases/intents.js'
import { ReleaseQueue } from '../../src/leases/release-queue.js'
import { RemainderRows } from '../../src/remainders/remainder-rows.js'
import { AgentTrees } from '../../src/trees/agent-trees.js'
import { ManualClock } from '../support/manual-clock.js'
import { seededRandom } from '../support/seeded-random.js'
import { treeProblems } from '../trees/tree-oracle.js'

const bucketId = new Uint8Array(16).fill(7)
const nothing = new Uint8Array(0)
/** What the trees are made for. */
export const treeShape = { partitions: 4, replicas: 3 }
/** How long intents are kept. */
export const intentMs = 1_000
/** How long what is left of a removed key stays. */
export const remainderMs = 1_000

export function keyName(key: number): KeyName {
  return { bucketId, key: Buffer.from(`key-${key}`), partition: key }
}

/** An index on a memory disk, one transaction per write. */
export class IndexFixture {
  readonly clock = new ManualClock()
  readonly #random
  #opIds = 0
  #opened: {
    database: SqlDatabase
    counts: Counts
    lease: CounterLease
    index: KeyIndex
    dropped: DroppedCounters
    intents: Intents
    releases: ReleaseQueue
    trees: AgentTrees
    ballots: BallotRows
    remainders: RemainderRows
    changes: ChangeLog
  }

  constructor(
    readonly seed: number,
    readonly disk = new MemoryDisk(),
    readonly changesMax?: number,
  ) {
    this.#random = seededRandom(seed)
    this.#opened = this.#open()
    this.extendLease()
  }

  get index(): KeyIndex {
    return this.#opened.index
  }

  get ballots(): BallotRows {
    return this.#opened.ballots
  }

  get lease(): CounterLease {
    return this.#opened.lease
  }

  get dropped(): DroppedCounters {
    return this.#opened.dropped
  }

  get intents(): Intents {
    return this.#opened.intents
  }

  get releases(): ReleaseQueue {
    return this.#opened.releases
  }

  get trees(): AgentTrees {
    return this.#opened.trees
  }

  get remainders(): RemainderRows {
    return this.#opened.remainders
  }

  get changes(): ChangeLog {
    return this.#opened.changes
  }

  get database(): SqlDatabase {
    return this.#opened.database
  }

  mint(key: number, request: Partial<MintRequest>): MintResult {
    const body = request.body === undefined ? nothing : request.body
    return this.transaction(() =>
      this.index.mint(keyName(key), {
        opId: this.opId(),
        kind: 'object',
        cover: undefined,
        exact: false,
        seenTime: 0,
        seenSeq: 0,
        size: body?.length ?? 0,
        sha256: systemHasher.sha256(body ?? nothing),
        etag: 'etag-t',
        contentType: 'text/plain',
        metadata: [['name', 'value']],
        blocks: undefined,
        retention: undefined,
        setPolicy: undefined,
        attempt: undefined,
        ...request,
        body,
      }),
    )
  }

  merge(
    key: number,
    context: CausalContext,
    one?: { readonly version: Version; readonly body: Uint8Array | null },
    keep?: readonly Dot[],
    attributes?: Attributes,
  ): MergeResult {
    const arriving = one === undefined ? undefined : { ...one, record: encodeVersion(one.version) }
    return this.transaction(() => this.index.merge(keyName(key), { context, arriving, keep, attributes }))
  }

  setAttributes(key: number, changes: AttributeChanges): Attributes {
    return this.transaction(() => this.index.setAttributes(keyName(key), changes))
  }

  transaction<T>(run: () => T): T {
    const { database, counts, lease, trees, changes } = this.#opened
    database.exec('BEGIN IMMEDIATE')
    try {
      const result = run()
      for (const listener of [counts, lease, trees, changes]) listener.beforeCommit()
      database.exec('COMMIT')
      for (const listener of [counts, lease, trees, changes]) listener.committed()
      return result
    } catch (thrown) {
      if (database.inTransaction) database.exec('ROLLBACK')
      for (const listener of [counts, lease, trees, changes]) listener.rolledBack()
      throw thrown
    }
  }

  /** Ends the process (in order, or not) and starts the next one. */
  reopen(crash: boolean): void {
    if (crash) this.disk.crash()
    else void this.disk.close()
    this.#opened = this.#open()
    this.extendLease()
  }

  /** What an agent does after its start that is the only one of its layout. */
  extendLease(): void {
    const { lease } = this.#opened
    lease.grant(this.transaction(() => lease.propose()))
  }

  close(): void {
    void this.disk.close()
  }

  checkCounts(states: readonly KeyState[]): void {
    const { keys, versions, bodyBytes, inlineBytes } = this.#opened.counts.values
    const held = states.flatMap(state => [...state.versions.values()])
    const sumOf = (some: readonly Version[]): number => some.reduce((sum, { size }) => sum + size, 0)
    deepStrictEqual(sumBodyBytes(this.database), { bodyBytes, inlineBytes }, 'counted anew')
    deepStrictEqual(
      { keys, versions, bodyBytes, inlineBytes },
      {
        keys: states.filter(state => state.versions.size > 0).length,
        versions: held.length,
        bodyBytes: sumOf(held),
        inlineBytes: sumOf(held.filter(({ blocks }) => blocks === undefined)),
      },
    )
  }

  /** The counts are those of the rows. */
  checkCountsAnew(): void {
    const { keys, versions, bodyBytes, inlineBytes } = this.#opened.counts.values
    deepStrictEqual(sumBodyBytes(this.database), { bodyBytes, inlineBytes }, 'counted anew')
    const summaries = this.database.prepare('SELECT summary FROM keys').pluck().all() as Uint8Array[]
    const held = summaries.map(summary => decodeSummary(summary).versionCount)
    const found = { keys: held.filter(count => count > 0).length, versions: held.reduce((a, b) => a + b, 0) }
    deepStrictEqual({ keys, versions }, found)
  }

  checkTrees(): void {
    deepStrictEqual(treeProblems(this.database, this.trees, treeShape), [])
  }

  opId(): Uint8Array {
    const opId = new Uint8Array(16)
    new DataView(opId.buffer).setUint32(0, this.seed)
    new DataView(opId.buffer).setUint32(12, ++this.#opIds)
    return opId
  }

  #open() {
    const database = this.disk.openDatabase('index.sqlite')
    migrateIndex(database, 'memory')
    const counts = new Counts(database)
    const lease = new CounterLease(database, this.#random)
    const dropped = new DroppedCounters(database)
    const clock = new HybridClock(this.clock)
    const intents = new Intents(database, this.clock, intentMs)
    const releases = new ReleaseQueue(database, () => ['block-owner'])
    const trees = new AgentTrees(database, systemHasher, () => treeShape)
    const mintTime = (above: number): number => clock.mintTime(above)
    const ballots = new BallotRows(database)
    const remainders = new RemainderRows(database, this.clock, remainderMs)
    const changes = new ChangeLog({ database, clock, random: this.#random, rowsMax: this.changesMax })
    const parts = { database, counts, lease, dropped, intents, releases, trees, ballots, remainders, changes }
    return { ...parts, index: new KeyIndex({ ...parts, mintTime }) }
  }
}
