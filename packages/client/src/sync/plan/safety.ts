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

/**
 * Whether a plan takes away so much on one side that somebody should be asked: a folder that was emptied, or a disk that
 * is not mounted, looks like a great many deletes. What is moved is not taken away: its bytes have another name.
 */
export function tooManyDeletes(
  { steps }: Plan,
  world: Pick<TreeWorld, 'triple' | 'namesHere' | 'syncedFiles'>,
): TooManyDeletes | undefined {
  const arriving = new Set(steps.flatMap(step => (step.does === 'download' ? step.head.content.sha256 : [])))
  const isMoved = ({ does, name }: Step): boolean => {
    const sha256 = world.triple(name).synced?.content.sha256
    if (sha256 === undefined) return false
    if (does === 'removeLocal') return arriving.has(sha256)
    for (const other of world.namesHere(sha256)) if (other !== name) return true
    return false
  }
  const of = world.syncedFiles
  for (const [side, does] of [['local', 'removeLocal'] as const, ['remote', 'removeRemote'] as const]) {
    const removals = steps.filter(step => step.does === does && !isFolderName(step.name))
    const deletes = removals.filter(step => !isMoved(step)).length
    const isAll = deletes >= allMin && deletes >= of
    if (isAll || (deletes >= deletesMin && deletes > of / 2)) return { side, deletes, of }
  }
  return undefined
}
