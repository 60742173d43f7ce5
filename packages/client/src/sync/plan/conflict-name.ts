import { limits } from '@torc/protocol/limits'
import { parentOf, type RemoteHead } from '../trees/entry.js'

/** Bytes of one part of a path on the usual file systems. */
export const partBytesMax = 255
/** Longer endings are no file types: they are cut like the rest of the name. */
const endingBytesMax = 32
const clientLengthMax = 40

/**
 * The name beside `name` under which a head that lost a conflict goes on: `notes.conflict-2026-11-27-153000-laptop.txt`. All
 * clients find the same one, since it is made of what the version holds. `attempt` (from 1) counts the names that were taken.
 * `nameBytesMax` is what the prefix leaves of a key's length.
 */
export function conflictName(
  name: string,
  head: Pick<RemoteHead, 'createdAt' | 'client'>,
  attempt: number,
  nameBytesMax: number = limits.keyBytesMax,
): string {
  const mark = `.conflict-${dateText(head.createdAt)}-${clientText(head.client)}${attempt > 1 ? `-${attempt}` : ''}`
  let folder = parentOf(name) ?? ''
  const [stem, ending] = splitEnding(name.slice(folder.length))
  const fixed = bytes(mark) + bytes(ending)
  // In a folder whose path leaves no room for any name more, it goes to the next one above.
  while (folder !== '' && bytes(folder) + fixed + 1 > nameBytesMax) folder = parentOf(folder) ?? ''
  const room = Math.min(partBytesMax, nameBytesMax - bytes(folder)) - fixed
  return `${folder}${cutText(stem, Math.max(room, 1))}${mark}${ending}`
}

/** `photo` and `.jpg`; `backup` and `.tar.gz`; `.bashrc` and nothing. */
function splitEnding(part: string): readonly [stem: string, ending: string] {
  const [, stem, ending] = /^(.+?)((?:\.tar)?\.[^.\s]+)$/isu.exec(part) ?? []
  if (stem === undefined || ending === undefined || bytes(ending) > endingBytesMax) return [part, '']
  return [stem, ending]
}

function dateText(date: Date): string {
  const [day = '', time = ''] = date.toISOString().split('T')
  return `${day}-${time.slice(0, 8).replaceAll(':', '')}`
}

/** The id comes from metadata, which anybody may have written. */
function clientText(client: string | undefined): string {
  const plain = (client ?? '').replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, clientLengthMax)
  return plain === '' ? 'other' : plain
}

/** As much of a text as fits, in whole characters. */
function cutText(text: string, bytesMax: number): string {
  if (bytes(text) <= bytesMax) return text
  let cut = ''
  let length = 0
  for (const character of text) {
    length += bytes(character)
    if (length > bytesMax) break
    cut += character
  }
  return cut
}

function bytes(text: string): number {
  return Buffer.byteLength(text)
}
