import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileError } from './file-errors.js'

export interface FoundFile {
  /** Path on disk. */
  readonly path: string
  /** Path below the walked directory, parts joined by `/`. */
  readonly name: string
}

/**
 * Regular files below a directory, depth first. Links are not followed (a tree with a loop would have no
 * end); they and other special files are told to `onSkipped`.
 */
export async function* walk(
  directory: string,
  onSkipped?: (path: string) => void,
): AsyncGenerator<FoundFile> {
  const waiting = ['']
  for (;;) {
    const folder = waiting.pop()
    if (folder === undefined) return
    const path = join(directory, folder)
    try {
      for await (const entry of await opendir(path)) {
        const name = folder === '' ? entry.name : `${folder}/${entry.name}`
        if (entry.isDirectory()) waiting.push(name)
        else if (entry.isFile()) yield { path: join(directory, name), name }
        else onSkipped?.(join(directory, name))
      }
    } catch (error) {
      throw fileError(error, path)
    }
  }
}
