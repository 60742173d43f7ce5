import type { LeaseEnd } from '../index/counter-lease.js'

/** What another agent has of this agent's leases. */
export interface KeeperAnswer {
  /** Number of the newest layout that it knows. */
  readonly epoch: number
  readonly leases: readonly LeaseEnd[]
}

export interface BootQuestion {
  /** Actors and ends that the own disk knows. */
  readonly own: readonly LeaseEnd[]
  /** Number of agents of the layout, this one included, and the layout's number. */
  readonly agents: number
  readonly epoch: number
  readonly answers: readonly KeeperAnswer[]
}

export type BootVerdict =
  /** The disk is the newest there is of this agent: its lease may be extended. */
  | { readonly kind: 'current' }
  /** Too few have answered, or one of them knows a newer layout, whose agents are to be asked. */
  | { readonly kind: 'undecided' }
  /** The disk is an old copy: these leases reach further than it knows. `epoch`: the newest layout that was told of. */
  | { readonly kind: 'old copy'; readonly ahead: readonly LeaseEnd[]; readonly epoch: number }

/** How many other agents must have stored a lease; with the own disk they are a majority of the layout. */
export function othersToStore(agents: number): number {
  return Math.floor(agents / 2)
}

/**
 * How many other agents must have answered before a disk counts as current: any so many of them meet every set that
 * `othersToStore` is satisfied with. The own disk is no answer: it is what is in doubt. (Counted, a disk whose last
 * lease was stored by itself and B would be taken for current with the answer of C alone.)
 */
export function othersToAsk(agents: number): number {
  return agents === 1 ? 0 : agents - othersToStore(agents)
}

/** Whether a disk is an old copy (DESIGN §4, "Actors"). Pure. */
export function judgeBoot({ own, agents, epoch, answers }: BootQuestion): BootVerdict {
  const known = new Map(own.map(({ actor, leaseEnd }) => [actor, leaseEnd]))
  const ahead = new Map<LeaseEnd['actor'], LeaseEnd>()
  for (const lease of answers.flatMap(({ leases }) => leases)) {
    const { actor, leaseEnd } = lease
    if (leaseEnd <= (known.get(actor) ?? 0)) continue
    if (leaseEnd > (ahead.get(actor)?.leaseEnd ?? 0)) ahead.set(actor, lease)
  }
  const newest = Math.max(epoch, ...answers.map(answer => answer.epoch))
  if (ahead.size > 0) return { kind: 'old copy', ahead: [...ahead.values()], epoch: newest }
  const enough = answers.length >= othersToAsk(agents) && newest === epoch
  return { kind: enough ? 'current' : 'undecided' }
}

/** Why a disk is an old copy, in words; a part of a sentence. */
export function describeAhead(own: readonly LeaseEnd[], ahead: readonly LeaseEnd[]): string {
  const [first] = ahead
  if (first === undefined) return 'other agents know more of its counters than it'
  const here = own.find(({ actor }) => actor === first.actor)
  const more = ahead.length === 1 ? '' : `, and of ${ahead.length - 1} more`
  const than = here === undefined ? 'which its disk does not know' : `its disk only up to ${here.leaseEnd}`
  return `other agents know its counters as ${first.actor} up to ${first.leaseEnd}, ${than}${more}`
}
