import { limits } from '@torc/protocol/limits'
import { isFolderName, parentOf } from '../trees/entry.js'
import { partBytesMax } from './conflict-name.js'

/** Where a synced folder keeps its own things. It is a name of nobody else, in any letters' case and at any depth. */
export const ownFolder = '.torc-sync'

export interface NameProblem {
  readonly message: string
  readonly hint: string
}

/** Most names are short and have nothing that is looked at: they are not taken apart. */
const plain = /^[ -~]{1,255}$/
const special = /^\/|\/\/|(?:^|\/)\.{1,2}(?:\/|$)|\.torc-sync/i

const rename = 'Rename it; then it is synced.'

/** Why no file or folder can have this name on both sides; undefined where it can. */
export function nameProblem(
  name: string,
  nameBytesMax: number = limits.keyBytesMax,
): NameProblem | undefined {
  if (name.length <= nameBytesMax && plain.test(name) && !special.test(name)) return undefined
  if (!name.isWellFormed()) return { message: 'its name is not valid Unicode', hint: rename }
  if (Buffer.byteLength(name) > nameBytesMax) {
    const message = `its path is longer than the ${nameBytesMax} bytes that a key leaves for it`
    return { message, hint: 'Move it further up, or shorten the names of its folders.' }
  }
  const path = isFolderName(name) ? name.slice(0, -1) : name
  for (const part of path.split('/')) {
    const message = partProblem(part)
    if (message !== undefined) return { message, hint: rename }
    if (part.toLowerCase() === ownFolder) {
      return {
        message: `${ownFolder} is where a synced folder keeps its own things`,
        hint: 'Keep other things under another name.',
      }
    }
  }
  return undefined
}

function partProblem(part: string): string | undefined {
  if (part === '') return 'a part of its path is empty, which no file can be called'
  if (part === '.' || part === '..')
    return `a part of its path is ${JSON.stringify(part)}, which no file can be called`
  if (part.includes('\0')) return 'its name has a NUL character, which no file can have'
  if (Buffer.byteLength(part) > partBytesMax) {
    return `a part of its path is longer than the ${partBytesMax} bytes that file systems take`
  }
  return undefined
}

/**
 * Whether a link of this name leads to something in the synced folder, as far as the texts tell: elsewhere, its target
 * would be another thing on each machine.
 */
export function linkStays(name: string, target: string): boolean {
  if (target === '' || target.includes('\0') || target.startsWith('/')) return false
  let depth = 0
  for (let folder = parentOf(name); folder !== undefined; folder = parentOf(folder)) depth += 1
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1
    else if (part !== '' && part !== '.') depth += 1
    if (depth < 0) return false
  }
  return true
}
