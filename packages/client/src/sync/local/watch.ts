import { ignoreFileName } from './ignore-rules.js'
import type { RulesFile } from './rules-file.js'
import { watchByChokidar } from './watch-by-chokidar.js'
import { watchByFolder } from './watch-by-folder.js'

/** What a watcher of the system's is told, and tells. Paths are below the root, with `/`. */
export interface WatchOptions {
  readonly root: string
  /** Not watched, nor anything below it. */
  readonly isIgnored: (path: string) => boolean
  readonly onPath: (path: string) => void
  readonly onError: (error: unknown) => void
}

export interface Watching {
  close(): Promise<void>
}

/** Resolves when all is watched. */
export type Watch = (options: WatchOptions) => Promise<Watching>

/** The one that fits this system. */
export const systemWatch: Watch = process.platform === 'linux' ? watchByFolder : watchByChokidar

/**
 * Marks paths at which something happened. Marks are hints: where the watcher misses something, or can't see all (a system
 * watches a limited number of files), the scans in between find it.
 */
export async function watchFolder(
  root: string,
  rules: RulesFile,
  onMark: (path: string) => void,
  onWarning: (message: string) => void,
  watch = systemWatch,
): Promise<() => Promise<void>> {
  let warned = false
  const onError = (error: unknown): void => {
    onMark('')
    if (warned) return
    warned = true
    onWarning(`not all of ${root} can be watched, it is only looked through now and then: ${whyOf(error)}`)
  }
  const isIgnored = (path: string): boolean =>
    path !== '' && rules.current.ignores(path) && rules.current.ignores(`${path}/`)
  const onPath = (path: string): void => {
    if (isIgnored(path)) return
    onMark(path)
    if (path === ignoreFileName) renewal = renewal.then(renew).catch(onError)
  }
  let watching: Watching
  /** What the watcher was started with. */
  let watched = rules.current
  let renewal = Promise.resolve()
  let closed = false
  const start = (): Promise<Watching> => watch({ root, isIgnored, onPath, onError })
  /** Other rules: other folders to watch. The old watcher goes when the new one sees all. */
  const renew = async (): Promise<void> => {
    const current = closed ? watched : await rules.refresh()
    if (current === watched) return
    const old = watching
    watching = await start()
    watched = current
    await old.close()
    onMark('')
  }
  watching = await start()
  return async () => {
    closed = true
    await renewal
    await watching.close()
  }
}

function whyOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return 'the system watches no more files (see fs.inotify.max_user_watches)'
  if (code === 'EMFILE') return 'too many files are open (see fs.inotify.max_user_instances)'
  return error instanceof Error ? error.message : String(error)
}
