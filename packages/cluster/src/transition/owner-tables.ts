import { TorcError } from '@torc/protocol/errors'
import type { Epoch } from '../ring/epoch.js'
import { preferenceList } from '../ring/table.js'
import { type Stage, stages } from './stage.js'

/** A layout, how far the change to it is, and the one before, which that change still needs. */
export interface LayoutState {
  readonly epoch: Epoch
  /** The layout before; absent where there was none, or nobody knows it any more and the layout is settled. */
  readonly previous: Epoch | undefined
  readonly stage: Stage
}

const nobody: readonly string[] = []

/**
 * Who owns a partition now: the row of the layout and, until it is settled, that of the layout before. A bucket of fewer
 * replicas has the first owners of each row. Pure.
 */
export class OwnerTables {
  readonly state: LayoutState
  /** The table before, while it still counts. */
  readonly #old: Epoch['table'] | undefined

  /** Throws CORRUPT where the layout before is missing or has another number of partitions. */
  constructor(state: LayoutState) {
    this.state = state
    const { epoch, previous, stage } = state
    if (stage === stages.settled) return
    if (previous?.table.partitions !== epoch.table.partitions || previous.number !== epoch.number - 1)
      throw new TorcError('CORRUPT', `layout ${epoch.number} is not settled, and the one before is missing`)
    this.#old = previous.table
  }

  get isSettled(): boolean {
    return this.#old === undefined
  }

  /** The first `replicas` owners in the layout itself. */
  newOwners(partition: number, replicas = Number.POSITIVE_INFINITY): readonly string[] {
    return preferenceList(this.state.epoch.table, partition, replicas)
  }

  /** The same in the layout before; none once the layout is settled. */
  oldOwners(partition: number, replicas = Number.POSITIVE_INFINITY): readonly string[] {
    return this.#old === undefined ? nobody : preferenceList(this.#old, partition, replicas)
  }

  /** Those that are read: the old ones until the new ones are synced. */
  readOwners(partition: number, replicas?: number): readonly string[] {
    return this.#old !== undefined && this.state.stage === stages.readOld
      ? this.oldOwners(partition, replicas)
      : this.newOwners(partition, replicas)
  }

  /**
   * Groups of owners, in each of which a write needs W: one, or while owners change, those that are read and then the
   * others.
   */
  writeGroups(partition: number, replicas?: number): readonly (readonly string[])[] {
    const read = this.readOwners(partition, replicas)
    if (this.#old === undefined) return [read]
    const others =
      this.state.stage === stages.readOld
        ? this.newOwners(partition, replicas)
        : this.oldOwners(partition, replicas)
    return sameMembers(read, others) ? [read] : [read, others]
  }

  /** All that a write goes to, those that are read first. */
  writeOwners(partition: number, replicas?: number): readonly string[] {
    const [read = nobody, others = nobody] = this.writeGroups(partition, replicas)
    const more = others.filter(agent => !read.includes(agent))
    return more.length === 0 ? read : [...read, ...more]
  }

  /**
   * Place of an agent among the owners of a partition, from 0, the better one where it is in both rows; -1 for none. It
   * holds what more owners than that hold.
   */
  placeOf(partition: number, agent: string): number {
    const place = this.newOwners(partition).indexOf(agent)
    const before = this.oldOwners(partition).indexOf(agent)
    return place < 0 ? before : before < 0 ? place : Math.min(place, before)
  }
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every(agent => b.includes(agent))
}
