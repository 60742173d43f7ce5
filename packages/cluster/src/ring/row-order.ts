import { shuffled } from './balance.js'
import { FlowNetwork } from './flow.js'
import type { RingAgent } from './table.js'

const must = -1_000_000_000

/**
 * Puts the owners of each partition in their order of preference, place by place: every agent gets its even
 * share of each place (to within one), so that minting and the buckets with fewer replicas spread evenly
 * too. A place goes to a zone that the places before it lack, where there is one, and stays with the agent
 * that had it where that fits.
 */
export function orderRows(
  agents: readonly RingAgent[],
  owners: readonly (readonly string[])[],
  before: readonly (readonly string[])[],
): string[][] {
  const zoneOf = new Map(agents.map(agent => [agent.id, agent.zone]))
  const rows: string[][] = owners.map(() => [])
  const width = Math.max(0, ...owners.map(row => row.length))
  for (let place = 0; place < width; place++) {
    const candidates = owners.map((all, partition) => {
      const placed = rows[partition] ?? []
      const left = all.filter(id => !placed.includes(id))
      const zones = new Set(placed.map(id => zoneOf.get(id)))
      const elsewhere = left.filter(id => !zones.has(zoneOf.get(id)))
      return elsewhere.length > 0 ? elsewhere : left
    })
    const chosen = choose(
      agents,
      candidates,
      before.map(row => row[place]),
    )
    for (const [partition, id] of chosen.entries()) if (id !== undefined) rows[partition]?.push(id)
  }
  return rows
}

/** One candidate per partition; each agent is chosen as often as even chances would have it, to within one. */
function choose(
  agents: readonly RingAgent[],
  candidates: readonly (readonly string[])[],
  preferred: readonly (string | undefined)[],
): (string | undefined)[] {
  const share = new Map<string, number>()
  for (const ids of candidates) for (const id of ids) share.set(id, (share.get(id) ?? 0) + 1 / ids.length)
  const firstAgent = 2 + candidates.length
  const numberOf = new Map(agents.map((agent, number) => [agent.id, firstAgent + number]))
  const network = new FlowNetwork(firstAgent + agents.length)
  const edges = candidates.map((ids, partition) => {
    network.edge(0, 2 + partition, 1, 0)
    return shuffled(ids.length, partition).map(n => {
      const id = ids[n] ?? ''
      const cost = preferred[partition] === id ? 0 : 1
      return { id, edge: network.edge(2 + partition, numberOf.get(id) ?? 0, 1, cost) }
    })
  })
  for (const [id, expected] of share) {
    const least = Math.floor(expected + 1e-6)
    const node = numberOf.get(id) ?? 0
    network.edge(node, 1, least, must)
    network.edge(node, 1, Math.ceil(expected - 1e-6) - least, 0)
  }
  network.run(0, 1)
  return edges.map(options => options.find(({ edge }) => network.flow(edge) > 0)?.id)
}
