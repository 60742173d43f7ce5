/** An agent that a write goes to. */
export interface WriteTarget {
  readonly agent: string
  /** The owner in whose place `agent` stores a hint; undefined for an owner itself. */
  readonly standsFor: string | undefined
}

/** Who is asked, in which order. Pure: liveness is handed in. */
export interface TargetPlan {
  /** The owners in preference order: what answers name as the preference list. */
  readonly owners: readonly string[]
  /** Owners that are believed to be reachable, in preference order; the first one mints. */
  readonly live: readonly string[]
  readonly down: readonly string[]
  /** Where a write goes: live owners first. Stand-ins for owners that are down follow them. */
  readonly writes: readonly WriteTarget[]
}

/** Agents that may keep hints for owners that are down, in ring order. */
export type Fallbacks = (owners: readonly string[]) => readonly string[]

/**
 * Splits the owners by liveness and gives each owner that is down the next live fallback (DESIGN §7). Without
 * `fallbacks` only owners are written to.
 */
export function planTargets(
  owners: readonly string[],
  isAlive: (agent: string) => boolean,
  fallbacks?: Fallbacks,
): TargetPlan {
  let live = owners
  let down: string[] = []
  for (const owner of owners) {
    if (!isAlive(owner)) down.push(owner)
  }
  if (down.length > 0) {
    const absent = down
    live = owners.filter(owner => !absent.includes(owner))
  } else down = none
  const writes: WriteTarget[] = live.map(agent => ({ agent, standsFor: undefined }))
  if (down.length > 0 && fallbacks !== undefined) {
    const candidates = fallbacks(owners).filter(agent => !owners.includes(agent) && isAlive(agent))
    for (let i = 0; i < down.length && i < candidates.length; i++) {
      const agent = candidates[i]
      if (agent !== undefined) writes.push({ agent, standsFor: down[i] })
    }
  }
  return { owners, live, down, writes }
}

const none: string[] = []

/** A quorum asked of a bucket, as far as the owners that there are allow (DESIGN §6: fewer agents than N). */
export function effectiveQuorum(asked: number, owners: number): number {
  return Math.min(asked, owners)
}

/** More than half. */
export function majority(replicas: number): number {
  return Math.floor(replicas / 2) + 1
}
