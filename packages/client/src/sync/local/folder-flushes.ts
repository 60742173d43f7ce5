import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/**
 * Makes names in folders durable: a new file that a power cut takes away would look like one that somebody removed. Whoever
 * asks while a folder is being flushed shares the next flush with all others who do: it begins behind what each of them did.
 */
export class FolderFlushes {
  readonly #begun = new Map<string, Promise<void>>()
  readonly #next = new Map<string, Promise<void>>()

  flush(path: string): Promise<void> {
    const begun = this.#begun.get(path)
    if (begun === undefined) return this.#begin(path)
    const waiting = this.#next.get(path)
    if (waiting !== undefined) return waiting
    const begin = (): Promise<void> => {
      this.#next.delete(path)
      return this.#begin(path)
    }
    const next = begun.then(begin, begin)
    this.#next.set(path, next)
    return next
  }

  #begin(path: string): Promise<void> {
    const flush = flushFolder(path).finally(() => {
      if (this.#begun.get(path) === flush) this.#begun.delete(path)
    })
    this.#begun.set(path, flush)
    return flush
  }
}

async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
