import { inParallel } from '../../transfer/parallel.js'
import type { RemoteChanges, RemoteFolder } from '../ports/remote-folder.js'
import type { RemoteEntry } from '../trees/entry.js'
import type { SyncObserver } from './report.js'
import type { SyncState } from './sync-state.js'

/** Names that are looked at in the store at once. */
const looksAtOnce = 32
/** Names of a listing that the journal takes in one transaction. */
const listedTogether = 1000

/** Brings the tree of the store's side up to date: by the feed of changes, or by a listing where the feed can't tell. */
export class RemoteCollector {
  readonly #remote: RemoteFolder
  readonly #state: SyncState
  readonly #signal: AbortSignal | undefined
  readonly #observer: SyncObserver

  constructor(
    remote: RemoteFolder,
    state: SyncState,
    signal: AbortSignal | undefined,
    observer: SyncObserver,
  ) {
    this.#remote = remote
    this.#state = state
    this.#signal = signal
    this.#observer = observer
  }

  async collect(): Promise<void> {
    const { cursor } = this.#state
    if (cursor === undefined) return this.#readAll(await this.#remote.cursor(this.#signal))
    for (let from = cursor; ; ) {
      const changes = await this.#remote.changes(from, 0, this.#signal)
      if (changes.reset) return this.#readAll(changes.cursor)
      await this.#take(changes)
      if (changes.names.size === 0) break
      from = changes.cursor
    }
    await this.#look(this.#state.takeStale())
  }

  /** What the feed told: names that it tells nothing new of (our own writes come back) cost nothing. */
  async #take(changes: RemoteChanges): Promise<void> {
    const news = [...changes.names].filter(
      ([name, versions]) => changes.removed.has(name) || !this.#knows(name, versions),
    )
    if (news.length > 0) this.#observer.onChanges?.(news.length)
    await this.#look(news.map(([name]) => name))
    if (changes.cursor !== this.#state.cursor) this.#state.cursor = changes.cursor
  }

  #knows(name: string, versions: readonly string[]): boolean {
    const { remote } = this.#state.world.triple(name)
    const [only] = remote?.heads ?? []
    if (only === undefined || remote?.besideMarker || remote?.heads.length !== 1) return false
    return versions.every(versionId => versionId === only.versionId)
  }

  async #look(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const looked: [string, RemoteEntry | undefined][] = []
    try {
      await inParallel(names, looksAtOnce, async name => {
        looked.push([name, await this.#remote.look(name, this.#signal)])
        this.#observer.onFound?.(1)
      })
    } catch (thrown) {
      for (const name of names) this.#state.lookAgain(name)
      throw thrown
    }
    this.#state.together(() => {
      for (const [name, entry] of looked) this.#state.setRemote(name, entry)
    })
  }

  /**
   * Reads all names anew. What the listing lacks was not thereby deleted by anyone: nothing tells when it went. So it counts
   * as never synced, and what is here of it goes to the store again.
   */
  async #readAll(cursor: string): Promise<void> {
    const state = this.#state
    const listed = new Set<string>()
    let page: (readonly [string, RemoteEntry])[] = []
    const keep = () => {
      state.together(() => {
        for (const [name, entry] of page) state.setRemote(name, entry)
      })
      this.#observer.onFound?.(page.length)
      page = []
    }
    for await (const [name, entry] of this.#remote.list(this.#signal)) {
      listed.add(name)
      if (page.push([name, entry]) === listedTogether) keep()
    }
    keep()
    state.together(() => {
      for (const [name, { heads }] of [...state.world.remote.entries()])
        if (heads.length > 0 && !listed.has(name)) state.setRemote(name, undefined)
      for (const name of [...state.world.synced.names()])
        if (state.world.triple(name).remote === undefined) state.setSynced(name, undefined)
      // Nor was what came from there before a kill, and is not there any more.
      for (const name of [...state.arrivals.keys()])
        if (state.world.triple(name).remote === undefined) state.setArrival(name, undefined)
      state.cursor = cursor
    })
    state.takeStale()
  }
}
