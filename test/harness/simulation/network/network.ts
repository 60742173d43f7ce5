import { TorcError } from '@torc/protocol/errors'
import {
  type Address,
  type Connection,
  formatAddress,
  type Listener,
  type Transport,
} from '@torc/protocol/transport/transport'
import type { Scheduler } from '../scheduler.js'
import type { SeededRandom } from '../seeded-random.js'
import type { SimulatedProcess } from '../simulated-process.js'
import { SimulatedConnection } from './connection.js'
import { Link, type LinkDelay } from './link.js'

const firstFreePort = 40_000

interface Listening {
  readonly process: SimulatedProcess
  readonly onConnection: (connection: Connection) => void
}

export interface NetworkOptions {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly delay?: LinkDelay
  /** A connection over a partition breaks after this long, as by TCP's user timeout. */
  readonly partitionBreaksMs?: number
}

/** Machines by name, links between them, and what can go wrong with both. */
export class SimulatedNetwork {
  readonly #scheduler: Scheduler
  readonly #random: SeededRandom
  readonly #delay: LinkDelay
  readonly #partitionBreaksMs: number
  readonly #links = new Map<string, Link>()
  readonly #listening = new Map<string, Listening>()
  readonly #connections = new Set<readonly [SimulatedConnection, SimulatedConnection]>()
  #freePort = firstFreePort

  constructor(options: NetworkOptions) {
    this.#scheduler = options.scheduler
    this.#random = options.random
    this.#delay = options.delay ?? { minMs: 0.05, maxMs: 0.5 }
    this.#partitionBreaksMs = options.partitionBreaksMs ?? 15_000
  }

  /** The transport of one process; the process's name is its host. It ends with the process. */
  transportOf(process: SimulatedProcess): Transport {
    process.onDeath(() => this.#lose(process))
    return {
      listen: async (address, onConnection) => this.#listen(process, address, onConnection),
      connect: (address, options) => this.#connect(process, address, options),
    }
  }

  /** The direction from one machine to another. */
  link(from: string, to: string): Link {
    const name = `${from}>${to}`
    let link = this.#links.get(name)
    if (link === undefined) {
      link = new Link(name, this.#delay, this.#scheduler, this.#random.fork(name))
      this.#links.set(name, link)
    }
    return link
  }

  /**
   * Nothing passes between the two groups until the returned function (or `heal`) is called; `oneWay`: nothing from
   * the first to the second.
   */
  partition(
    some: readonly string[],
    others: readonly string[],
    options: { oneWay?: boolean } = {},
  ): () => void {
    const held: Link[] = []
    for (const a of some) {
      for (const b of others) {
        held.push(this.link(a, b))
        if (options.oneWay !== true) held.push(this.link(b, a))
        const label = `${a}|${b} partition lasts`
        this.#scheduler.schedule(this.#partitionBreaksMs, label, () => this.#breakIfHeld(a, b))
      }
    }
    for (const link of held) link.hold()
    return () => {
      for (const link of held) link.release()
    }
  }

  /** Releases all links, whatever holds them. */
  heal(): void {
    for (const link of this.#links.values()) while (link.held) link.release()
  }

  /** Breaks all connections between two machines, once. */
  reset(a: string, b: string): void {
    this.#scheduler.record(`${a}|${b} reset`)
    for (const pair of this.#openPairs()) {
      const names = pair.map(({ process }) => process.name)
      if (names.includes(a) && names.includes(b)) for (const side of pair) side.break('read ECONNRESET')
    }
  }

  /** Open connections, for tests that want none left. */
  get openConnections(): number {
    return this.#openPairs().length
  }

  #openPairs(): (readonly [SimulatedConnection, SimulatedConnection])[] {
    for (const pair of this.#connections) if (pair.every(side => side.closed)) this.#connections.delete(pair)
    return [...this.#connections]
  }

  #breakIfHeld(a: string, b: string): void {
    if (this.link(a, b).held) this.reset(a, b)
  }

  #lose(process: SimulatedProcess): void {
    for (const [address, listening] of this.#listening) {
      if (listening.process === process) this.#listening.delete(address)
    }
    for (const pair of this.#openPairs()) {
      for (const side of pair) if (side.process === process) side.abandon(true)
    }
  }

  #listen(
    process: SimulatedProcess,
    asked: Address,
    onConnection: (connection: Connection) => void,
  ): Listener {
    const address = { host: process.name, port: asked.port === 0 ? this.#freePort++ : asked.port }
    const name = formatAddress(address)
    if (this.#listening.has(name)) throw new TorcError('CONFIG', `${name} is in use`)
    const listening = { process, onConnection }
    this.#listening.set(name, listening)
    return {
      address,
      close: async () => {
        if (this.#listening.get(name) === listening) this.#listening.delete(name)
      },
    }
  }

  #connect(
    process: SimulatedProcess,
    address: Address,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Connection> {
    const { timeoutMs, signal } = options
    const there = this.link(process.name, address.host)
    const back = this.link(address.host, process.name)
    const name = formatAddress(address)
    return new Promise((resolve, reject) => {
      let over = false
      const finish = (settle: () => void): void => {
        if (over || !process.alive) return
        over = true
        cancelTimer()
        signal?.removeEventListener('abort', onAbort)
        settle()
      }
      const onAbort = (): void =>
        finish(() => reject(new TorcError('CANCELLED', `connecting to ${name} was cancelled`)))
      const cancelTimer = process.schedule(timeoutMs, 'connect timeout', () =>
        finish(() => reject(new TorcError('TIMEOUT', `no connection to ${name} within ${timeoutMs} ms`))),
      )
      if (signal?.aborted) return onAbort()
      signal?.addEventListener('abort', onAbort)
      there.carry('connect', 0, () => {
        const listening = this.#listening.get(name)
        if (over) return
        if (listening === undefined) {
          const refused = new TorcError('UNREACHABLE', `${name} refused the connection`)
          back.carry('refused', 0, () => process.enter(() => finish(() => reject(refused))))
          return
        }
        const pair = this.#pair(process, listening.process, address, there, back)
        const [mine, theirs] = pair
        listening.process.enter(() => listening.onConnection(theirs))
        back.carry('connected', 0, () => {
          if (over || !process.alive) return mine.abandon(true)
          process.enter(() => (over ? mine.abandon(true) : finish(() => resolve(mine))))
        })
      })
    })
  }

  #pair(
    process: SimulatedProcess,
    acceptor: SimulatedProcess,
    address: Address,
    there: Link,
    back: Link,
  ): readonly [SimulatedConnection, SimulatedConnection] {
    const random = this.#random.fork(`connection ${this.#freePort}`)
    const remotePort = this.#freePort++
    const pair = SimulatedConnection.pair(
      { process, remoteHost: address.host, remotePort: address.port, link: there, random },
      { process: acceptor, remoteHost: process.name, remotePort, link: back, random },
    )
    this.#connections.add(pair)
    return pair
  }
}
