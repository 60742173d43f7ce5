import { sep } from 'node:path'
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
  const isIgnored = (path: string): boolean => {
    const below = pathBelow(path)
    if (below === '') return false
    return rules.current.ignores(below) && rules.current.ignores(`${below}/`)
  }
  let watcher: FSWatcher
  let closed = false
  const start = (): Promise<FSWatcher> =>
    new Promise(resolve => {
      const next = watch(root, {
        ignoreInitial: true,
        followSymlinks: false,
        atomic: false,
        awaitWriteFinish: false,
        usePolling: false,
        ignored: isIgnored,
      })
      next.on('error', onError)
      next.on('all', (_, path) => {
        const below = pathBelow(path)
        onMark(below)
        if (below === ignoreFileName) void renew().catch(onError)
      })
      next.on('ready', () => resolve(next))
    })
  /** Other rules: other folders to watch. The old watcher goes when the new one sees all. */
  const renew = async (): Promise<void> => {
    await rules.refresh()
    const next = await start()
    const old = watcher
    watcher = next
    await old.close()
    if (closed) await next.close()
    onMark('')
  }
  watcher = await start()
  return async () => {
    closed = true
    await watcher.close()
  }
}

function whyOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return 'the system watches no more files (see fs.inotify.max_user_watches)'
  if (code === 'EMFILE') return 'too many files are open (see fs.inotify.max_user_instances)'
  return error instanceof Error ? error.message : String(error)
}
