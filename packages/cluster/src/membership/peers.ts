import type { Log } from '@torc/protocol/environment/log'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Exchange, Handlers } from '@torc/protocol/exchange/exchange'
import type { Identity } from '@torc/protocol/handshake/identity'
import { type Address, formatAddress, type Transport } from '@torc/protocol/transport/transport'

export interface PeersOptions {
  readonly transport: Transport
  readonly identity: Identity
  readonly handlers: Handlers
  readonly environment: Environment
  readonly log: Log
  /** The last connection to this node ended. */
  readonly onLost?: (id: string) => void
}

/** Patience with a connection attempt. */
const connectMs = 2_000

/** Connections to other nodes: opened when needed, shared, and used in both directions whoever opened them. */
export class Peers {
  readonly #options: PeersOptions
  readonly #byId = new Map<string, Exchange>()
  readonly #opening = new Map<string, Promise<Exchange>>()
  readonly #outgoing = new Set<Exchange>()
  readonly #stop = new AbortController()

  constructor(options: PeersOptions) {
    this.#options = options
  }

  /** Takes note of a connection that the peer opened. */
  accepted(exchange: Exchange): void {
    this.#keep(exchange)
  }

  /** The open connection to a node, or a new one to `address`. Rejects as `connectExchange` does. */
  async reach(address: Address, id?: string): Promise<Exchange> {
    const known = id === undefined ? undefined : this.#byId.get(id)
    if (known?.open === true) return known
    const name = formatAddress(address)
    const opening = this.#opening.get(name) ?? this.#open(address, name)
    const exchange = await opening
    if (id !== undefined && exchange.peer.id !== id) {
      throw new TorcError('UNREACHABLE', `${name} is ${exchange.peer.id} now, not ${id}`)
    }
    return exchange
  }

  /** Ends attempts and connections that this side opened; open requests get up to `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#outgoing].map(exchange => exchange.close(timeoutMs)))
  }

  #open(address: Address, name: string): Promise<Exchange> {
    const { transport, identity, handlers, environment, log } = this.#options
    const opening = connectExchange(transport, address, {
      identity,
      handlers,
      environment,
      log,
      timeoutMs: connectMs,
      expectedRoles: ['agent', 'server'],
      signal: this.#stop.signal,
    }).then(exchange => {
      this.#outgoing.add(exchange)
      exchange.closed.then(() => this.#outgoing.delete(exchange))
      this.#keep(exchange)
      return exchange
    })
    this.#opening.set(name, opening)
    const forget = (): void => void this.#opening.delete(name)
    opening.then(forget, forget)
    return opening
  }

  #keep(exchange: Exchange): void {
    const { id } = exchange.peer
    this.#byId.set(id, exchange)
    exchange.closed.then(() => {
      if (this.#byId.get(id) !== exchange) return
      this.#byId.delete(id)
      if (!this.#stop.signal.aborted) this.#options.onLost?.(id)
    })
  }
}
