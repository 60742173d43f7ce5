import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange, Peer } from '@torc/protocol/exchange/exchange'
import { type Address, parseAddress } from '@torc/protocol/transport/transport'
import type { Member } from './member.js'

/** Who is to be reached. */
export interface Contact {
  readonly address: Address
  /** The member that should be there; undefined at an address to join at. */
  readonly member: Member | undefined
  /** Open a connection of its own: the one that is there may be dead. */
  readonly fresh: boolean
}

export interface MembershipOptions {
  /** Nodes of the cluster; any live one suffices. */
  readonly join: readonly Address[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** A connection to whoever is meant. Rejects as `connectExchange` does. */
  readonly reach: (contact: Contact) => Promise<Exchange>
  /** Number of the layout that this node has. */
  readonly epoch: () => number
  /** A peer has another layout: it may be newer, or the peer may lack ours. */
  readonly onOtherEpoch: (exchange: Exchange, epoch: number) => void
  /** A peer was found answering. */
  readonly onAnswer?: (peer: Peer) => void
  /** Makes the own incarnation durable before it is told to anyone. */
  readonly storeIncarnation?: (incarnation: number) => void
  /** Another process has this node's id or name: it is not taken in, and must end. */
  readonly onRefused: (error: TorcError) => void
}

/** How to reach a member where it is known. UNREACHABLE where its address is none. */
export function contactOf(member: Member): Contact {
  const address = parseAddress(member.address)
  if (address === undefined) throw new TorcError('UNREACHABLE', `${member.address} is no address`)
  return { address, member, fresh: false }
}
