import type { Stats } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { ignoreFileName } from './ignore-rules.js'
import type { RulesFile } from './rules-file.js'

/**
 * Marks paths at which something happened. Marks are hints: where the watcher misses something, or can't see all (a system
 * watches a limited number of files), the scans in between find it.
 */
export async function watchFolder(
  root: string,
  rules: RulesFile,
  onMark: (path: string) => void,
  onWarning: (message: string) => void,
  openWatcher: typeof watch = watch,
): Promise<() => Promise<void>> {
  let warned = false
  const onError = (error: unknown): void => {
    onMark('')
    if (warned) return
    warned = true
    onWarning(`not all of ${root} can be watched, it is only looked through now and then: ${whyOf(error)}`)
  }
  const pathBelow = (path: string): string =>
    path
      .slice(root.length + 1)
      .split(sep)
      .join('/')
  const isIgnored = (path: string, stats?: Stats): boolean => {
    const below = pathBelow(path)
    if (below === '') return false
    const { current } = rules
    if (stats !== undefined) return current.ignores(stats.isDirectory() ? `${below}/` : below)
    // Rules may be for folders only: it is asked again when it is known what it is.
    return current.ignores(below) && current.ignores(`${below}/`)
  }
  const mark = (path: string): void => {
    if (isIgnored(path)) return
    const below = pathBelow(path)
    onMark(below)
    if (below === ignoreFileName) renewal = renewal.then(renew).catch(onError)
  }
  let watcher: FSWatcher
  /** What the watcher was started with. */
  let watched = rules.current
  let renewal = Promise.resolve()
  let closed = false
  const start = (): Promise<FSWatcher> =>
    new Promise(resolve => {
      const next = openWatcher(root, {
        ignoreInitial: true,
        followSymlinks: false,
        atomic: false,
        awaitWriteFinish: false,
        usePolling: false,
        ignored: isIgnored,
      })
      next.on('error', onError)
      next.on('all', (_, path) => mark(path))
      // The library keeps to itself what comes within 5 ms of an earlier event, and modes that change after a file was read.
      next.on('raw', (_, name: string | null, details) => {
        const { watchedPath } = details as { readonly watchedPath: string }
        // It is a name in the folder that is watched, or that of the file itself.
        mark(name === null || name === basename(watchedPath) ? watchedPath : join(watchedPath, name))
      })
      next.on('ready', () => resolve(next))
    })
  /** Other rules: other folders to watch. The old watcher goes when the new one sees all. */
  const renew = async (): Promise<void> => {
    const current = closed ? watched : await rules.refresh()
    if (current === watched) return
    const old = watcher
    watcher = await start()
    watched = current
    await old.close()
    onMark('')
  }
  watcher = await start()
  return async () => {
    closed = true
    await renewal
    await watcher.close()
  }
}

function whyOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return 'the system watches no more files (see fs.inotify.max_user_watches)'
  if (code === 'EMFILE') return 'too many files are open (see fs.inotify.max_user_instances)'
  return error instanceof Error ? error.message : String(error)
}
