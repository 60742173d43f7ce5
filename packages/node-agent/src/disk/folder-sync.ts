/**
 * Fsyncs of folders, grouped: blocks that are renamed into a folder while its fsync runs share the next one. A
 * caller's promise resolves only after an fsync that began after its call.
 */
export class FolderSync {
  readonly #fsync: (folder: string) => Promise<void>
  readonly #running = new Map<string, Promise<void>>()
  readonly #next = new Map<string, Promise<void>>()

  constructor(fsync: (folder: string) => Promise<void>) {
    this.#fsync = fsync
  }

  sync(folder: string): Promise<void> {
    const running = this.#running.get(folder)
    if (running === undefined) return this.#start(folder)
    const waiting = this.#next.get(folder)
    if (waiting !== undefined) return waiting
    // The one under way may have read the folder before the caller's rename; only a later one counts. Its
    // failure is its own callers' to hear.
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.#next.delete(folder)
        return this.#start(folder)
      })
    this.#next.set(folder, next)
    return next
  }

  #start(folder: string): Promise<void> {
    const run = this.#fsync(folder).finally(() => {
      if (this.#running.get(folder) === run) this.#running.delete(folder)
    })
    this.#running.set(folder, run)
    return run
  }
}
