export interface Coverage {
  readonly agents: readonly string[]
  /** Partitions that the reachable agents do not cover. */
  readonly missing: readonly number[]
}

/**
 * Few agents that together hold each partition `readQuorum` times (greedy set cover; R is cut to the owners that a
 * partition has). Pure.
 */
export function planCoverage(
  partitions: number,
  ownersOf: (partition: number) => readonly string[],
  readQuorum: number,
  isAlive: (agent: string) => boolean,
): Coverage {
  const needs: number[] = []
  const partitionsOf = new Map<string, number[]>()
  const missing: number[] = []
  for (let partition = 0; partition < partitions; partition++) {
    const owners = ownersOf(partition)
    const live = owners.filter(isAlive)
    const need = Math.min(readQuorum, owners.length)
    needs.push(Math.min(need, live.length))
    if (live.length < need) missing.push(partition)
    for (const agent of live) {
      const held = partitionsOf.get(agent)
      if (held === undefined) partitionsOf.set(agent, [partition])
      else held.push(partition)
    }
  }
  const agents: string[] = []
  for (;;) {
    let best: string | undefined
    let bestGain = 0
    for (const [agent, held] of partitionsOf) {
      let gain = 0
      for (const partition of held) if ((needs[partition] ?? 0) > 0) gain++
      if (gain > bestGain) {
        best = agent
        bestGain = gain
      }
    }
    if (best === undefined) return { agents, missing }
    agents.push(best)
    for (const partition of partitionsOf.get(best) ?? []) needs[partition] = (needs[partition] ?? 0) - 1
    partitionsOf.delete(best)
  }
}
