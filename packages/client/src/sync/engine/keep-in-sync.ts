import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { backoffMs } from '../../connection/backoff.js'
import type { LocalFolder } from '../ports/local-folder.js'
import type { RemoteFolder } from '../ports/remote-folder.js'
import type { SyncEngine } from './engine.js'
import type { SyncReport } from './report.js'

/** How long one question for changes waits in the store. */
const feedWaitMs = 20_000
/** A run begins when the folder was at rest for so long, as an editor's save is more than one change … */
const restMs = 120
/** … or when this long has passed since the first change. */
const restMsMax = 1_500
/** From so many marks on, all is scanned: of a process that was busy the system drops events, and says so to nobody. */
const marksMax = 8_000

export interface KeepOptions {
  readonly environment: Pick<Environment, 'clock' | 'random'>
  /** From one scan of the whole folder to the next. */
  readonly intervalMs: number
  readonly signal: AbortSignal
  /** After each run that did something or left something. */
  onRun(report: SyncReport): Promise<void> | void
  /** The store can't be reached (or the like): it is tried again. */
  onTrouble(error: TorcError): void
}

/**
 * Runs until `signal` aborts: at the watcher's marks, at what the feed tells, and over the whole folder at each interval, as
 * no watcher tells everything. Trouble that may pass is waited out; anything else is thrown.
 */
export async function keepInSync(
  engine: SyncEngine,
  local: LocalFolder,
  remote: RemoteFolder,
  options: KeepOptions,
): Promise<void> {
  const { environment, intervalMs, signal, onRun, onTrouble } = options
  const { clock } = environment
  const bell = new Bell(options)
  let marks = new Set<string>()
  let marked = 0
  const unwatch = await local.watch(path => {
    marks.add(path)
    marked++
    bell.ring()
  })
  const feed = new FeedWatch(remote, bell, options)
  try {
    let nextScanAt = clock.monotonicMs()
    for (let failures = 0; !signal.aborted; ) {
      const all = marked >= marksMax || clock.monotonicMs() >= nextScanAt
      const paths = [...marks]
      marks = new Set()
      marked = 0
      try {
        const report = await engine.run(all ? 'all' : paths)
        failures = 0
        if (all) nextScanAt = clock.monotonicMs() + intervalMs
        await onRun(report)
        feed.watchFrom(engine.cursor)
      } catch (thrown) {
        if (signal.aborted) return
        const error = TorcError.from(thrown)
        if (!error.retryable) throw error
        for (const path of all ? ['', ...paths] : paths) marks.add(path)
        failures++
        onTrouble(error)
        await bell.sleep(backoffMs(failures, environment.random.fraction()))
        continue
      }
      await bell.wait(Math.max(0, nextScanAt - clock.monotonicMs()))
      await settle(bell, clock)
    }
  } finally {
    feed.stop()
    await unwatch()
  }
}

/** Waits until nothing has rung for a moment: then nobody is in the middle of a save. */
async function settle(bell: Bell, clock: Environment['clock']): Promise<void> {
  const until = clock.monotonicMs() + restMsMax
  for (;;) {
    const restedAt = Math.min(bell.rungAtMs + restMs, until)
    const now = clock.monotonicMs()
    if (now >= restedAt || bell.isOver) return bell.still()
    await bell.sleep(restedAt - now)
  }
}

/** Wakes the loop. */
class Bell {
  readonly #clock: Environment['clock']
  readonly #signal: AbortSignal
  #rung = false
  #rungAtMs = Number.NEGATIVE_INFINITY
  #wake: (() => void) | undefined

  constructor({ environment, signal }: KeepOptions) {
    this.#clock = environment.clock
    this.#signal = signal
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
  }

  ring(): void {
    this.#rung = true
    this.#rungAtMs = this.#clock.monotonicMs()
    this.#wake?.()
  }

  /** Nobody waits any more. */
  get isOver(): boolean {
    return this.#signal.aborted
  }

  /** When it rang last. */
  get rungAtMs(): number {
    return this.#rungAtMs
  }

  /** What rang is taken care of. */
  still(): void {
    this.#rung = false
  }

  /** Until it rings, has rung, or `ms` have passed. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) await this.#pause(ms, true)
  }

  /** Whoever rings. */
  async sleep(ms: number): Promise<void> {
    await this.#pause(ms, false)
  }

  #pause(ms: number, wakes: boolean): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const end = () => {
        cancel()
        this.#wake = undefined
        resolve()
      }
      const cancel = this.#clock.after(ms, end)
      this.#wake = wakes ? end : () => this.#signal.aborted && end()
    })
  }
}

/** Asks the store again and again whether something changed behind the cursor that the engine has reached. */
class FeedWatch {
  readonly #remote: RemoteFolder
  readonly #bell: Bell
  readonly #stop = new AbortController()
  #asking: string | undefined

  constructor(remote: RemoteFolder, bell: Bell, options: KeepOptions) {
    this.#remote = remote
    this.#bell = bell
    options.signal.addEventListener('abort', () => this.stop(), { once: true })
  }

  stop(): void {
    this.#stop.abort(new TorcError('CANCELLED', 'the sync ends'))
  }

  watchFrom(cursor: string | undefined): void {
    if (cursor === undefined || this.#asking !== undefined) return
    this.#asking = cursor
    this.#remote.changes(cursor, feedWaitMs, this.#stop.signal).then(
      ({ names, reset, cursor: next }) => {
        this.#asking = undefined
        if (names.size > 0 || reset) this.#bell.ring()
        else this.watchFrom(next)
      },
      // The next run meets the same trouble, and waits it out.
      () => {
        this.#asking = undefined
        if (!this.#stop.signal.aborted) this.#bell.ring()
      },
    )
  }
}
