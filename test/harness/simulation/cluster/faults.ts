import type { SeededRandom } from '../seeded-random.js'

/** What a fault needs from a cluster. */
export interface Faultable {
  readonly agentNames: readonly string[]
  readonly serverName: string
  isUp(name: string): boolean
  crash(name: string): void
  restart(name: string): Promise<void>
  readonly network: {
    partition(some: readonly string[], others: readonly string[], options?: { oneWay?: boolean }): void
    heal(): void
    reset(a: string, b: string): void
    link(from: string, to: string): { hold(): void }
  }
}

export const faultKinds = [
  'crash agent',
  'crash server',
  'partition',
  'one-way partition',
  'hold',
  'reset',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** How often a fault begins, and how long it lasts. */
const quietMs = { min: 100, max: 1500 }
const lastsMs = { min: 20, max: 4000 }

export interface FaultOptions {
  readonly cluster: Faultable
  readonly kinds: readonly FaultKind[]
  readonly random: SeededRandom
  pause(ms: number): Promise<void>
  /** Told of each fault. */
  onFault(what: string): void
}

/** Makes and undoes one fault after the other until `stopped()`; leaves everything whole. */
export async function makeFaults(options: FaultOptions, stopped: () => boolean): Promise<void> {
  const { cluster, kinds, random, pause, onFault } = options
  while (kinds.length > 0) {
    await pause(random.integer(quietMs.min, quietMs.max))
    if (stopped()) return
    const kind = random.pick(kinds)
    const agent = random.pick(cluster.agentNames)
    const other = random.pick([cluster.serverName, ...cluster.agentNames.filter(name => name !== agent)])
    const forMs = random.integer(lastsMs.min, lastsMs.max)
    onFault(`${kind}: ${agent}, ${other}, ${forMs} ms`)
    await make(kind, agent, other, () => pause(forMs), cluster)
  }
}

async function make(
  kind: FaultKind,
  agent: string,
  other: string,
  wait: () => Promise<void>,
  cluster: Faultable,
): Promise<void> {
  const { network } = cluster
  switch (kind) {
    case 'crash agent':
    case 'crash server': {
      const name = kind === 'crash agent' ? agent : cluster.serverName
      cluster.crash(name)
      await wait()
      return cluster.restart(name)
    }
    case 'reset':
      return network.reset(agent, other)
    case 'hold':
      network.link(agent, other).hold()
      break
    default:
      network.partition([agent], [other], { oneWay: kind === 'one-way partition' })
  }
  await wait()
  network.heal()
}
