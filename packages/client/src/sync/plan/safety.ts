import { isFolderName } from '../trees/entry.js'
import type { TreeWorld } from '../trees/world.js'
import type { Plan, Step } from './step.js'

/** So many deletes are asked about when they are more than half of what is synced. */
const deletesMin = 10
/** Where all files go, so many are asked about. */
const allMin = 2

export interface TooManyDeletes {
  readonly side: 'local' | 'remote'
  readonly deletes: number
  /** Files that are synced. */
  readonly of: number
}

/** What was deleted already since somebody could have been asked last, and how many files were synced then. */
export interface Deleted {
  readonly local: number
  readonly remote: number
  readonly of: number
}

type Asked = Pick<TreeWorld, 'triple' | 'namesHere' | 'namesSynced' | 'syncedFiles'>

/**
 * Whether a plan takes away so much on one side that somebody should be asked: a folder that was emptied, or a disk that
 * is not mounted, looks like a great many deletes. Each name that has the same bytes makes up for one of them: what is moved
 * is not taken away. What went a moment ago counts with it: a folder that is emptied while it is watched goes in many plans.
 */
export function tooManyDeletes(
  { steps }: Plan,
  world: Asked,
  before: Deleted = { local: 0, remote: 0, of: 0 },
): TooManyDeletes | undefined {
  const of = Math.max(before.of, world.syncedFiles)
  for (const [side, does] of [['local', 'removeLocal'] as const, ['remote', 'removeRemote'] as const]) {
    const removed = steps
      .filter(step => step.does === does && !isFolderName(step.name))
      .map(({ name }) => name)
    const planned = removed.length - moves(removed, side, steps, world)
    if (planned === 0) continue
    const deletes = before[side] + planned
    const isAll = deletes >= allMin && deletes >= of
    if (isAll || (deletes >= deletesMin && deletes > of / 2)) return { side, deletes, of }
  }
  return undefined
}

/** How many of the names that are to go have their bytes under another name on the side that they went from first. */
function moves(
  removed: readonly string[],
  side: TooManyDeletes['side'],
  steps: readonly Step[],
  world: Asked,
): number {
  const going = new Set(removed)
  const counts = new Map<string, number>()
  for (const name of removed) {
    const sha256 = world.triple(name).synced?.content.sha256
    if (sha256 !== undefined) counts.set(sha256, (counts.get(sha256) ?? 0) + 1)
  }
  const arriving = new Map<string, number>()
  for (const step of steps) {
    if (
      step.does !== 'download' ||
      world.triple(step.name).synced?.content.sha256 === step.head.content.sha256
    )
      continue
    const { sha256 } = step.head.content
    arriving.set(sha256, (arriving.get(sha256) ?? 0) + 1)
  }
  let moved = 0
  for (const [sha256, count] of counts) {
    let others = side === 'local' ? (arriving.get(sha256) ?? 0) : 0
    for (const name of side === 'local' ? world.namesSynced(sha256) : world.namesHere(sha256)) {
      if (others >= count) break
      if (!going.has(name) && (side === 'remote' || world.triple(name).remote !== undefined)) others++
    }
    moved += Math.min(count, others)
  }
  return moved
}
