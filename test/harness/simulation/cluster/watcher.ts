import { TorcError } from '@torc/protocol/errors'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { SimulatedProcess } from '../simulated-process.js'
import { type History, Violation, type Write } from './history.js'

/** How long after the last fault everything must have been told. */
const patienceMs = 60_000
const lookMs = 250

/**
 * A client that follows the changes of the bucket while all else happens. At the end every acknowledged version must have
 * been told, and none twice.
 */
export class Watcher {
  readonly #store: ObjectStore
  readonly #process: SimulatedProcess
  readonly #bucket: string
  readonly #history: History
  readonly #mayReset: boolean
  readonly #told = new Set<string>()
  /** Acknowledged before it was told that it had missed something. */
  readonly #excused = new Set<string>()
  readonly #stop = new AbortController()
  #resets = 0
  #failure: unknown

  /** `mayReset`: something takes what was stored, or agents leave for good. */
  constructor(
    { store, process }: { readonly store: ObjectStore; readonly process: SimulatedProcess },
    {
      bucket,
      history,
      mayReset,
    }: { readonly bucket: string; readonly history: History; readonly mayReset: boolean },
  ) {
    this.#store = store
    this.#process = process
    this.#bucket = bucket
    this.#history = history
    this.#mayReset = mayReset
  }

  get toldCount(): number {
    return this.#told.size
  }

  get resets(): number {
    return this.#resets
  }

  /** Begins, and goes on in the background. Resolves once it has a cursor. */
  async start(): Promise<void> {
    const { signal } = this.#stop
    await new Promise<void>((resolve, reject) => {
      this.#follow(signal, resolve).catch((thrown: unknown) => {
        if (!signal.aborted) this.#failure = thrown
        reject(thrown)
      })
    })
  }

  async #follow(signal: AbortSignal, begun: () => void): Promise<void> {
    for await (const { changes, reset } of this.#store.watch(this.#bucket, { signal })) {
      begun()
      if (reset) this.#missed()
      for (const { key, versionId, type } of changes) {
        const name = `${type} ${key} ${versionId}`
        if (this.#told.has(name)) throw new Violation(`${name} was told twice`)
        this.#told.add(name)
      }
    }
  }

  #missed(): void {
    this.#resets++
    if (!this.#mayReset) throw new Violation('the watcher had to begin anew, and nothing was lost')
    for (const write of this.#acknowledged()) this.#excused.add(nameOf(write))
  }

  *#acknowledged(): Iterable<Write> {
    for (const key of this.#history.keys)
      for (const write of this.#history.versionsOf(key)) if (write.outcome === 'acknowledged') yield write
  }

  /** Waits until all is told that was acknowledged; ends the watch. */
  async finish(): Promise<void> {
    const { clock } = this.#process.environment
    const endMs = clock.monotonicMs() + patienceMs
    for (;;) {
      if (this.#failure !== undefined) throw violationOf(this.#failure)
      const lacking = [...this.#acknowledged()]
        .map(nameOf)
        .filter(name => !this.#told.has(name) && !this.#excused.has(name))
      if (lacking.length === 0) break
      if (clock.monotonicMs() > endMs)
        throw new Violation(
          `${lacking.length} acknowledged versions were not told: ${lacking.slice(0, 5).join(', ')}`,
        )
      await this.#process.pause(lookMs, 'waits')
    }
    this.#stop.abort()
  }
}

function nameOf({ kind, key, versionId }: Write): string {
  return `${kind} ${key} ${versionId}`
}

function violationOf(thrown: unknown): unknown {
  if (!(thrown instanceof TorcError)) return thrown
  return new Violation(`the watcher was given up: ${thrown.code} ${thrown.message}`, { cause: thrown })
}
