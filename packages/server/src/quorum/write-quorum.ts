/** An agent that a write goes to. */
export interface WriteTarget {
  readonly agent: string
  /** The owners in whose place it keeps hints; none for an owner itself. */
  readonly standsFor: readonly string[]
}

/** An owner, as a target of its own. */
export function owner(agent: string): WriteTarget {
  return { agent, standsFor: nobody }
}

const nobody: readonly string[] = []

/** Owners of which so many places must be filled. */
export interface WriteQuorum {
  readonly owners: readonly string[]
  readonly needed: number
}

/** A quorum asked of a bucket, as far as the owners that there are allow (DESIGN §6: fewer agents than N). */
export function effectiveQuorum(asked: number, owners: number): number {
  return Math.min(asked, owners)
}

/** W of each group of owners, as far as its owners allow. */
export function quorumsOf(groups: readonly (readonly string[])[], writeQuorum: number): WriteQuorum[] {
  return groups.map(owners => ({ owners, needed: effectiveQuorum(writeQuorum, owners.length) }))
}
