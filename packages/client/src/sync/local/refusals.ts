import type { BigIntStats } from 'node:fs'
import { limits } from '@torc/protocol/limits'
import type { Refusal } from '../ports/local-folder.js'

const rename = 'Rename it.'
const ignore = 'Move it away, or name it in .torcignore.'

/** Why what is there can't be synced; undefined where nothing is known against it. `name` ends with `/` for a folder. */
export function refusalOf(name: string, stats: BigIntStats, device: bigint): Refusal | undefined {
  if (Buffer.byteLength(name) > limits.keyBytesMax) {
    return { name, reason: `its path has more than ${limits.keyBytesMax} bytes`, hint: rename }
  }
  if (stats.isDirectory()) {
    if (stats.dev === device) return undefined
    const hint = 'Sync it as a folder of its own, or name it in .torcignore.'
    return { name, reason: 'another file system is mounted there', hint }
  }
  if (stats.isFile() || stats.isSymbolicLink()) return undefined
  return { name, reason: `it is ${kindOf(stats)}`, hint: ignore }
}

export function notReadable(name: string): Refusal {
  const what = name.endsWith('/') ? 'the folder' : 'the file'
  return {
    name,
    reason: `${what} can't be read: permission denied`,
    hint: `Change its permissions. ${ignore}`,
  }
}

/** Names are bytes on disk, text in the store. */
export function notText(folder: string, name: Buffer): Refusal {
  const shown = name.toString('latin1').replace(/[^ -~]/g, letter => {
    return `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return { name: folder + shown, reason: 'its name is not valid UTF-8', hint: rename }
}

function kindOf(stats: BigIntStats): string {
  if (stats.isSocket()) return 'a socket'
  if (stats.isFIFO()) return 'a pipe'
  return 'a device'
}
