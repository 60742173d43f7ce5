import { posix as path } from 'node:path'
import { TorcError } from '@torc/protocol/errors'

/** A directory that clients may name files in. */
export interface SharedRoot {
  readonly name: string
  /** Absolute. */
  readonly directory: string
}

/** Whether `candidate` is `directory` or lies below it. Both absolute, without `..`. */
export function isInside(directory: string, candidate: string): boolean {
  if (candidate === directory) return true
  return candidate.startsWith(directory.endsWith('/') ? directory : `${directory}/`)
}

/**
 * The absolute path that a client means, by its text alone: `NAME:relative` in the root of that name, or an absolute
 * path inside one. PATH_DENIED otherwise, without any look at the disk, so that nobody learns what lies elsewhere.
 */
export function resolvePath(text: string, roots: readonly SharedRoot[]): string {
  if (roots.length === 0) throw pathDenied(text, 'this server was started without shared roots')
  if (text.includes('\0')) throw pathDenied(text, 'it contains NUL')
  const named = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63}):(.*)$/s.exec(text)
  if (named !== null) {
    const [, name, relative = ''] = named
    const root = roots.find(candidate => candidate.name === name)
    if (root === undefined) throw pathDenied(text, `no shared root is named ${name}`)
    return insideOf(text, [root], path.resolve(root.directory, `./${relative}`))
  }
  if (!path.isAbsolute(text)) {
    throw pathDenied(text, 'it is neither absolute nor NAME:relative')
  }
  return insideOf(text, roots, path.resolve(text))
}

function insideOf(text: string, roots: readonly SharedRoot[], candidate: string): string {
  if (roots.some(root => isInside(root.directory, candidate))) return candidate
  throw pathDenied(text, 'it lies outside of the shared roots')
}

export function pathDenied(text: string, why: string): TorcError {
  return new TorcError('PATH_DENIED', `${JSON.stringify(text.slice(0, 200))} is not allowed: ${why}`)
}
