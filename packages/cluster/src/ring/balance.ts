import { FlowNetwork } from './flow.js'
import { type LoadBounds, zonesOf } from './ideal-loads.js'
import type { RingAgent } from './table.js'

/** Outweighs any number of moves, so that a bound is met before moves are saved. */
const must = -1_000_000_000

/**
 * The owners of each partition (in no order): `width` distinct agents, distinct zones where there are
 * enough (otherwise every zone), loads within `bounds`, and as many of the owners `before` as that allows.
 * A flow from partitions over zones to agents, in which a new owner costs 1.
 */
export function balanceRows(
  agents: readonly RingAgent[],
  bounds: ReadonlyMap<string, LoadBounds>,
  shape: { readonly partitions: number; readonly width: number },
  before: readonly (readonly string[])[],
): string[][] {
  const { partitions, width } = shape
  const zones = [...zonesOf(agents).values()]
  const enoughZones = zones.length >= width
  const zoneNode = (partition: number, zone: number) => 2 + partitions + partition * zones.length + zone
  const agentNode = 2 + partitions + partitions * zones.length
  const network = new FlowNetwork(agentNode + agents.length)
  const numberOf = new Map(agents.map((agent, number) => [agent.id, number]))

  for (let partition = 0; partition < partitions; partition++) network.edge(0, 2 + partition, width, 0)
  const owned: { edge: number; id: string }[][] = []
  for (let partition = 0; partition < partitions; partition++) {
    const old = new Set(before[partition])
    const edges: { edge: number; id: string }[] = []
    for (const zone of shuffled(zones.length, partition)) {
      const members = zones[zone] ?? []
      const node = zoneNode(partition, zone)
      network.edge(2 + partition, node, 1, enoughZones ? 0 : must)
      if (!enoughZones && members.length > 1) network.edge(2 + partition, node, members.length - 1, 0)
      for (const member of shuffled(members.length, node)) {
        const id = members[member]?.id ?? ''
        const edge = network.edge(node, agentNode + (numberOf.get(id) ?? 0), 1, old.has(id) ? 0 : 1)
        edges.push({ edge, id })
      }
    }
    owned.push(edges)
  }
  for (const [number, { id }] of agents.entries()) {
    const { least, most } = bounds.get(id) ?? { least: 0, most: 0 }
    network.edge(agentNode + number, 1, least, must)
    network.edge(agentNode + number, 1, most - least, 0)
  }
  network.run(0, 1)
  return owned.map(edges => edges.filter(({ edge }) => network.flow(edge) > 0).map(({ id }) => id))
}

/**
 * 0 … count − 1 in an order that differs from seed to seed. Where the flow is free to choose, this
 * spreads the partners of an agent over all others, and with them its load when it is down.
 */
export function shuffled(count: number, seed: number): number[] {
  const rank = (n: number) => {
    // A sum of two products alone would only rotate one order (finaliser of MurmurHash3).
    let mixed = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return (mixed ^ (mixed >>> 16)) >>> 0
  }
  return Array.from({ length: count }, (_, n) => n).sort((a, b) => rank(a) - rank(b) || a - b)
}
