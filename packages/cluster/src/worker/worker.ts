import type { Clock } from '@torc/protocol/environment/clock'

/** What a unit of background work says of the next one: at once, when there is something new, or later. */
export type WorkerOutcome = 'busy' | 'idle' | { readonly throttledMs: number }

/** Background work in bounded units (DESIGN §10). */
export interface Worker {
  readonly name: string
  /** Does one bounded unit. `signal` aborts when the runner stops. */
  step(signal: AbortSignal): Promise<WorkerOutcome>
  /** Where it is, for people: `torc status` shows it. */
  progress(): string
}

export interface WorkerStatus {
  readonly name: string
  readonly state: 'busy' | 'idle' | 'throttled' | 'failed' | 'stopped'
  readonly progress: string
  /** Message of the last step's error while the state is `failed`. */
  readonly error: string | undefined
}

export interface WorkerRunnerOptions {
  /** An idle worker is asked again after this long without a `wake`, in milliseconds. */
  readonly idleMs?: number
  /** Wait after a failure, doubled with each in a row. */
  readonly retryMs?: number
  readonly retryMsMax?: number
  /** Told of every failed step. */
  readonly onError?: (error: unknown) => void
}

/** Runs one worker until stopped: never two steps at once, and other input gets its turn between steps. */
export class WorkerRunner {
  readonly #clock: Clock
  readonly #worker: Worker
  readonly #idleMs: number
  readonly #retryMs: number
  readonly #retryMsMax: number
  readonly #onError: (error: unknown) => void
  readonly #stopping = new AbortController()
  #state: WorkerStatus['state'] = 'stopped'
  #error: string | undefined
  #failures = 0
  #cancelWait: (() => void) | undefined
  /** A wake that came during a step. */
  #woken = false
  #step: Promise<void> | undefined

  constructor(clock: Clock, worker: Worker, options: WorkerRunnerOptions = {}) {
    this.#clock = clock
    this.#worker = worker
    this.#idleMs = options.idleMs ?? 10_000
    this.#retryMs = options.retryMs ?? 100
    this.#retryMsMax = options.retryMsMax ?? 30_000
    // Without a listener the failure is still shown by `status`.
    this.#onError = options.onError ?? (() => {})
  }

  start(): void {
    if (this.#state !== 'stopped' || this.#stopping.signal.aborted) return
    this.#state = 'busy'
    this.#soon()
  }

  /** There is new work: an idle worker is asked at once (a throttled or failed one keeps waiting). */
  wake(): void {
    if (this.#step !== undefined) this.#woken = true
    else if (this.#state === 'idle') {
      this.#cancelWait?.()
      this.#state = 'busy'
      this.#soon()
    }
  }

  /** Resolves once no step runs any more; none will start. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#cancelWait?.()
    this.#cancelWait = undefined
    await this.#step
    this.#state = 'stopped'
  }

  status(): WorkerStatus {
    return {
      name: this.#worker.name,
      state: this.#state,
      progress: this.#worker.progress(),
      error: this.#error,
    }
  }

  #soon(): void {
    this.#cancelWait = undefined
    this.#clock.soon(() => this.#run())
  }

  #wait(ms: number): void {
    this.#cancelWait = this.#clock.after(ms, () => this.#run())
  }

  #run(): void {
    if (this.#stopping.signal.aborted) return
    this.#cancelWait = undefined
    this.#state = 'busy'
    this.#woken = false
    this.#step = this.#attempt()
  }

  async #attempt(): Promise<void> {
    try {
      this.#plan(await this.#worker.step(this.#stopping.signal))
    } catch (error) {
      this.#retry(error)
    }
  }

  #plan(outcome: WorkerOutcome): void {
    this.#step = undefined
    this.#failures = 0
    this.#error = undefined
    if (this.#stopping.signal.aborted) return
    if (outcome === 'busy' || (outcome === 'idle' && this.#woken)) this.#soon()
    else if (outcome === 'idle') {
      this.#state = 'idle'
      this.#wait(this.#idleMs)
    } else {
      this.#state = 'throttled'
      this.#wait(outcome.throttledMs)
    }
  }

  #retry(error: unknown): void {
    this.#step = undefined
    if (this.#stopping.signal.aborted) return
    this.#state = 'failed'
    this.#error = error instanceof Error ? error.message : String(error)
    this.#onError(error)
    this.#wait(Math.min(this.#retryMsMax, this.#retryMs * 2 ** this.#failures++))
  }
}
