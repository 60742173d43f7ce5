/**
 * Place of the later of two agents among the owners of a partition, the first being 0: what more owners than that hold,
 * both have to hold. An agent that is no owner does not count.
 */
export function commonRank(owners: readonly string[], one: string, other: string): number {
  return Math.max(0, owners.indexOf(one), owners.indexOf(other))
}
