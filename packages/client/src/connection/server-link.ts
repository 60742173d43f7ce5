import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { SilenceRule } from '@torc/protocol/exchange/liveness'
import type { Address } from '@torc/protocol/transport/transport'
import { backoff, backoffMs } from './backoff.js'

/**
 * Opens one authenticated connection; DENIED when either side's proof fails, UNREACHABLE or TIMEOUT else. The rule
 * says when to leave a server that is silent; it is absent where no other is listed.
 */
export type OpenExchange = (
  address: Address,
  signal: AbortSignal,
  silence: SilenceRule | undefined,
) => Promise<Exchange>

/**
 * A server that owes an answer and is silent is left within some four seconds. A server whose event loop is held up
 * for three has other troubles; a request that was under way there is repeated elsewhere, and takes effect once.
 */
export const silence = Object.freeze({ pingMs: 1_000, pongMs: 3_000 })

/** Refusals that lie further apart than this have nothing to do with each other, milliseconds. */
const refusalsApartMs = 10_000

export interface ServerLinkParts {
  readonly open: OpenExchange
  readonly environment: Environment
  /** Ends what is being opened. */
  readonly closing: AbortSignal
  /** Whether a silent server may be left; undefined where it is the only one of the list. */
  readonly mayLeave: ((link: ServerLink) => boolean) | undefined
  readonly onOpened: (link: ServerLink) => void
  readonly onLost: (link: ServerLink, error: TorcError | undefined) => void
}

/** One server of the list: its connection where there is one, and how it did lately. */
export class ServerLink {
  readonly address: Address
  readonly #parts: ServerLinkParts
  readonly #silence: SilenceRule | undefined
  #exchange: Exchange | undefined
  #opening: Promise<Exchange> | undefined
  #suspect = false
  #failures = 0
  /** Monotonic; before that it is not tried again in the background. */
  #dueMs = 0
  #refusals = 0
  #refusedMs = 0
  #shunnedUntilMs = 0

  constructor(address: Address, parts: ServerLinkParts) {
    this.address = address
    this.#parts = parts
    const { mayLeave } = parts
    if (mayLeave === undefined) return
    this.#silence = {
      ...silence,
      onSuspect: suspect => {
        this.#suspect = suspect
      },
      mayLeave: () => mayLeave(this),
    }
  }

  /** The connection, while it takes requests. */
  get current(): Exchange | undefined {
    return this.#exchange?.open === true ? this.#exchange : undefined
  }

  /** Attempts to connect that failed since one succeeded. */
  get failures(): number {
    return this.#failures
  }

  /** It owes an answer and a PONG, and nothing came for a while. */
  get suspect(): boolean {
    return this.#suspect
  }

  /** It said lately that it can't serve. `nowMs` is asked for only where it did. */
  shunned(nowMs: () => number): boolean {
    return this.#shunnedUntilMs > 0 && nowMs() < this.#shunnedUntilMs
  }

  get opening(): boolean {
    return this.#opening !== undefined
  }

  /** There is no connection, none is being made, and the wait after the last failure is over. `nowMs` is monotonic. */
  due(nowMs: () => number): boolean {
    return this.current === undefined && this.#opening === undefined && nowMs() >= this.#dueMs
  }

  /** Connects, or joins the attempt that is under way. */
  open(): Promise<Exchange> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** Passes it over for a while, longer with each refusal: a server that fails at once would draw all requests. */
  shun(): void {
    const nowMs = this.#nowMs()
    this.#refusals = nowMs - this.#refusedMs > refusalsApartMs ? 1 : this.#refusals + 1
    this.#refusedMs = nowMs
    this.#shunnedUntilMs = nowMs + backoffMs(this.#refusals, this.#parts.environment.random.fraction())
  }

  async close(): Promise<void> {
    const exchange = this.#exchange
    this.#exchange = undefined
    await exchange?.close()
  }

  async #connect(): Promise<Exchange> {
    const { open, closing } = this.#parts
    let exchange: Exchange
    try {
      exchange = await open(this.address, closing, this.#silence)
    } catch (thrown) {
      this.#fail(this.#failures + 1)
      throw TorcError.from(thrown, 'UNREACHABLE')
    }
    if (closing.aborted) {
      exchange.destroy()
      throw closing.reason
    }
    this.#adopt(exchange)
    return exchange
  }

  #adopt(exchange: Exchange): void {
    const openedMs = this.#nowMs()
    const failures = this.#failures
    this.#exchange = exchange
    this.#failures = 0
    this.#suspect = false
    this.#shunnedUntilMs = 0
    exchange.closed.then(error => {
      if (this.#exchange !== exchange) return
      this.#exchange = undefined
      this.#suspect = false
      // One that takes connections and drops them is no better than one that refuses them.
      this.#fail(this.#nowMs() - openedMs < backoff.maxMs ? failures + 1 : 1)
      this.#parts.onLost(this, error)
    })
    this.#parts.onOpened(this)
  }

  #fail(failures: number): void {
    this.#failures = failures
    this.#dueMs = this.#nowMs() + backoffMs(failures, this.#parts.environment.random.fraction())
  }

  #nowMs(): number {
    return this.#parts.environment.clock.monotonicMs()
  }
}
