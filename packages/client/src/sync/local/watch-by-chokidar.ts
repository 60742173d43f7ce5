import { basename, join, sep } from 'node:path'
import { watch } from 'chokidar'
import type { Watching, WatchOptions } from './watch.js'

/** Watches every folder and every file by itself: on any system, at a cost that grows with the files. */
export function watchByChokidar({ root, isIgnored, onPath, onError }: WatchOptions): Promise<Watching> {
  const pathBelow = (path: string): string =>
    path
      .slice(root.length + 1)
      .split(sep)
      .join('/')
  return new Promise(resolve => {
    const watcher = watch(root, {
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      awaitWriteFinish: false,
      usePolling: false,
      ignored: path => isIgnored(pathBelow(path)),
    })
    watcher.on('error', onError)
    watcher.on('all', (_, path) => onPath(pathBelow(path)))
    // The library keeps to itself what comes within 5 ms of an earlier event, and modes that change after a file was read.
    watcher.on('raw', (_, name: string | null, details) => {
      const { watchedPath } = details as { readonly watchedPath: string }
      // It is a name in the folder that is watched, or that of the file itself.
      const isItself = name === null || name === basename(watchedPath)
      onPath(pathBelow(isItself ? watchedPath : join(watchedPath, name)))
    })
    watcher.on('ready', () => resolve(watcher))
  })
}
