import { sep } from 'node:path'
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
    watcher.on('ready', () => resolve(watcher))
  })
}
