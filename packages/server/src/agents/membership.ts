import type { Member, MembershipAction, MembershipEvent } from '@torc/cluster/membership/member-table'
import { MemberTable } from '@torc/cluster/membership/member-table'
import type { Log } from '@torc/protocol/environment/log'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { Address } from '@torc/protocol/transport/transport'
import { formatAddress } from '@torc/protocol/transport/transport'
import type { AgentPool } from './agent-pool.js'

/** Time between rounds, peers per round, and patience with one of them. */
const roundMs = 1_000
const peersPerRound = 2
const gossipMs = 1_500

export interface MembershipOptions {
  readonly self: Member
  readonly join: readonly Address[]
  readonly environment: Environment
  readonly log: Log
  /** Opens a connection to whoever listens there. */
  readonly connect: (address: Address) => Promise<Exchange>
  /** Number of the layout that this server has. */
  readonly epoch: () => number
  /** A peer has another layout: it may be newer, or the peer may lack ours. */
  readonly onOtherEpoch: (peer: string) => void
}

/**
 * Who is in the cluster, by exchanging member tables with a few peers once a second. Any live node of the join
 * list is enough to find the rest. The table decides; this file only carries messages and time to it.
 */
export class Membership {
  readonly table: MemberTable
  readonly #options: MembershipOptions
  readonly #pool: AgentPool
  #cancelRound: (() => void) | undefined
  #round: Promise<void> | undefined
  #closed = false

  constructor(options: MembershipOptions, pool: AgentPool) {
    this.#options = options
    this.#pool = pool
    this.table = new MemberTable(options.self, options.environment.clock.monotonicMs())
  }

  /** Joins, and goes on gossiping. Resolves after the first round: with what it found, or with nobody there. */
  async start(): Promise<void> {
    await this.#joinAll()
    await Promise.all(this.#pool.ids.map(agent => this.#pool.track(agent)))
    this.#schedule()
  }

  /** Takes in what a peer says and returns what this server knows. */
  heard(members: readonly Member[], epoch: number, peer: string): { members: Member[]; epoch: number } {
    this.step({ kind: 'gossip', members })
    if (epoch !== this.#options.epoch()) this.#options.onOtherEpoch(peer)
    return this.#message()
  }

  step(event: MembershipEvent): void {
    for (const action of this.table.step(event, this.#options.environment.clock.monotonicMs()))
      this.#apply(action)
  }

  /** Whether other servers are at work, as far as is known. */
  get hasOtherServers(): boolean {
    const { id } = this.table.self
    return this.table
      .members()
      .some(other => other.role === 'server' && other.id !== id && other.state === 'alive')
  }

  /** Says good-bye to a few peers and stops. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRound?.()
    await this.#round
    this.step({ kind: 'leave' })
    await Promise.all(this.#somePeers().map(agent => this.#gossipWith(agent)))
  }

  #message(): { members: Member[]; epoch: number } {
    return { members: this.table.members(), epoch: this.#options.epoch() }
  }

  #apply(action: MembershipAction): void {
    if (action.kind !== 'changed') return
    const { member, previous } = action
    if (member === undefined) {
      if (previous?.role === 'agent') this.#pool.forget(previous.id)
      return
    }
    if (member.role !== 'agent' || this.#closed) return
    if (previous?.state !== member.state) {
      this.#options.log.info(
        { agent: member.id, state: member.state, address: member.address },
        'agent changed state',
      )
    }
    if (member.state === 'left') this.#pool.forget(member.id)
    // News of an agent that is new, came back or moved: no reason to wait for the next attempt.
    else if (previous?.state !== member.state || previous.address !== member.address)
      void this.#pool.track(member.id)
  }

  #schedule(): void {
    if (this.#closed) return
    const { clock, random } = this.#options.environment
    this.#cancelRound = clock.after(roundMs * (0.75 + random.fraction() / 2), () => {
      this.#round = this.#runRound().finally(() => this.#schedule())
    })
  }

  async #runRound(): Promise<void> {
    this.step({ kind: 'tick' })
    const peers = this.#somePeers()
    if (peers.length === 0) await this.#joinAll()
    else await Promise.all(peers.map(agent => this.#gossipWith(agent)))
  }

  #somePeers(): string[] {
    const open = this.#pool.ids.filter(agent => this.#pool.exchangeOf(agent) !== undefined)
    const { random } = this.#options.environment
    const chosen: string[] = []
    while (chosen.length < peersPerRound && open.length > 0) {
      chosen.push(...open.splice(Math.floor(random.fraction() * open.length), 1))
    }
    return chosen
  }

  async #gossipWith(agent: string): Promise<void> {
    try {
      const { head } = await this.#pool.request(agent, 'gossip', this.#message(), { timeoutMs: gossipMs })
      this.step({ kind: 'reached', id: agent })
      this.#pool.trust(agent)
      this.heard(head.members, head.epoch, agent)
    } catch (error) {
      this.#options.log.debug({ agent, error: TorcError.from(error).message }, 'gossip failed')
    }
  }

  async #joinAll(): Promise<void> {
    await Promise.all(this.#options.join.map(address => this.#joinAt(address)))
  }

  /** A node at `address` tells whom it knows. An agent's connection is kept. */
  async #joinAt(address: Address): Promise<void> {
    if (formatAddress(address) === this.table.self.address) return
    let exchange: Exchange | undefined
    try {
      exchange = await this.#options.connect(address)
      const { head } = await exchange.request('gossip', this.#message(), { timeoutMs: gossipMs })
      const { role, id } = exchange.peer
      this.step({ kind: 'gossip', members: head.members })
      if (role === 'agent' && !this.#closed) this.#pool.adopt(exchange)
      else void exchange.close()
      this.heard([], head.epoch, id)
    } catch (thrown) {
      void exchange?.close()
      const error = TorcError.from(thrown)
      // Not there yet is usual while a cluster starts; another cluster or secret is the operator's mistake.
      const level = error.code === 'UNREACHABLE' || error.code === 'TIMEOUT' ? 'debug' : 'warn'
      this.#options.log[level](
        { address: formatAddress(address), error: error.message },
        'cannot join there yet',
      )
    }
  }
}
