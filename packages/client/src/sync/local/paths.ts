import { TorcError } from '@torc/protocol/errors'
import { pathParts } from '../../files/safe-path.js'
import { parentOf } from '../trees/entry.js'
import { syncFolderName } from './ignore-rules.js'

/** The path of a name: without the `/` at a folder's end. */
export function pathOf(name: string): string {
  return name.endsWith('/') ? name.slice(0, -1) : name
}

/** The parts of the path of a name that is to be changed. One that leads out of the folder, or to what is ours, is refused. */
export function partsOf(name: string): readonly string[] {
  const parts = pathParts(pathOf(name))
  if (!parts.includes(syncFolderName)) return parts
  throw new TorcError('BAD_REQUEST', `${name} is a name of the sync client's own`, {
    hint: `Rename it in the store: nothing below ${syncFolderName} is synced.`,
  })
}

/** The paths of which none lies below another: a scan of them finds all. Empty ones stand for the whole folder. */
export function outermost(paths: readonly string[]): readonly string[] {
  const all = new Set(paths.map(pathOf))
  if (all.has('')) return ['']
  return Array.from(all).filter(path => {
    for (let above = parentOf(path); above !== undefined; above = parentOf(above)) {
      if (all.has(pathOf(above))) return false
    }
    return true
  })
}

/** A free name for a file that was in the way while another one took its own: `a/b.txt` → `a/b.kept-1.txt`. */
export function keptName(path: string, attempt: number): string {
  const start = path.lastIndexOf('/') + 1
  const dot = path.lastIndexOf('.')
  const end = dot > start ? dot : path.length
  return `${path.slice(0, end)}.kept-${attempt}${path.slice(end)}`
}
