import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { Address } from '@torc/protocol/transport/transport'
import { backoffMs } from './backoff.js'
import type { Deadline } from './deadline.js'

/** Opens one authenticated connection; DENIED when either side's proof fails, UNREACHABLE or TIMEOUT else. */
export type OpenExchange = (address: Address, signal: AbortSignal) => Promise<Exchange>

export interface ConnectorOptions {
  /** At least one. */
  readonly servers: readonly Address[]
  readonly open: OpenExchange
  readonly environment: Environment
  /** Told before each new round over the servers after one failed. */
  readonly onReconnecting?: ((error: TorcError, waitMs: number) => void) | undefined
}

/**
 * Keeps one connection to one of the servers. All calls share it; when it is lost, they share the search for
 * the next: rounds over the list, beginning behind the server that failed, with growing waits between them.
 */
export class Connector {
  readonly #options: ConnectorOptions
  readonly #closing = new AbortController()
  #exchange: Exchange | undefined
  #round: Promise<Exchange> | undefined
  #next = 0
  #failedRounds = 0
  #lastError: TorcError | undefined

  constructor(options: ConnectorOptions) {
    this.#options = options
  }

  /** The open connection, if there is one. */
  get current(): Exchange | undefined {
    return this.#exchange?.open === true ? this.#exchange : undefined
  }

  get several(): boolean {
    return this.#options.servers.length > 1
  }

  /** The connection, made anew within the deadline when need be. `rounds` bounds the search further. */
  async acquire(deadline: Deadline, rounds = Number.POSITIVE_INFINITY): Promise<Exchange> {
    for (let round = 1; ; round++) {
      const open = this.current
      if (open !== undefined) return open
      if (this.#closing.signal.aborted) throw new TorcError('CANCELLED', 'the store was closed')
      this.#round ??= this.#beginRound()
      try {
        return await deadline.wait(this.#round)
      } catch (thrown) {
        const error = TorcError.from(thrown)
        // Out of time while searching: why nothing was found says more than that time ran out.
        if (error.code === 'TIMEOUT' && deadline.remainingMs === 0) throw this.#lastError ?? error
        if (!error.retryable || round >= rounds) throw error
      }
    }
  }

  /** Leaves `exchange` to end its open requests and lets the next call go to another server of the list. */
  leave(exchange: Exchange): void {
    if (this.#exchange !== exchange) return
    this.#exchange = undefined
    // Its requests end by themselves; nobody waits for the connection any more.
    exchange.close().catch(() => exchange.destroy())
  }

  async close(): Promise<void> {
    this.#closing.abort(new TorcError('CANCELLED', 'the store was closed'))
    const exchange = this.#exchange
    this.#exchange = undefined
    await exchange?.close()
  }

  #beginRound(): Promise<Exchange> {
    const round = this.#searchOnce().finally(() => {
      this.#round = undefined
    })
    // Whoever waited may have given up meanwhile: then its failure concerns nobody.
    round.catch(() => {})
    return round
  }

  /** One round over the list; a wait precedes it when the round before failed. */
  async #searchOnce(): Promise<Exchange> {
    const { servers, environment, open, onReconnecting } = this.#options
    if (this.#failedRounds > 0) {
      const waitMs = backoffMs(this.#failedRounds, environment.random.fraction())
      if (this.#lastError !== undefined) onReconnecting?.(this.#lastError, waitMs)
      await this.#pause(waitMs)
    }
    let failure: TorcError | undefined
    for (let tried = 0; tried < servers.length; tried++) {
      const address = servers[this.#next]
      this.#next = (this.#next + 1) % servers.length
      if (address === undefined) continue
      try {
        const exchange = await open(address, this.#closing.signal)
        this.#adopt(exchange)
        return exchange
      } catch (thrown) {
        const error = TorcError.from(thrown, 'UNREACHABLE')
        // A server that refuses the key is worth more than one that is down: its answer is the one to show.
        failure = failure === undefined || failure.retryable ? error : failure
      }
    }
    this.#failedRounds++
    this.#lastError = failure
    throw failure ?? new TorcError('CONFIG', 'no server is named')
  }

  #adopt(exchange: Exchange): void {
    this.#exchange = exchange
    this.#failedRounds = 0
    exchange.closed.then(error => {
      this.#lastError = error
      if (this.#exchange === exchange) this.#exchange = undefined
    })
    // Closed while it was being opened.
    if (this.#closing.signal.aborted) exchange.destroy()
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing
    return new Promise((resolve, reject) => {
      const disarm = this.#options.environment.clock.after(ms, () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
      const onAbort = (): void => {
        disarm()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}
