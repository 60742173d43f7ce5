import { decodeEpoch, type Epoch } from '@torc/cluster/ring/epoch'
import { blockPartition } from '@torc/cluster/ring/partition'
import type { BlockReference } from '@torc/cluster/state/version'
import { type LayoutState, OwnerTables } from '@torc/cluster/transition/owner-tables'
import { type Stage, type StagedNumber, stageOf, stages } from '@torc/cluster/transition/stage'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { inForce, type Rules } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import type { SqlDatabase } from '../disk/disk.js'
import type { TransactionListener } from '../index/group-commit.js'
import { follows } from './follows.js'
import { LayoutRows } from './layout-rows.js'
import { lackingOf, noPart, nothingHeld, type OwnPart, partUnder, takesIn, without } from './own-part.js'
import { notOwner, notTakenOver, oldCopy, staleEpoch } from './refusals.js'

/** A layout as nodes send it to each other. */
export interface SentLayout {
  readonly record: Uint8Array
  /** The layout before. */
  readonly previous?: Uint8Array | undefined
  readonly stage?: number | undefined
}

/**
 * The layout that this agent stored last, how far the change to it is, and the checks that every request on keys and
 * blocks passes. An epoch is a write-once register: another one of the same number is refused, loudly. All methods that
 * change anything run inside a transaction; what they change is in force once that is durable.
 */
export class AgentLayout implements TransactionListener {
  readonly #nodeId: string
  readonly #hasher: Hasher
  readonly #rows: LayoutRows
  #part: OwnPart = noPart
  /** As the transaction that is under way leaves it. */
  #pending: OwnPart | undefined
  /** Whether the disk counts as an old copy. */
  #out = false
  #agents: readonly string[] = []
  #tables: ReadonlyMap<Stage, OwnerTables> = new Map()
  #owned: readonly boolean[] = []
  #watchers: (() => void)[] = []
  readonly #refusesOlder: boolean

  constructor(database: SqlDatabase, nodeId: string, hasher: Hasher, rules: Rules = {}) {
    this.#refusesOlder = inForce(rules, 'older layouts are refused')
    this.#nodeId = nodeId
    this.#hasher = hasher
    this.#rows = new LayoutRows(database, hasher)
    this.#adopt(this.#rows.load())
  }

  /** Number of the epoch, 0 before the first. */
  get number(): number {
    return this.#part.layout?.epoch.number ?? 0
  }

  /** How far the change to this layout is, as far as this agent knows; settled before the first. */
  get stage(): Stage {
    return this.#part.layout?.stage ?? stages.settled
  }

  get state(): LayoutState | undefined {
    return this.#part.layout
  }

  /** The epoch as it was stored. */
  get record(): Uint8Array | undefined {
    return this.number === 0 ? undefined : this.#rows.record(this.number)
  }

