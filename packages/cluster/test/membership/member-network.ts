import type { Clock } from '@torc/protocol/environment/clock'
import { silentLog } from '@torc/protocol/environment/log'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange, IncomingRequest } from '@torc/protocol/exchange/exchange'
import { type Address, formatAddress } from '@torc/protocol/transport/transport'
import type { Member } from '../../src/membership/member.js'
import { Membership } from '../../src/membership/membership.js'
import { seededRandom } from '../support/seeded-random.js'

type Handler = (request: IncomingRequest<'probe'>) => unknown

/** What one node came to think of another. */
export interface Seen {
  readonly atMs: number
  readonly by: string
  readonly of: string
  readonly state: Member['state'] | 'forgotten'
}

export interface NetworkNode {
  readonly id: string
  readonly address: Address
  readonly membership: Membership
  readonly random: Random
  refusal: TorcError | undefined
  state: 'up' | 'paused' | 'dead'
  /** Timers and messages that came due while it was paused. */
  readonly heldTimers: (() => void)[]
  readonly heldMessages: (() => void)[]
}

export interface NetworkOptions {
  readonly seed?: number
  /** Part of the messages that are lost. */
  readonly loss?: number
  readonly delayMsMax?: number
}

export interface AddOptions {
  readonly join?: readonly NetworkNode[]
  readonly id?: string
  readonly name?: string
  readonly role?: 'agent' | 'server'
  readonly incarnation?: number
}

const connectMs = 2_000

/** Members on virtual time: the production driver over messages that are delayed, lost, cut off or held back. */
export class MemberNetwork {
  readonly seen: Seen[] = []
  readonly nodes = new Map<string, NetworkNode>()
  readonly #loss: number
  readonly #delayMsMax: number
  readonly #random: Random
  readonly #cut = new Set<string>()
  /** Connections that were opened once: they last as long as the process at the other end. */
  readonly #open = new Set<string>()
  readonly #due: { atMs: number; callback: () => void }[] = []
  #ports = 1000
  nowMs = 0

  constructor(options: NetworkOptions = {}) {
    this.#random = seededRandom(options.seed ?? 1)
    this.#loss = options.loss ?? 0
    this.#delayMsMax = options.delayMsMax ?? 50
  }

  /** A node that joins at the nodes given. */
  add(options: AddOptions = {}): NetworkNode {
    const port = this.#ports++
    const address = { host: '127.0.0.1', port }
    const id = options.id ?? `node-${port}`
    const random = seededRandom(port * 7919 + Math.floor(this.#random.fraction() * 1e6))
    const clock: Clock = {
      nowMs: () => this.nowMs,
      monotonicMs: () => this.nowMs,
      after: (ms, callback) => this.#timer(node, ms, callback),
      soon: callback => void this.#timer(node, 0, callback),
    }
    const membership = new Membership({
      join: (options.join ?? []).map(other => other.address),
      clock,
      random,
      log: silentLog,
      reach: ({ address: to, member }) => this.#reach(node, to, member?.id),
      epoch: () => 0,
      onOtherEpoch: () => undefined,
      onRefused: error => {
        node.refusal = error
      },
    })
    const node: NetworkNode = {
      id,
      address,
      membership,
      random,
      refusal: undefined,
      state: 'up',
      heldTimers: [],
      heldMessages: [],
    }
    this.nodes.set(formatAddress(address), node)
    membership.subscribe(({ member, previous }) => {
      const of = member?.id ?? previous?.id ?? ''
      if (of !== id && member?.state !== previous?.state)
        this.seen.push({ atMs: this.nowMs, by: id, of, state: member?.state ?? 'forgotten' })
    })
    membership.begin({
      id,
      name: options.name ?? id,
      role: options.role ?? 'agent',
      address: formatAddress(address),
      zone: '',
      capacity: 0,
      incarnation: options.incarnation ?? 1,
    })
    void membership.start()
    return node
  }

  /** `count` nodes that know each other. */
  async cluster(count: number): Promise<NetworkNode[]> {
    const first = this.add()
    const all = [first]
    while (all.length < count) all.push(this.add({ join: [first] }))
    await this.until('all know each other', () =>
      all.every(node => node.membership.members().filter(({ state }) => state === 'alive').length === count),
    )
    this.seen.length = 0
    return all
  }

  /** Ends a process. Its peers notice that the connections end, unless it is the machine that is gone. */
  kill(node: NetworkNode, how: 'process' | 'machine'): void {
    node.state = 'dead'
    if (how === 'machine') return
    for (const other of this.nodes.values())
      this.#deliver(other, this.#delayMs(), () => other.membership.lost(node.id))
  }

  pause(node: NetworkNode): void {
    node.state = 'paused'
  }

  /** Timers fire before what arrived meanwhile is read, as the event loop does it. */
  resume(node: NetworkNode): void {
    node.state = 'up'
    for (const held of [...node.heldTimers.splice(0), ...node.heldMessages.splice(0)])
      this.#at(this.nowMs, held)
  }

  /** Nothing from `from` reaches `to` any more. */
  cut(from: NetworkNode, to: NetworkNode): void {
    this.#cut.add(`${from.id} ${to.id}`)
  }

  heal(): void {
    this.#cut.clear()
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms
    for (;;) {
      const next = this.#due[0]
      if (next === undefined || next.atMs > endMs) break
      this.#due.shift()
      this.nowMs = next.atMs
      next.callback()
      await new Promise(setImmediate)
    }
    this.nowMs = endMs
  }

  /** Advances until `condition` holds; returns the virtual time that took. */
  async until(what: string, condition: () => boolean, msMax = 60_000): Promise<number> {
    const beganMs = this.nowMs
    while (!condition()) {
      if (this.nowMs - beganMs > msMax) throw new Error(`waited in vain: ${what}`)
      await this.advance(50)
    }
    return this.nowMs - beganMs
  }

  #delayMs(): number {
    return 1 + this.#random.fraction() * this.#delayMsMax
  }

  #at(atMs: number, callback: () => void): { atMs: number; callback: () => void } {
    const entry = { atMs, callback }
    let [low, high] = [0, this.#due.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#due[middle]?.atMs ?? 0) <= atMs) low = middle + 1
      else high = middle
    }
    this.#due.splice(low, 0, entry)
    return entry
  }

