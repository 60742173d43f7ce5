import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { TorcError } from '@torc/protocol/errors'

export interface SharedRoot {
  readonly name: string
  /** Absolute. */
  readonly directory: string
}

/** Reads `--shared-root NAME=DIR`; CONFIG when one is malformed, no directory, or named twice. */
export function parseSharedRoots(texts: readonly string[], base: string): SharedRoot[] {
  const roots = new Map<string, SharedRoot>()
  for (const text of texts) {
    const match = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})=(.+)$/s.exec(text)
    const [, name = '', written = ''] = match ?? []
    if (match === null) {
      throw new TorcError('CONFIG', `--shared-root must be NAME=DIR, not ${JSON.stringify(text)}`, {
        hint: 'For example --shared-root media=/srv/media. A name has letters, digits, ".", "_" and "-".',
      })
    }
    if (roots.has(name)) throw new TorcError('CONFIG', `two shared roots are named ${name}`)
    const directory = resolve(base, written)
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new TorcError('CONFIG', `the shared root ${directory} is no directory`)
    }
    roots.set(name, { name, directory })
  }
  return [...roots.values()]
}
