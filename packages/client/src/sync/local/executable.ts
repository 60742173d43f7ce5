import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Outcome } from '../ports/local-folder.js'
import type { Fingerprint } from '../trees/entry.js'
import { isExecutable, looksLike, marked, mtimeMsOf } from './fingerprint.js'
import { lookAt } from './folder-root.js'
import { hashOf, openFile } from './read-file.js'

/** A mode whose owner may execute the file, or not; with the owner those who may read it. */
export function modeWith(mode: number, executable: boolean): number {
  if (!executable) return mode & ~0o111
  return (mode & 0o100) !== 0 ? mode : mode | 0o100 | ((mode & 0o044) >> 2)
}

/** Through the open file, so that no other one that takes its name gets the mode. */
export async function changeExecutable(
  path: string,
  executable: boolean,
  expected: Fingerprint,
  hasher: Hasher,
): Promise<Outcome> {
  const file = await openFile(path)
  if (file === undefined) return 'changed'
  try {
    const { stats } = file
    const there = await lookAt(path)
    if (!looksLike(stats, expected) || there?.ino !== stats.ino) return 'changed'
    await file.setMode(modeWith(Number(stats.mode) & 0o777, executable))
    // The entry tells the bytes too. Where somebody wrote to them meanwhile, the next scan tells the mode as well.
    const sha256 = await hashOf(file.pieces(), hasher)
    const end = await lookAt(path)
    if (end?.ino !== stats.ino || end.mtimeNs !== stats.mtimeNs || end.size !== stats.size) return 'changed'
    const content = { kind: 'file', sha256, size: Number(stats.size), executable: isExecutable(end) } as const
    return { done: { content, mtimeMs: mtimeMsOf(end), fingerprint: marked(end, end.ctimeNs, sha256) } }
  } finally {
    await file.close()
  }
}
