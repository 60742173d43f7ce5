import { takesPart } from '@torc/cluster/membership/member'
import type { MemberChange } from '@torc/cluster/membership/member-table'
import { Membership } from '@torc/cluster/membership/membership'
import type { Contact } from '@torc/cluster/membership/membership-options'
import type { Peers } from '@torc/cluster/membership/peers'
import type { Log } from '@torc/protocol/environment/log'
import type { Environment } from '@torc/protocol/environment/system'
import type { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { Address } from '@torc/protocol/transport/transport'
import type { AgentPool } from './agent-pool.js'
import { notSent } from './agents.js'

export interface ServerMembershipOptions {
  readonly join: readonly Address[]
  readonly environment: Environment
  readonly log: Log
  readonly peers: Pick<Peers, 'reach'>
  /** Number of the layout that this server has. */
  readonly epoch: () => number
  /** An agent has another layout: it may be newer, or the agent may lack ours. */
  readonly onOtherEpoch: (agent: string) => void
  readonly onRefused: (error: TorcError) => void
}

/** The membership of a server: it talks to agents over the pool's links, which it keeps in step with what it hears. */
export function serverMembership(options: ServerMembershipOptions, pool: AgentPool): Membership {
  const { environment, join, log, epoch, onOtherEpoch, onRefused, peers } = options
  const membership = new Membership({
    join,
    clock: environment.clock,
    random: environment.random,
    log,
    reach: contact => reach(contact, peers, pool),
    epoch,
    onOtherEpoch: ({ peer }) => {
      if (peer.role === 'agent') onOtherEpoch(peer.id)
    },
    onAnswer: ({ id }) => pool.trust(id),
    onRefused,
  })
  membership.subscribe(change => keepInStep(change, pool))
  return membership
}

/** Whether other servers are at work, as far as is known. */
export function hasOtherServers(membership: Membership): boolean {
  return membership
    .members()
    .some(
      ({ role, id, state }) =>
        role === 'server' && id !== membership.selfId && (state === 'alive' || state === 'suspect'),
    )
}

async function reach(
  { address, member, fresh }: Contact,
  peers: Pick<Peers, 'reach'>,
  pool: AgentPool,
): Promise<Exchange> {
  if (member?.role === 'agent' && !fresh) {
    if (pool.exchangeOf(member.id) === undefined) await pool.track(member.id)
    const exchange = pool.exchangeOf(member.id)
    if (exchange === undefined) throw notSent(member.id)
    return exchange
  }
  const exchange = await peers.reach(address, fresh ? undefined : member?.id)
  // The pool may have a connection to this agent that works; one to an agent that left is of no use to it.
  const isGone = member !== undefined && member.state === 'left'
  return exchange.peer.role === 'agent' && !isGone ? (pool.adopt(exchange) ?? exchange) : exchange
}

function keepInStep({ member, previous }: MemberChange, pool: AgentPool): void {
  if (member === undefined) {
    if (previous?.role === 'agent') pool.forget(previous.id)
    return
  }
  if (member.role !== 'agent') return
  pool.exclude(member.id, member.restored === true)
  if (member.state === 'left') {
    pool.forget(member.id)
    return
  }
  if (previous?.state === member.state && previous.address === member.address) return
  // News of an agent that is new, came back or moved: no reason to wait for the next attempt.
  void pool.track(member.id)
  if (member.state === 'down') pool.doubt(member.id)
  else if (takesPart(member) && previous?.state === 'down') pool.believe(member.id)
}
