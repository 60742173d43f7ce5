import { isFolderName } from '../trees/entry.js'
import type { Plan } from './step.js'

/** Fewer deletes than this are no reason to ask, unless they are all that there is. */
const deletesMin = 10

export interface ManyDeletes {
  /** Where files would go: from this machine, or from the store. */
  readonly side: 'local' | 'remote'
  readonly deletes: number
  /** Files that are synced. */
  readonly of: number
}

/**
 * Deletes that look like an accident: more than half of the synced files on one side (and at least 10), or all of them (and at
 * least 2). An emptied folder, a disk that is not mounted or a prefix that was removed look like this. A file that goes under
 * one name and comes under another with the same bytes is moved, not deleted.
 */
export function tooManyDeletes(plan: Plan, syncedFiles: number): ManyDeletes | undefined {
  const moved = { upload: new Set<string>(), download: new Set<string>() }
  for (const step of plan.steps) {
    if ((step.does === 'upload' || step.does === 'download') && step.from !== undefined) {
      moved[step.does].add(step.from.name)
    }
  }
  let local = 0
  let remote = 0
  for (const { does, name } of plan.steps) {
    if (isFolderName(name)) continue
    if (does === 'removeLocal' && !moved.download.has(name)) local += 1
    if (does === 'removeRemote' && !moved.upload.has(name)) remote += 1
  }
  const isMany = (deletes: number): boolean =>
    (deletes >= deletesMin && deletes * 2 > syncedFiles) || (deletes >= 2 && deletes >= syncedFiles)
  if (isMany(local)) return { side: 'local', deletes: local, of: syncedFiles }
  if (isMany(remote)) return { side: 'remote', deletes: remote, of: syncedFiles }
  return undefined
}
