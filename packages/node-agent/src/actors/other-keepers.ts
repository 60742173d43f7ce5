import { actorId } from '@torc/cluster/clocks/dot'
import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import { decodeEpoch } from '@torc/cluster/ring/epoch'
import type { LeaseEnd } from '../index/counter-lease.js'
import { reachAgent } from '../membership/reach-agent.js'
import type { KeeperAnswer } from './boot-verdict.js'

/** What an agent needs of the others to lease counters. Both reject where the agent does not answer. */
export interface OtherKeepers {
  /** What `keeper` has of this agent's leases. */
  ask(keeper: string, signal: AbortSignal): Promise<KeeperAnswer>
  /** Resolves once `keeper` has it on its disk. */
  store(keeper: string, lease: LeaseEnd, signal: AbortSignal): Promise<void>
}

export interface PeerKeepersParts {
  readonly nodeId: string
  readonly membership: Membership
  readonly peers: Pick<Peers, 'reach'>
  readonly clock: HybridClock
}

/** Patience with one agent, in milliseconds. */
const answerMs = 2_000

/** The other agents of the layout, over the peers' connections. */
export class PeerKeepers implements OtherKeepers {
  readonly #parts: PeerKeepersParts

  constructor(parts: PeerKeepersParts) {
    this.#parts = parts
  }

  async ask(keeper: string, signal: AbortSignal): Promise<KeeperAnswer> {
    const { nodeId, membership, peers, clock } = this.#parts
    const exchange = await reachAgent(membership, peers, keeper)
    const options = { timeoutMs: answerMs, signal }
    const leases: LeaseEnd[] = []
    const question = { time: clock.now(), agent: nodeId }
    for await (const { head } of exchange.fetch('fetchCounterLeases', question, options)) {
      clock.observe(head.time)
      leases.push(...head.leases.map(([actor, leaseEnd]) => ({ actor: actorId(actor), leaseEnd })))
    }
    let epoch = 0
    for await (const { head } of exchange.fetch('fetchEpoch', {}, options))
      if (head.epoch !== undefined) epoch = decodeEpoch(head.epoch, 'BAD_REQUEST').number
    return { epoch, leases }
  }

  async store(keeper: string, { actor, leaseEnd }: LeaseEnd, signal: AbortSignal): Promise<void> {
    const { nodeId, membership, peers, clock } = this.#parts
    const exchange = await reachAgent(membership, peers, keeper)
    const request = { time: clock.now(), agent: nodeId, actor, leaseEnd }
    const { head } = await exchange.request('putCounterLease', request, { timeoutMs: answerMs, signal })
    clock.observe(head.time)
  }
}
