import { TorcError } from '@torc/protocol/errors'
import type { AccessKeyAdmin } from '@torc/protocol/store/access-keys'
import type { Admin } from '@torc/protocol/store/admin'
import type { ObjectStore } from '@torc/protocol/store/object-store'

export type UsedStore = ObjectStore & Admin
/** A client as the library makes it. `close` lets what is open end. */
export type ClosableStore = UsedStore & { close(): Promise<void> }

type Iterating<T> = {
  [K in keyof T]: T[K] extends (...given: never[]) => AsyncIterable<unknown> ? K : never
}[keyof T]

/** The calls that answer item by item; one that is missing here does not compile. */
const iterating: Readonly<Record<Iterating<UsedStore>, true>> = {
  history: true,
  restore: true,
  list: true,
  versions: true,
  fetch: true,
  watch: true,
  parts: true,
  uploads: true,
  blocks: true,
}

export interface KeptClientOptions {
  readonly connect: () => Promise<ClosableStore>
  readonly nowMs: () => number
  /** Nobody waits for a retired client to close: told here where it fails. */
  readonly onCloseFailed: (thrown: unknown) => void
}

type AnyCall = (...given: readonly unknown[]) => unknown

/**
 * A client of one access key that is connected while it is used. Between two calls it may be closed: the next one
 * connects again, so that nobody who keeps the store notices.
 */
export class KeptClient {
  readonly store: UsedStore
  readonly #connect: () => Promise<ClosableStore>
  readonly #nowMs: () => number
  readonly #onCloseFailed: (thrown: unknown) => void
  #client: Promise<ClosableStore> | undefined
  #calls = 0
  #usedMs: number
  #retired = false

  constructor({ connect, nowMs, onCloseFailed }: KeptClientOptions) {
    this.#connect = connect
    this.#nowMs = nowMs
    this.#onCloseFailed = onCloseFailed
    this.#usedMs = nowMs()
    const keys = this.#forwarding<AccessKeyAdmin>(client => client.keys, {})
    const calls = this.#forwarding<UsedStore>(client => client, iterating)
    this.store = new Proxy(calls, {
      get: (target, name, receiver) => (name === 'keys' ? keys : Reflect.get(target, name, receiver)),
    })
  }

  /** Milliseconds without a call; 0 while one is under way. */
  get idleMs(): number {
    return this.#calls > 0 ? 0 : this.#nowMs() - this.#usedMs
  }

  get connected(): boolean {
    return this.#client !== undefined
  }

  /** Someone has it in hands. */
  touch(): void {
    this.#usedMs = this.#nowMs()
  }

  /** Nobody looks after it any more: it closes by itself whenever no call is under way. */
  retire(): void {
    this.#retired = true
    this.#closeRetired()
  }

  /** Closes the connections, whatever is under way ends before. */
  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    // One that could not connect has nothing to close, and told its callers.
    await client?.then(
      connected => connected.close(),
      () => undefined,
    )
  }

  /** An object whose methods are those of what `pick` finds in the client of the moment. */
  #forwarding<T extends object>(
    pick: (client: ClosableStore) => object,
    items: Readonly<Record<string, true>>,
  ): T {
    const call = async (name: string, given: readonly unknown[]): Promise<unknown> => {
      const client = await this.#connected()
      const target = pick(client) as Readonly<Record<string, AnyCall>>
      const method = target[name]
      if (method === undefined) throw new TorcError('UNSUPPORTED', `a store has no call ${name}`)
      return method.apply(target, [...given])
    }
    const once = (name: string, given: readonly unknown[]): Promise<unknown> =>
      this.#counted(() => call(name, given))
    const each = (name: string, given: readonly unknown[]): AsyncIterable<unknown> =>
      this.#countedItems(async () => (await call(name, given)) as AsyncIterable<unknown>)
    return new Proxy({} as T, {
      get: (_, name) => {
        // A store is no promise: whoever awaits it gets it as it is.
        if (typeof name !== 'string' || name === 'then') return undefined
        return (...given: readonly unknown[]) => (name in items ? each(name, given) : once(name, given))
      },
    })
  }

  async #connected(): Promise<ClosableStore> {
    this.#client ??= this.#connect()
    const attempt = this.#client
    try {
      return await attempt
    } catch (thrown) {
      if (this.#client === attempt) this.#client = undefined
      throw thrown
    }
  }

  #ended(): void {
    this.#calls--
    this.touch()
    this.#closeRetired()
  }

  #closeRetired(): void {
    if (this.#retired && this.#calls === 0) this.close().catch(this.#onCloseFailed)
  }

  async #counted<R>(call: () => Promise<R>): Promise<R> {
    this.#calls++
    try {
      return await call()
    } finally {
      this.#ended()
    }
  }

  async *#countedItems(begin: () => Promise<AsyncIterable<unknown>>): AsyncGenerator<unknown> {
    this.#calls++
    try {
      yield* await begin()
    } finally {
      this.#ended()
    }
  }
}
