import { TorcError } from '@torc/protocol/errors'
import type { ArgumentKind } from '../commands/command.js'

/** Where the shell is: a bucket and a folder in it (`''`, or ending in `/`); no bucket at the top. */
export interface Location {
  readonly bucket: string
  readonly folder: string
}

export const top: Location = { bucket: '', folder: '' }

/** `photos/2026/` as `pwd` and the prompt show it, `/` at the top. */
export function locationText({ bucket, folder }: Location): string {
  return bucket === '' ? '/' : `/${bucket}/${folder}`
}

/**
 * What a name means at a location: a leading `/` begins at the top, leading `./` and `../` walk, anything else
 * is below. Later dots are left alone: keys may contain them.
 */
export function resolveName(location: Location, name: string): string {
  if (name.startsWith('/')) return name.slice(1)
  let { bucket, folder } = location
  let rest = name
  for (;;) {
    if (rest === '.' || rest.startsWith('./')) rest = rest.slice(2)
    else if (rest === '..' || rest.startsWith('../')) {
      rest = rest.slice(3)
      if (folder === '') bucket = ''
      else folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1)
    } else break
  }
  return bucket === '' ? rest : `${bucket}/${folder}${rest}`
}

/** The location that `cd` goes to. */
export function changeLocation(location: Location, name: string): Location {
  const full = resolveName(location, name)
  const slash = full.indexOf('/')
  if (full === '') return top
  if (slash < 0) return { bucket: full, folder: '' }
  const folder = full.slice(slash + 1)
  if (slash === 0) throw new TorcError('BAD_REQUEST', `${JSON.stringify(name)} names no bucket`)
  return {
    bucket: full.slice(0, slash),
    folder: folder === '' || folder.endsWith('/') ? folder : `${folder}/`,
  }
}

/** An argument with the shell's location applied; local paths and plain words stay as they are. */
export function resolveArgument(location: Location, kind: ArgumentKind, written: string): string {
  switch (kind) {
    case 'target':
    case 'prefix':
      return resolveName(location, written)
    case 'bucket':
      return written === '.' && location.bucket !== '' ? location.bucket : written
    default:
      return written
  }
}
