/** How far a pass is: over all partitions that the agent owns, once for each other owner of each. */
export interface PassProgress {
  /** Compared, and how many of these there are. */
  partitions: number
  partitionsTotal: number
  /** Of those compared: the other owner did not answer, or gave something wrong, so that they may differ still. */
  unreachable: number
  /** Keys and references that differed at both looks. */
  different: number
  keysRepaired: number
  blocksRepaired: number
  /** Bytes that were taken over. */
  bytes: number
}

export function freshProgress(partitionsTotal = 0): PassProgress {
  const nothing = { unreachable: 0, different: 0, keysRepaired: 0, blocksRepaired: 0, bytes: 0 }
  return { partitions: 0, partitionsTotal, ...nothing }
}

/** The other owners of this agent's partitions, in the order of their ids, each with the partitions that both own. */
export function sharedPartitions(
  nodeId: string,
  rows: readonly (readonly string[])[],
): (readonly [agent: string, partitions: readonly number[]])[] {
  const shared = new Map<string, number[]>()
  for (const [partition, owners] of rows.entries()) {
    if (!owners.includes(nodeId)) continue
    for (const owner of owners) {
      if (owner === nodeId) continue
      const partitions = shared.get(owner)
      if (partitions === undefined) shared.set(owner, [partition])
      else partitions.push(partition)
    }
  }
  return [...shared].sort(([a], [b]) => (a < b ? -1 : 1))
}
