import type { Arrival, Intent, Journal } from '../journal/journal.js'
import type { LocalEntry, RemoteEntry, SyncedEntry } from '../trees/entry.js'
import { TreeWorld, type TreeWorldOptions } from '../trees/world.js'

/**
 * The three trees and the journal, which are changed together. Of the store's side the journal keeps only the names that
 * differ from what was synced: the others follow from that.
 */
export class SyncState {
  readonly world: TreeWorld
  readonly intents = new Map<string, Intent>()
  readonly arrivals = new Map<string, Arrival>()
  /** Names of which the store may hold something else than the tree says: they are looked at before the next plan. */
  readonly #stale = new Set<string>()
  /** Names that are other than they were on one side: the next plan is about them. */
  readonly #touched = new Set<string>()
  readonly #journal: Journal

  constructor(journal: Journal, options: TreeWorldOptions) {
    this.#journal = journal
    this.world = new TreeWorld(options)
    journal.transaction(() => {
      for (const [name, entry] of journal.synced()) {
        this.world.setSynced(name, entry)
        this.world.setRemote(name, remoteOf(entry))
      }
      for (const [name, entry] of journal.remote()) this.world.setRemote(name, entry)
      for (const [name, intent] of journal.intents()) this.intents.set(name, intent)
      for (const [name, arrival] of journal.arrivals()) this.arrivals.set(name, arrival)
    })
  }

  get cursor(): string | undefined {
    return this.#journal.cursor
  }

  set cursor(cursor: string | undefined) {
    this.#journal.cursor = cursor
  }

  /** All changes that `run` makes are durable together. */
  together(run: () => void): void {
    this.#journal.transaction(run)
  }

  /** A scan tells it anew after each start. */
  setLocal(name: string, entry: LocalEntry | undefined): void {
    this.#touched.add(name)
    this.world.setLocal(name, entry)
  }

  setRemote(name: string, entry: RemoteEntry | undefined): void {
    this.together(() => {
      this.#touched.add(name)
      for (const changed of this.world.setRemote(name, entry)) this.#touched.add(changed)
      this.#keepRemote(name)
    })
  }

  /** The two sides are equal now: what was intended for the name has happened. */
  setSynced(name: string, entry: SyncedEntry | undefined): void {
    this.together(() => {
      this.#touched.add(name)
      this.world.setSynced(name, entry)
      if (entry === undefined) this.#journal.deleteSynced(name)
      else this.#journal.setSynced(name, entry)
      this.#keepRemote(name)
      this.setIntent(name, undefined)
      this.setArrival(name, undefined)
    })
  }

  setIntent(name: string, intent: Intent | undefined): void {
    if (intent !== undefined) {
      this.intents.set(name, intent)
      this.#journal.setIntent(name, intent)
    } else if (this.intents.delete(name)) this.#journal.deleteIntent(name)
  }

  setArrival(name: string, arrival: Arrival | undefined): void {
    if (arrival !== undefined) {
      this.arrivals.set(name, arrival)
      this.#journal.setArrival(name, arrival)
    } else if (this.arrivals.delete(name)) this.#journal.deleteArrival(name)
  }

  lookAgain(name: string): void {
    this.#stale.add(name)
  }

  /** The names to look at, which are thereby taken over by the caller. */
  takeStale(): readonly string[] {
    const names = [...this.#stale]
    this.#stale.clear()
    return names
  }

  /** The names that changed since the last time this was asked. */
  takeTouched(): readonly string[] {
    const names = [...this.#touched]
    this.#touched.clear()
    return names
  }

  #keepRemote(name: string): void {
    const { synced, remote } = this.world.triple(name)
    const explicit = remote === undefined || remote.heads.length === 0 ? undefined : remote
    if (follows(explicit, synced)) this.#journal.deleteRemote(name)
    else this.#journal.setRemote(name, explicit)
  }
}

/** The store's side of a name that nobody has changed since it was synced. */
function remoteOf({ content, versionId, context }: SyncedEntry): RemoteEntry | undefined {
  if (versionId === undefined) return undefined
  const head = { content, mtimeMs: 0, versionId, createdAt: new Date(0), client: undefined }
  return { heads: [head], besideMarker: false, context }
}

function follows(remote: RemoteEntry | undefined, synced: SyncedEntry | undefined): boolean {
  if (remote === undefined) return synced?.versionId === undefined
  return !remote.besideMarker && remote.heads.length === 1 && remote.heads[0]?.versionId === synced?.versionId
}
