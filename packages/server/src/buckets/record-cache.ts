import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'
import type { ControlCall } from './control-store.js'

/** A record is believed for this long at most, in milliseconds, and read again in the background before. */
export const recordAgeMs = 2_000
const refreshAfterMs = 1_000
/** For so long more where it can't be read, also by a server that hears from few: it goes on (decision 4). */
export const unreadAgeMs = 60_000
/** Records that are kept at hand; beyond, the oldest entry goes. */
const cachedRecordsMax = 10_000

interface Cached<T> {
  readonly value: T
  readonly readMs: number
  /** The last reading of it failed; the next one is due then. */
  retryAtMs: number | undefined
}

/** Failures that say nothing of the record. */
const unreadable = new Set<string>([
  'UNAVAILABLE',
  'TIMEOUT',
  'UNREACHABLE',
  'OVERLOADED',
  'STALE_EPOCH',
  'NOT_OWNER',
  'NO_LAYOUT',
])

/** Whether the failure says nothing of the record: it may be read later, or through another server. */
export function saysNothing({ code }: TorcError): boolean {
  return unreadable.has(code)
}

/** What control records say, as requests look it up: from memory for a moment, then from the control store again. */
export class RecordCache<T> {
  readonly #load: (name: string, call: ControlCall) => Promise<T>
  readonly #clock: Clock
  readonly #hearsNews: () => boolean
  readonly #cache = new Map<string, Cached<T>>()
  readonly #reading = new Map<string, Promise<T>>()

  /**
   * `hearsNews`: this server would hear of changes, as it hears from most of the cluster. Then what it has read is
   * believed for as long as it can't be read again and nobody tells of a change.
   */
  constructor(
    clock: Clock,
    load: (name: string, call: ControlCall) => Promise<T>,
    hearsNews: () => boolean = () => false,
  ) {
    this.#clock = clock
    this.#hearsNews = hearsNews
    this.#load = load
  }

  /** At once where the record is fresh. Rejects as `load` does. */
  find(name: string, call: ControlCall): T | Promise<T> {
    const cached = this.#cache.get(name)
    if (cached === undefined) return this.#readSince(name, call)
    const nowMs = this.#clock.monotonicMs()
    const ageMs = nowMs - cached.readMs
    const { retryAtMs } = cached
    if (retryAtMs === undefined ? ageMs >= recordAgeMs : !this.#believes(ageMs))
      return this.#readSince(name, call)
    // Should it fail, whoever comes when the record is too old reads it again and hears of it.
    if (nowMs >= (retryAtMs ?? cached.readMs + refreshAfterMs) && !this.#reading.has(name))
      this.#read(name, call).catch(() => undefined)
    return cached.value
  }

  /** Drops what is remembered of a record; a reading that is under way is not kept either. */
  forget(name: string): void {
    this.#cache.delete(name)
    this.#reading.delete(name)
  }

  forgetAll(): void {
    this.#cache.clear()
    this.#reading.clear()
  }

  /**
   * As `#read`; but that a record is not there is believed only of a reading that began after the request came: it may
   * have been made meanwhile, through another server.
   */
  #readSince(name: string, call: ControlCall): Promise<T> {
    const begunBefore = this.#reading.get(name)
    if (begunBefore === undefined) return this.#read(name, call)
    return begunBefore.catch((thrown: unknown) => {
      if (saysNothing(TorcError.from(thrown))) throw thrown
      return this.#read(name, call)
    })
  }

  /** Requests that come while a record is being read share the reading. */
  #read(name: string, call: ControlCall): Promise<T> {
    const reading = this.#reading.get(name)
    if (reading !== undefined) return reading
    const readMs = this.#clock.monotonicMs()
    const started: Promise<T> = this.#load(name, { timeoutMs: call.timeoutMs }).then(
      value => {
        if (this.#end(name, started)) this.#keep(name, { value, readMs, retryAtMs: undefined })
        return value
      },
      (thrown: unknown) => {
        const current = this.#end(name, started)
        const error = TorcError.from(thrown)
        const cached = this.#cache.get(name)
        if (cached !== undefined && saysNothing(error)) {
          const nowMs = this.#clock.monotonicMs()
          cached.retryAtMs = nowMs + refreshAfterMs
          if (this.#believes(nowMs - cached.readMs)) return cached.value
        } else if (current) this.#cache.delete(name)
        throw error
      },
    )
    this.#reading.set(name, started)
    return started
  }

  /** Whether what could not be read again is still believed at this age. */
  #believes(ageMs: number): boolean {
    return ageMs < recordAgeMs + unreadAgeMs || this.#hearsNews()
  }

  /** Whether the reading was not overtaken by `forget`. */
  #end(name: string, reading: Promise<T>): boolean {
    return this.#reading.get(name) === reading && this.#reading.delete(name)
  }

  #keep(name: string, cached: Cached<T>): void {
    this.#cache.delete(name)
    this.#cache.set(name, cached)
    if (this.#cache.size <= cachedRecordsMax) return
    const [oldest] = this.#cache.keys()
    if (oldest !== undefined) this.#cache.delete(oldest)
  }
}
