import type { MembershipParameters } from './parameters.js'

type Limits = Pick<MembershipParameters, 'suspicionMs' | 'suspicionFactorMax' | 'confirmations'>

/**
 * How long a suspicion lasts before the member is down, in milliseconds (Lifeguard §IV-B): long while one node is
 * alone with it, as that node may be the slow one; shorter, on a logarithmic scale, with each that found the same for
 * itself. `members`: those that take part, this node and the suspect among them.
 */
export function suspicionMs(members: number, suspecters: number, limits: Limits): number {
  const shortest = limits.suspicionMs * Math.max(1, Math.log10(Math.max(1, members)))
  // With two members there is nobody who could confirm.
  const wanted = Math.max(0, Math.min(limits.confirmations, members - 2))
  const confirmations = Math.min(wanted, Math.max(0, suspecters - 1))
  if (confirmations >= wanted) return shortest
  const longest = shortest * limits.suspicionFactorMax
  return longest - (longest - shortest) * (Math.log(confirmations + 1) / Math.log(wanted + 1))
}
