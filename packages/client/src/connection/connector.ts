import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { Address } from '@torc/protocol/transport/transport'
import { backoffMs } from './backoff.js'
import { Deadline } from './deadline.js'
import { race } from './race.js'
import { type OpenExchange, ServerLink } from './server-link.js'

export interface ConnectorOptions {
  /** At least one. */
  readonly servers: readonly Address[]
  readonly open: OpenExchange
  readonly environment: Environment
  /** Told before each new round over the servers after one failed. */
  readonly onReconnecting?: ((error: TorcError, waitMs: number) => void) | undefined
}

/** What a request that could go elsewhere waits at most for another server's connection, milliseconds. */
const otherServerMs = 1_000
/** More than a connection has requests: what is passed over is taken only where there is nothing else. */
const passedOver = 1_000_000

/**
 * Keeps a connection to each of the servers (decision 24). The first request waits for one server only; the others are
 * connected to from the second request on. A server that fails is left out, with growing waits between the attempts to
 * reach it, which requests to the others set off: an idle store does nothing. Where no server is connected, all
 * requests share the search: rounds over the list.
 */
export class Connector {
  readonly #options: ConnectorOptions
  readonly #closing = new AbortController()
  readonly #links: readonly ServerLink[]
  readonly #nowMs: () => number
  #round: Promise<Exchange> | undefined
  #failedRounds = 0
  #lastError: TorcError | undefined
  /** Where the next choice among equals begins. */
  #turn = 0
  #used = false

  constructor(options: ConnectorOptions) {
    const { servers, open, environment } = options
    this.#options = options
    this.#nowMs = () => environment.clock.monotonicMs()
    this.#links = servers.map(
      address =>
        new ServerLink(address, {
          ...{ open, environment, closing: this.#closing.signal },
          mayLeave: servers.length > 1 ? link => this.#mayLeave(link) : undefined,
          onOpened: () => {
            this.#failedRounds = 0
          },
          onLost: (_, error) => {
            this.#lastError = error
          },
        }),
    )
  }

  get several(): boolean {
    return this.#links.length > 1
  }

  /** For a request: the connection with the fewest requests under way; undefined where there is none at all. */
  pick(): Exchange | undefined {
    if (!this.several) return this.#links[0]?.current
    const exchange = this.#best(undefined)
    if (exchange === undefined) return undefined
    if (this.#used) this.#openOthers()
    this.#used = true
    return exchange
  }

  /** A connection, made within the deadline where need be. `rounds` bounds the search further. */
  async acquire(deadline: Deadline, rounds = Number.POSITIVE_INFINITY): Promise<Exchange> {
    for (let round = 1; ; round++) {
      const open = this.pick()
      if (open !== undefined) return open
      try {
        return await this.#search(deadline)
      } catch (thrown) {
        const error = TorcError.from(thrown)
        if (!error.retryable || round >= rounds || deadline.remainingMs === 0) throw error
      }
    }
  }

  /**
   * After an answer that says that a server can't serve: it is passed over for a while. Resolves with another server's
   * connection, or with any where no other can be reached.
   */
  async another(than: Exchange, deadline: Deadline): Promise<Exchange> {
    const refused = this.#links.find(link => link.current === than)
    refused?.shun()
    const best = this.#best(than)
    if (best !== undefined && best !== than) return best
    const others = this.#links.filter(link => link !== refused && (link.opening || link.due(this.#nowMs)))
    if (others.length > 0) {
      const { environment } = this.#options
      const patienceMs = Math.min(otherServerMs, deadline.remainingMs)
      const patience = new Deadline(environment.clock, patienceMs, deadline.signal)
      // Where none of them answers, the one that refused is asked once more.
      await patience.wait(this.#race(others)).catch(() => undefined)
    }
    return this.#best(than) ?? this.acquire(deadline)
  }

  async close(): Promise<void> {
    this.#closing.abort(new TorcError('CANCELLED', 'the store was closed'))
    await Promise.all(this.#links.map(link => link.close()))
  }

  #best(unwanted: Exchange | undefined): Exchange | undefined {
    const links = this.#links
    let best: Exchange | undefined
    let bestLoad = Number.POSITIVE_INFINITY
    let bestAt = 0
    for (let i = 0; i < links.length; i++) {
      const at = (this.#turn + i) % links.length
      const link = links[at]
      const exchange = link?.current
      if (link === undefined || exchange === undefined) continue
      let load = exchange.openRequests
      if (link.suspect || link.shunned(this.#nowMs)) load += passedOver
      if (exchange === unwanted) load += 2 * passedOver
      if (load >= bestLoad) continue
      best = exchange
      bestLoad = load
      bestAt = at
    }
    this.#turn = bestAt + 1
    return best
  }

  /** Sets off what is due, and waits for nothing: a link that fails keeps when it is due again. */
  #openOthers(): void {
    for (const link of this.#links) {
      if (link.due(this.#nowMs)) link.open().catch(() => undefined)
    }
  }

  /** A silent server is left where another one answers; where none is connected, that is what is tried now. */
  #mayLeave(silent: ServerLink): boolean {
    this.#openOthers()
    return this.#links.some(link => link !== silent && link.current !== undefined && !link.suspect)
  }

  async #search(deadline: Deadline): Promise<Exchange> {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
    this.#round ??= this.#beginRound()
    try {
      return await deadline.wait(this.#round)
    } catch (thrown) {
      const error = TorcError.from(thrown)
      // Out of time while searching: why nothing was found says more than that time ran out.
      if (error.code === 'TIMEOUT' && deadline.remainingMs === 0) throw this.#lastError ?? error
      throw error
    }
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
    const { environment, onReconnecting } = this.#options
    if (this.#failedRounds > 0) {
      const waitMs = backoffMs(this.#failedRounds, environment.random.fraction())
      if (this.#lastError !== undefined) onReconnecting?.(this.#lastError, waitMs)
      await this.#pause(waitMs)
    }
    try {
      // In the order of the list, but first those that did not fail lately.
      return await this.#race([...this.#links].sort((a, b) => a.failures - b.failures))
    } catch (thrown) {
      this.#failedRounds++
      this.#lastError = TorcError.from(thrown)
      throw thrown
    }
  }

  #race(links: readonly ServerLink[]): Promise<Exchange> {
    const attempts = links.map(link => () => link.open())
    return race(attempts, this.#options.environment.clock)
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
