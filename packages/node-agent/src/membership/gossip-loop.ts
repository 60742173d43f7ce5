import type { Member } from '@torc/cluster/membership/member-table'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import { type Address, formatAddress, parseAddress } from '@torc/protocol/transport/transport'
import type { Membership } from './membership.js'
import type { Peers } from './peers.js'

/** Pause between rounds, and how much of it is random, so that nodes do not march in step. */
const roundMs = 1_000
const jitter = 0.2
/** Members asked in a round. */
const peersPerRound = 3
const exchangeMs = 2_000
/** Time for telling peers that this node leaves. */
const farewellMs = 500

export interface GossipOptions {
  readonly membership: Membership
  readonly peers: Pick<Peers, 'reach'>
  readonly join: readonly Address[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Number of the layout that this node has. */
  readonly epoch: () => number
  /** A peer has a newer layout: fetch it. */
  readonly onNewerEpoch: (exchange: Exchange) => Promise<void>
}

interface Target {
  readonly address: Address
  /** Unknown for an address to join at. */
  readonly id: string | undefined
}

/** Once a second, full exchange of the member table with a few peers; those of `join` as long as nobody is known. */
export class GossipLoop {
  readonly #options: GossipOptions
  readonly #busy = new Set<string>()
  /** Addresses that refused this agent. */
  readonly #denied = new Set<string>()
  #cancel: (() => void) | undefined
  #stopped = false
  #rounds = 0

  constructor(options: GossipOptions) {
    this.#options = options
  }

  start(): void {
    this.#round()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  /** Tells some peers that this node leaves on purpose, if they listen at once. */
  async farewell(): Promise<void> {
    const { membership } = this.#options
    membership.leave()
    await Promise.all(this.#chosen().map(target => this.#exchange(target, farewellMs)))
  }

  #round(): void {
    if (this.#stopped) return
    const { membership, clock, random } = this.#options
    membership.tick()
    for (const target of this.#chosen()) void this.#exchange(target, exchangeMs)
    this.#rounds++
    const pauseMs = roundMs * (1 - jitter / 2 + jitter * random.fraction())
    this.#cancel = clock.after(pauseMs, () => this.#round())
  }

  /** A few members at random, the down ones among them, so that they are found again. */
  #chosen(): Target[] {
    const { membership, join, random } = this.#options
    const others = membership
      .members()
      .filter(member => member.id !== membership.selfId && member.state !== 'left')
    const targets: Target[] = []
    for (let left = peersPerRound; left > 0 && others.length > 0; left--) {
      const [member] = others.splice(Math.floor(random.fraction() * others.length), 1)
      const target = member === undefined ? undefined : targetOf(member)
      if (target !== undefined) targets.push(target)
    }
    // Also now and then: both halves of a cluster that never met find each other by it.
    if (targets.length === 0 || this.#rounds % 10 === 0) {
      const known = new Set(membership.members().map(member => member.address))
      for (const address of join)
        if (!known.has(formatAddress(address))) targets.push({ address, id: undefined })
    }
    return targets
  }

  async #exchange(target: Target, timeoutMs: number): Promise<void> {
    const { membership, peers, log } = this.#options
    const name = formatAddress(target.address)
    if (this.#busy.has(name)) return
    this.#busy.add(name)
    try {
      const exchange = await peers.reach(target.address, target.id)
      const head = { members: membership.members(), epoch: this.#options.epoch() }
      const { head: answer } = await exchange.request('gossip', head, { timeoutMs })
      membership.hear(answer.members)
      membership.reached(exchange.peer.id)
      if (answer.epoch > this.#options.epoch()) await this.#options.onNewerEpoch(exchange)
    } catch (thrown) {
      if (target.id !== undefined) membership.failed(target.id)
      const { code, message } = TorcError.from(thrown)
      const facts = { peer: target.id ?? name, code }
      // A wrong secret does not mend itself: whoever started the agent must hear of it, once.
      if (code === 'DENIED' && !this.#denied.has(name)) {
        this.#denied.add(name)
        log.warn(facts, `${name} refuses this agent (another cluster's secret?): ${message}`)
      } else log.debug(facts, 'gossip failed')
    } finally {
      this.#busy.delete(name)
    }
  }
}

function targetOf(member: Member): Target | undefined {
  const address = parseAddress(member.address)
  return address === undefined ? undefined : { address, id: member.id }
}
