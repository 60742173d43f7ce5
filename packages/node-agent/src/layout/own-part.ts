import type { Epoch } from '@torc/cluster/ring/epoch'
import { changedPartitions } from '@torc/cluster/transition/advance'
import type { LayoutState } from '@torc/cluster/transition/owner-tables'

/**
 * What is on the disk counts for nothing, since the newest layout had this number: it proved to be an old copy, or that
 * layout gave the agent up.
 */
export interface RestoredNote {
  readonly epoch: number
  readonly reason: string
}

/** What an agent knows of the layout and of its own part in it; all of it is on its disk. */
export interface OwnPart {
  readonly layout: LayoutState | undefined
  readonly restored: RestoredNote | undefined
  /**
   * Partitions that it owns and has not taken over: it holds what more owners than the number hold, `nothingHeld` where
   * it holds nothing that counts.
   */
  readonly unsynced: ReadonlyMap<number, number>
  /** Partitions of which it may hold what it was relieved of. */
  readonly leftovers: ReadonlySet<number>
  /** Agents that were relieved of something, and may hold it still. */
  readonly draining: ReadonlySet<string>
}

/** Above every place that an owner can have. */
export const nothingHeld = 64

export const noPart: OwnPart = {
  layout: undefined,
  restored: undefined,
  unsynced: new Map(),
  leftovers: new Set(),
  draining: new Set(),
}

/**
 * Partitions of what it has not taken over that it should have held by the layout before: of these it is no source for
 * new owners. (One that only gets a better place has what it held at the other one.)
 */
export function lackingOf({ layout, unsynced }: OwnPart, nodeId: string): number[] {
  const rows = layout?.previous?.table.rows ?? []
  const lacking: number[] = []
  for (const [partition, held] of unsynced) {
    const place = rows[partition]?.indexOf(nodeId) ?? -1
    if (place >= 0 && held > place) lacking.push(partition)
  }
  return lacking
}

/**
 * The agent's part once `next` is in force. What it owned and had taken over stays so where it had the same place or a
 * better one in the layout before; a layout that it skipped may have relieved it of anything meanwhile. Pure.
 */
export function partUnder(before: OwnPart, next: LayoutState, nodeId: string): OwnPart {
  const { epoch, previous } = next
  if (epoch.terms?.lost.includes(nodeId) === true) return givenUp(before, next)
  const isFresh = epoch.terms?.fresh.includes(nodeId) === true
  const skipped = epoch.number > 1 && before.layout?.epoch.number !== epoch.number - 1
  const unsynced = new Map<number, number>()
  const leftovers = new Set(before.leftovers)
  for (const [partition, row] of epoch.table.rows.entries()) {
    const place = row.indexOf(nodeId)
    const placeBefore = previous?.table.rows[partition]?.indexOf(nodeId) ?? -1
    const heldBefore = before.layout?.epoch.table.rows[partition]?.indexOf(nodeId) ?? -1
    const had = Math.max(placeBefore, heldBefore)
    if (place < 0) {
      if (had >= 0) leftovers.add(partition)
      continue
    }
    if (had >= 0 && place > had) leftovers.add(partition)
    else leftovers.delete(partition)
    const known = before.unsynced.get(partition) ?? -1
    const held = isFresh || skipped ? nothingHeld : heldAfter(place, placeBefore, epoch.number)
    const worst = Math.max(known, held)
    if (worst >= 0) unsynced.set(partition, worst)
  }
  return {
    layout: next,
    // One that is taken in anew takes part once it has forgotten what it has.
    restored: before.restored,
    unsynced,
    leftovers,
    draining: drainingUnder(before.draining, next, skipped),
  }
}

/** -1 where nothing is to be taken over. In a first layout there is nothing anywhere. */
function heldAfter(place: number, placeBefore: number, number: number): number {
  if (number === 1) return -1
  if (placeBefore < 0) return nothingHeld
  return place < placeBefore ? placeBefore : -1
}

/**
 * Others went on without this agent, and may have removed for good what it has (DESIGN §10: a data directory that left
 * the layout never contributes states again).
 */
function givenUp(before: OwnPart, layout: LayoutState): OwnPart {
  const { number } = layout.epoch
  const reason = `layout ${number} gave this agent up as gone for good`
  return { ...noPart, layout, restored: before.restored ?? { epoch: number, reason } }
}

/** A layout gives partitions to an agent whose disk it counts as empty. */
export function takesIn(epoch: Epoch, nodeId: string): boolean {
  const isFresh = epoch.terms?.fresh.includes(nodeId) === true
  return isFresh && epoch.table.rows.some(row => row.includes(nodeId))
}

function drainingUnder(
  before: ReadonlySet<string>,
  next: LayoutState,
  skipped: boolean,
): ReadonlySet<string> {
  const draining = new Set(before)
  const { epoch, previous } = next
  for (const partition of changedPartitions(next)) {
    const [row = [], old = []] = [epoch.table.rows[partition], previous?.table.rows[partition]]
    for (const [place, agent] of old.entries()) {
      const now = row.indexOf(agent)
      if (now < 0 || now > place) draining.add(agent)
    }
  }
  if (skipped) for (const { id } of previous?.agents ?? []) draining.add(id)
  for (const agent of epoch.terms?.lost ?? []) draining.delete(agent)
  return draining
}

export function without<T>(all: ReadonlySet<T>, some: Iterable<T>): ReadonlySet<T> {
  const left = new Set(all)
  for (const one of some) left.delete(one)
  return left
}
