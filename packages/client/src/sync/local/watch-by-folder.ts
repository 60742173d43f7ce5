import { type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { Tree } from '../trees/tree.js'
import { isAbsent, isDenied, lookAt } from './folder-root.js'
import type { Watching, WatchOptions } from './watch.js'

/** Folders that are listed at once. */
const foldersAtOnce = 16

/**
 * Watches each folder by itself, as Linux tells of all that happens to the names in a folder, writes to files too. A watch for
 * each file, as other watchers have them, takes memory and time that grow with the files, reaches the system's limit
 * of watches a hundred times sooner, and makes them list a whole folder for one change in it.
 */
export async function watchByFolder(options: WatchOptions): Promise<Watching> {
  const watches = new FolderWatches(options)
  await watches.watchAll('')
  return watches
}

class FolderWatches implements Watching {
  readonly #options: WatchOptions
  /** By the folder's name, which ends with `/`; that of the root is another one's than all names. */
  readonly #below = new Tree<FSWatcher>()
  #top: FSWatcher | undefined
  #closed = false

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** A folder and all below it. */
  async watchAll(folder: string): Promise<void> {
    const waiting = [folder]
    while (waiting.length > 0) {
      const below = await Promise.all(waiting.splice(-foldersAtOnce).map(each => this.#watch(each)))
      waiting.push(...below.flat())
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#top?.close()
    this.#forget('')
  }

  /** Answers the folders in it. */
  async #watch(folder: string): Promise<string[]> {
    if (this.#closed) return []
    const path = this.#absolute(folder)
    try {
      this.#keep(folder, watch(path))
      // Listed when it is watched already: what comes in between is told, and what is there is found.
      const entries = await readdir(path, { withFileTypes: true })
      return entries
        .filter(entry => entry.isDirectory())
        .map(({ name }) => join(folder, name))
        .filter(below => !this.#options.isIgnored(below))
    } catch (error) {
      // Gone meanwhile; or nobody may look into it, which a scan tells.
      if (!isAbsent(error) && !isDenied(error)) this.#options.onError(error)
      return []
    }
  }

  #keep(folder: string, watcher: FSWatcher): void {
    watcher.on('change', (event, name) => this.#hear(folder, event, name?.toString()))
    watcher.on('error', this.#options.onError)
    if (folder === '') this.#top = watcher
    else {
      this.#below.get(`${folder}/`)?.close()
      this.#below.set(`${folder}/`, watcher)
    }
  }

  #hear(folder: string, event: string, name: string | undefined): void {
    if (this.#closed) return
    const path = name === undefined ? folder : join(folder, name)
    if (this.#options.isIgnored(path)) return
    this.#options.onPath(path)
    if (event === 'rename' && name !== undefined) void this.#follow(path).catch(this.#options.onError)
  }

  /**
   * A name came or went. A folder that was watched under it may be elsewhere now, or be another one (even with the number of the
   * old one); of a new one, what was put into it before it was watched was not told.
   */
  async #follow(path: string): Promise<void> {
    this.#forget(`${path}/`)
    const stats = await lookAt(this.#absolute(path))
    if (stats?.isDirectory() !== true) return
    await this.watchAll(path)
    if (!this.#closed) this.#options.onPath(path)
  }

  /** A folder (`''`: the root) and all below it; costs nothing where none is watched. */
  #forget(name: string): void {
    for (const folder of [name, ...this.#below.below(name)]) {
      this.#below.get(folder)?.close()
      this.#below.delete(folder)
    }
  }

  #absolute(path: string): string {
    return path === '' ? this.#options.root : `${this.#options.root}/${path}`
  }
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}
