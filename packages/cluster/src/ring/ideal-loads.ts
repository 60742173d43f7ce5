import type { RingAgent } from './table.js'

/** Replicas that each agent should hold, as bounds: whole numbers around the exact share. */
export interface LoadBounds {
  readonly least: number
  readonly most: number
}

/** Owners per partition that these agents can give. */
export function effectiveReplicas(agents: readonly RingAgent[], replicas: number): number {
  return Math.min(replicas, agents.filter(agent => agent.capacity > 0).length)
}

/** Agents by zone. */
export function zonesOf(agents: readonly RingAgent[]): Map<string, RingAgent[]> {
  const zones = new Map<string, RingAgent[]>()
  for (const agent of agents) {
    const members = zones.get(agent.zone)
    if (members === undefined) zones.set(agent.zone, [agent])
    else members.push(agent)
  }
  return zones
}

/**
 * Each agent's share of `partitions × width` replicas, in proportion to capacity, under the rules that
 * bound it: an agent holds a partition once; with at least `width` zones, so does a zone; with fewer, each
 * zone holds every partition at least once. Shares are found by raising one water level until all is placed.
 * A whole table within these bounds always exists: the shares themselves are a fractional one.
 */
export function idealLoads(
  agents: readonly RingAgent[],
  partitions: number,
  width: number,
): Map<string, LoadBounds> {
  const zones = [...zonesOf(agents).values()]
  const wanted = partitions * width
  const enoughZones = zones.length >= width
  const zoneLoad = (zone: readonly RingAgent[], level: number): number => {
    let load = 0
    for (const { capacity } of zone) load += Math.min(partitions, level * capacity)
    return enoughZones ? Math.min(partitions, load) : Math.max(partitions, load)
  }
  const level = waterLevel(l => zones.reduce((sum, zone) => sum + zoneLoad(zone, l), 0), wanted)
  const bounds = new Map<string, LoadBounds>()
  for (const zone of zones) {
    const target = zoneLoad(zone, level)
    const own = waterLevel(
      l => zone.reduce((sum, { capacity }) => sum + Math.min(partitions, l * capacity), 0),
      target,
    )
    for (const { id, capacity } of zone) bounds.set(id, around(Math.min(partitions, own * capacity)))
  }
  return bounds
}

/** The level at which `load`, which never falls, reaches `wanted`. */
function waterLevel(load: (level: number) => number, wanted: number): number {
  let low = 0
  let high = 1
  while (load(high) < wanted && high < Number.MAX_VALUE / 4) high *= 2
  for (let round = 0; round < 200 && low < high; round++) {
    const middle = low + (high - low) / 2
    if (middle === low || middle === high) break
    if (load(middle) < wanted) low = middle
    else high = middle
  }
  return high
}

function around(share: number): LoadBounds {
  const whole = Math.round(share)
  // Shares come from a search in floating point; one this near to a whole number is that number.
  if (Math.abs(share - whole) < 1e-6) return { least: whole, most: whole }
  return { least: Math.floor(share), most: Math.ceil(share) }
}
