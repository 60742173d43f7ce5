import { pathOf } from '../local/paths.js'
import type { LocalFolder, Refusal, Scan } from '../ports/local-folder.js'
import type { LocalEntry } from '../trees/entry.js'
import type { SyncState } from './sync-state.js'

export interface LocalNews {
  /** What is there and can't be synced. */
  readonly refused: readonly Refusal[]
  /** Paths to scan again: files changed while they were read. */
  readonly again: readonly string[]
}

/** Brings the tree of this machine up to date with the folder: all of it, or what lies at the watcher's marks. */
export class LocalCollector {
  readonly #local: LocalFolder
  readonly #state: SyncState
  readonly #signal: AbortSignal | undefined
  readonly #onFound: (names: number) => void
  /** Refused at the last scan, by name. */
  readonly #refused = new Map<string, Refusal>()

  constructor(
    local: LocalFolder,
    state: SyncState,
    signal: AbortSignal | undefined,
    onFound: (names: number) => void,
  ) {
    this.#local = local
    this.#state = state
    this.#signal = signal
    this.#onFound = onFound
  }

  async scanAll(): Promise<LocalNews> {
    const scan = await this.#local.scan(this.#options())
    this.#refused.clear()
    return this.#take(scan, [...this.#state.world.local.names()])
  }

  async scanAt(paths: readonly string[]): Promise<LocalNews> {
    const scan = await this.#local.scanAt(paths, this.#options())
    const known: string[] = []
    for (const path of paths) {
      if (this.#state.world.triple(path).local !== undefined) known.push(path)
      if (this.#state.world.triple(`${path}/`).local !== undefined) known.push(`${path}/`)
      known.push(...this.#state.world.local.below(`${path}/`))
      this.#forgetRefused(path)
    }
    return this.#take(scan, known)
  }

  #options() {
    let told = 0
    return {
      known: (name: string) => {
        const { local, synced } = this.#state.world.triple(name)
        return local ?? synced
      },
      signal: this.#signal,
      onProgress: (found: number) => {
        if (found > told) this.#onFound(found - told)
        told = Math.max(told, found)
      },
    }
  }

  /** `known`: the names that would be told if they were still there. */
  #take({ entries, refused, unstable }: Scan, known: readonly string[]): LocalNews {
    for (const refusal of refused) this.#refused.set(refusal.name, refusal)
    this.#state.world.setUnseen(this.#refused.keys())
    const moving = new Set(unstable)
    for (const [name, entry] of entries) {
      if (!sameEntry(this.#state.world.triple(name).local, entry)) this.#state.setLocal(name, entry)
    }
    for (const name of known) {
      if (entries.has(name) || moving.has(name) || this.#state.world.unseen(name)) continue
      this.#state.setLocal(name, undefined)
    }
    const told = [...this.#refused.values()].filter(({ silent }) => silent !== true)
    return { refused: told, again: unstable.map(pathOf) }
  }

  #forgetRefused(path: string): void {
    for (const name of [...this.#refused.keys()])
      if (name === path || name === `${path}/` || name.startsWith(`${path}/`)) this.#refused.delete(name)
  }
}

function sameEntry(a: LocalEntry | undefined, b: LocalEntry): boolean {
  return a !== undefined && a.fingerprint === b.fingerprint && a.content.sha256 === b.content.sha256
}