  #timer(node: NetworkNode, ms: number, callback: () => void): () => void {
    let cancelled = false
    const run = (): void => {
      if (cancelled || node.state === 'dead') return
      if (node.state === 'paused') node.heldTimers.push(run)
      else callback()
    }
    this.#at(this.nowMs + ms, run)
    return () => {
      cancelled = true
    }
  }

  #deliver(node: NetworkNode, delayMs: number, callback: () => void): void {
    const run = (): void => {
      if (node.state === 'dead') return
      if (node.state === 'paused') node.heldMessages.push(run)
      else callback()
    }
    this.#at(this.nowMs + delayMs, run)
  }

  /** One message on its way; it may never arrive. */
  #send(from: NetworkNode, to: NetworkNode, callback: () => void): void {
    if (this.#cut.has(`${from.id} ${to.id}`) || this.#random.fraction() < this.#loss) return
    this.#deliver(to, this.#delayMs(), callback)
  }

  #reach(from: NetworkNode, address: Address, id: string | undefined): Promise<Exchange> {
    const to = this.nodes.get(formatAddress(address))
    const isRight = to !== undefined && (id === undefined || to.id === id)
    if (isRight && this.#open.has(`${from.id} ${formatAddress(address)}`) && to.state !== 'dead')
      return Promise.resolve(this.#exchange(from, to))
    return new Promise((resolve, reject) => {
      const cancel = this.#timer(from, connectMs, () => reject(new TorcError('TIMEOUT', 'no connection')))
      const refuse = (): void => {
        cancel()
        reject(new TorcError('UNREACHABLE', 'nobody listens there'))
      }
      if (to === undefined || to.state === 'dead') this.#deliver(from, this.#delayMs(), refuse)
      else if (!isRight) this.#deliver(from, this.#delayMs(), refuse)
      else {
        this.#send(from, to, () =>
          this.#send(to, from, () => {
            cancel()
            this.#open.add(`${from.id} ${formatAddress(address)}`)
            resolve(this.#exchange(from, to))
          }),
        )
      }
    })
  }

  #exchange(from: NetworkNode, to: NetworkNode): Exchange {
    const peerOf = ({ id, address }: NetworkNode) => ({ role: 'agent', id, address: formatAddress(address) })
    const request = (name: string, head: object, { timeoutMs }: { timeoutMs: number }): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const cancel = this.#timer(from, timeoutMs, () => reject(new TorcError('TIMEOUT', 'no answer')))
        const back = (settle: () => void): void =>
          this.#send(to, from, () => {
            cancel()
            settle()
          })
        const handler = (to.membership.handlers as Record<string, Handler>)[name] as Handler
        const incoming = { head: structuredClone(head), peer: peerOf(from) }
        this.#send(from, to, () => {
          void (async () => handler(incoming as unknown as IncomingRequest<'probe'>))().then(
            answer => back(() => resolve(structuredClone(answer))),
            error => back(() => reject(error)),
          )
        })
      })
    return { peer: peerOf(to), open: true, request } as unknown as Exchange
  }
}