  /** All that another node needs to know. */
  get sent(): SentLayout | undefined {
    const { record } = this
    if (record === undefined) return undefined
    return { record, previous: this.#rows.record(this.number - 1), stage: this.stage }
  }

  /** Ids of the agents of the current epoch; none before the first. */
  get agents(): readonly string[] {
    return this.#agents
  }

  /**
   * Why this agent takes no part, although the layout may name it: its disk proved to be an old copy, and no layout has
   * taken it in anew since. Undefined when all is well.
   */
  get restored(): string | undefined {
    return this.#out ? this.#part.restored?.reason : undefined
  }

  /** Whether a layout takes this agent in anew, so that it must forget what it has, and may take part then. */
  get mustForget(): boolean {
    const { layout, restored } = this.#part
    if (layout === undefined || restored === undefined) return false
    return layout.epoch.number > restored.epoch && takesIn(layout.epoch, this.#nodeId)
  }

  /** Nothing is left of what counted for nothing. */
  rejoin(): void {
    this.#change({ restored: undefined })
  }

  /** Partitions that this agent owns and has not taken over yet. */
  get unsynced(): ReadonlyMap<number, number> {
    return this.#part.unsynced
  }

  /** Those of them that it should have held by the layout before: it is no source for new owners of these. */
  get lacking(): number[] {
    return lackingOf(this.#part, this.#nodeId)
  }

  /** Partitions of which it may hold what it was relieved of. */
  get leftovers(): ReadonlySet<number> {
    return this.#part.leftovers
  }

  /** Agents that may hold something that they were relieved of. */
  get draining(): ReadonlySet<string> {
    return this.#part.draining
  }

  /** Whether the layout says that an agent is gone for good: nobody waits for what it may have. */
  isGivenUp(agent: string): boolean {
    return this.#part.layout?.epoch.terms?.lost.includes(agent) === true
  }

  /** Calls `callback` when a layout or a stage has come into force, or this agent has left. */
  watch(callback: () => void): void {
    this.#watchers.push(callback)
  }

  /**
   * Notes that the disk is an old copy. `epoch`: number of the newest layout that anybody knows; only a later one
   * brings this agent back.
   */
  leave(epoch: number, reason: string): void {
    this.#change({ restored: { epoch: Math.max(epoch, this.number), reason } })
  }

  /** UNAVAILABLE while this agent takes no part. */
  checkTakesPart(): void {
    if (!this.#out) return
    throw oldCopy(this.#nodeId)
  }

  /** Partitions of the current epoch. NO_LAYOUT before the first. */
  get partitions(): number {
    return this.#current().epoch.table.partitions
  }

  /** Partitions and owners wanted per partition; undefined before the first layout. */
  get shape(): { readonly partitions: number; readonly replicas: number } | undefined {
    return this.#part.layout?.epoch.table
  }

  /** All that own each partition, of the old layout and the new one while it changes. NO_LAYOUT before the first. */
  get rows(): readonly (readonly string[])[] {
    return Array.from({ length: this.partitions }, (_, partition) => this.ownersOf(partition))
  }

  /**
   * All that own a partition, of the old layout and the new one while it changes; those of a bucket of so many replicas.
   * NO_LAYOUT before the first layout.
   */
  ownersOf(partition: number, replicas?: number): readonly string[] {
    return this.#at(this.stage).writeOwners(partition, replicas)
  }

  /** The same in groups of each layout: of each a majority decides, and W have a write. */
  writeGroups(partition: number, replicas?: number): readonly (readonly string[])[] {
    return this.#at(this.stage).writeGroups(partition, replicas)
  }

  /** As `ownersOf`, and then those that owned it before the change to this layout: they may have something still. */
  holdersOf(partition: number): readonly string[] {
    const before = this.#current().previous?.table.rows[partition] ?? []
    return [...new Set([...this.ownersOf(partition), ...before])]
  }

  /**
   * Whether this agent owns the partition, for a bucket of so many replicas where that is said; false before the first
   * layout.
   */
  owns(partition: number, replicas?: number): boolean {
    if (this.#owned[partition] !== true) return false
    return replicas === undefined || this.ownersOf(partition, replicas).includes(this.#nodeId)
  }

  /** From which place on two agents have to hold the same of a partition: what more owners than that hold. */
  commonRank(partition: number, one: string, other: string): number {
    const tables = this.#at(this.stage)
    return Math.max(0, tables.placeOf(partition, one), tables.placeOf(partition, other))
  }

  /** The agents that own any of these blocks. NO_LAYOUT before the first layout. */
  ownersOfBlocks(blocks: readonly BlockReference[]): string[] {
    const partitions = new Set(blocks.map(({ hash }) => blockPartition(hash, this.partitions)))
    return [...new Set([...partitions].flatMap(partition => this.ownersOf(partition)))]
  }

  /**
   * STALE_EPOCH for a request under another epoch than this agent's, or an earlier stage of it; NO_LAYOUT before the
   * first, UNAVAILABLE while the agent takes no part. Who names a later stage knows more than this agent, and what is
   * refused there only grows.
   */
  checkEpoch(number: number, stage: number): void {
    this.#current()
    this.checkTakesPart()
    this.#checkStaged(number, stage, { number: this.number, stage: this.stage })
  }

  /**
   * The same once more, inside the transaction of a write: the layout may have changed since its request came, and a new
   * owner may have read this one already.
   */
  checkStill(number: number, stage: number): void {
    const { layout } = this.#pending ?? this.#part
    if (layout === undefined) return
    this.#checkStaged(number, stage, { number: layout.epoch.number, stage: layout.stage })
  }

  /** NOT_OWNER unless this agent owns the partition: an error, never an empty answer. */
  checkOwner(partition: number): void {
    this.checkTakesPart()
    if (!this.owns(partition)) throw notOwner(this.#nodeId, partition, this.number)
  }

  /**
   * As an owner that may be read at this stage. NOT_OWNER otherwise; UNAVAILABLE where it has not taken the partition
   * over yet. `replicas`: how many owners hold the bucket, where it is known.
   */
  checkReader(partition: number, stage: number, replicas: number | undefined): void {
    this.checkTakesPart()
    if (!this.#at(stageOf(stage)).readOwners(partition).includes(this.#nodeId))
      throw notOwner(this.#nodeId, partition, this.number)
    this.#checkSynced(partition, replicas)
  }

  /**
   * As one that mints: as `checkReader` where it is read at this stage, since its own knowledge counts then; any owner
   * otherwise.
   */
  checkMinter(partition: number, stage: number, replicas: number | undefined): void {
    if (this.#at(stageOf(stage)).readOwners(partition).includes(this.#nodeId))
      this.#checkSynced(partition, replicas)
  }

  /** NOT_OWNER unless this agent owns the partition, or was relieved of it by this layout. */
  checkHolder(partition: number): void {
    this.checkTakesPart()
    if (this.owns(partition) || this.leftovers.has(partition)) return
    const before = this.#current().previous?.table.rows[partition] ?? []
    if (!before.includes(this.#nodeId)) throw notOwner(this.#nodeId, partition, this.number)
  }

  /** NOT_OWNER unless this agent owns anything. */
  checkMember(): void {
    this.checkTakesPart()
    if (!this.#owned.includes(true)) {
      throw new TorcError('NOT_OWNER', `agent ${this.#nodeId} owns nothing in layout ${this.number}`)
    }
  }

  /** As an owner that tells of all partitions which it is read for at this stage; see `checkReader`. */
  checkMemberReader(stage: number, replicas: number | undefined): void {
    this.checkMember()
    const tables = this.#at(stageOf(stage))
    for (const partition of this.unsynced.keys())
      if (tables.readOwners(partition).includes(this.#nodeId)) this.#checkSynced(partition, replicas)
  }

  /**
   * Stores an epoch, or a later stage of the one that is here. The same again changes nothing. CONFLICT when it is
   * another one of the same number or does not follow from the one that is here; STALE_EPOCH when it is older.
   */
  store({ record, previous, stage }: SentLayout): void {
    const epoch = decodeEpoch(record, 'BAD_REQUEST')
    const part = this.#pending ?? this.#part
    const next: LayoutState = {
      epoch,
      previous:
        previous === undefined ? this.#storedBefore(epoch, part) : decodeEpoch(previous, 'BAD_REQUEST'),
      stage: stageOf(stage ?? stages.settled),
    }
    if (part.layout !== undefined && !follows(this.#hasher, this.#nodeId, part.layout, next)) {
      if (next.stage > part.layout.stage) this.#change({ layout: { ...part.layout, stage: next.stage } })
      return
    }
    // Refuses a change whose other half is missing.
    new OwnerTables(next)
    if (previous !== undefined) this.#rows.addEpoch(previous)
    this.#rows.addEpoch(record)
    this.#change(partUnder(part, next, this.#nodeId))
  }

  /** A later stage of the layout that is here is in force; of another layout it says nothing. */
  advance({ number, stage }: StagedNumber): void {
    const { layout } = this.#pending ?? this.#part
    if (layout === undefined || layout.epoch.number !== number || stage <= layout.stage) return
    this.#change({ layout: { ...layout, stage } })
  }

  /** These partitions were taken over, under the layout of this number. */
  taken(partitions: Iterable<number>, number: number): void {
    this.#changeUnder(number, ({ unsynced }) => {
      const left = new Map(unsynced)
      for (const partition of partitions) left.delete(partition)
      return { unsynced: left }
    })
  }

  /** Nothing is left here of what this agent was relieved of in the partition, but hints. */
  handedOver(partition: number, number: number): void {
    this.#changeUnder(number, part => ({ leftovers: without(part.leftovers, [partition]) }))
  }

  /** These agents hold nothing any more that a layout up to this one relieved them of. */
  drained(agents: readonly string[], number: number): void {
    this.#changeUnder(number, part => ({ draining: without(part.draining, agents) }))
  }

  beforeCommit(): void {
    // The rows are written by whoever changes them.
  }

  committed(): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    this.#adopt(pending)
    for (const callback of this.#watchers) callback()
  }

  rolledBack(): void {
    this.#pending = undefined
  }

  /** Where the layout of this number is still in force. */
  #changeUnder(number: number, changed: (part: OwnPart) => Partial<OwnPart>): void {
    const part = this.#pending ?? this.#part
    if (part.layout?.epoch.number === number) this.#change(changed(part))
  }

  #change(change: Partial<OwnPart>): void {
    const before = this.#pending ?? this.#part
    const part = { ...before, ...change }
    this.#rows.save(part, before)
    this.#pending = part
  }

  #storedBefore(epoch: Epoch, { layout }: OwnPart): Epoch | undefined {
    return layout?.epoch.number === epoch.number - 1 ? layout.epoch : undefined
  }

  #checkStaged(number: number, stage: number, own: StagedNumber): void {
    if (!this.#refusesOlder) return
    if (number !== own.number || stage < own.stage) throw staleEpoch(this.#nodeId, number, stage, own)
  }

  #checkSynced(partition: number, replicas: number = this.#current().epoch.table.replicas): void {
    const held = this.unsynced.get(partition)
    if (held === undefined || (held < nothingHeld && replicas > held)) return
    throw notTakenOver(this.#nodeId, partition, this.number)
  }

  #current(): LayoutState {
    const { layout } = this.#part
    if (layout === undefined) throw new TorcError('NO_LAYOUT', `agent ${this.#nodeId} knows no layout yet`)
    return layout
  }

  #at(stage: Stage): OwnerTables {
    const current = this.#current()
    // A layout that was settled is settled at every stage.
    return this.#tables.get(stage) ?? this.#tables.get(stages.settled) ?? new OwnerTables(current)
  }

  #adopt(part: OwnPart): void {
    this.#part = part
    const { layout, restored } = part
    if (layout === undefined) return
    this.#agents = layout.epoch.agents.map(({ id }) => id)
    this.#out = restored !== undefined
    const later = [stages.readOld, stages.readNew, stages.settled].filter(stage => stage >= layout.stage)
    this.#tables = new Map(later.map(stage => [stage, new OwnerTables({ ...layout, stage })]))
    const tables = this.#at(layout.stage)
    const owned = Array.from({ length: layout.epoch.table.partitions }, (_, partition) =>
      tables.writeOwners(partition).includes(this.#nodeId),
    )
    this.#owned = this.#out ? [] : owned
  }
}
