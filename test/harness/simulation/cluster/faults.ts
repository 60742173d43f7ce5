import type { LinkDelay } from '../network/link.js'
import type { SeededRandom } from '../seeded-random.js'

/** What a fault needs from a cluster. */
export interface Faultable {
  readonly agentNames: readonly string[]
  readonly serverNames: readonly string[]
  isUp(name: string): boolean
  crash(name: string): void
  /** What the machines were told to write has reached their disks. */
  flushDisks(): void
  /** Takes what the machine has stored, too. */
  loseDisk(name: string): void
  /** Keeps what the machine has stored, as a backup does. */
  copyDisk(name: string): void
  /**
   * Crashes the machine and puts that copy back; false, and nothing happens, where promises would be broken: a second
   * machine of a run, or a copy that the agents need not notice.
   */
  restoreDisk(name: string): boolean
  restart(name: string): Promise<void>
  readonly network: {
    partition(some: readonly string[], others: readonly string[], options?: { oneWay?: boolean }): () => void
    reset(a: string, b: string): void
    link(from: string, to: string): { slow(delay: LinkDelay): () => void; hold(): void; release(): void }
  }
}

export const faultKinds = [
  'crash agent',
  'crash server',
  'partition',
  'one-way partition',
  'hold',
  'slow link',
  'reset',
] as const
/**
 * `lose disk` breaks promises on purpose: it shows that the oracle can see. `restore disk` takes an agent out for good,
 * which only a run with agents to spare can bear. `power loss` ends all agents at once: whoever writes waits for long.
 */
export type FaultKind = (typeof faultKinds)[number] | 'lose disk' | 'restore disk' | 'power loss'

/** How often a fault begins, and how long it lasts. */
const quietMs = { min: 20, max: 600 }
const lastsMs = { min: 10, max: 2500 }
/** A slow link leaves much time between a write's steps for another fault. */
const slow: LinkDelay = { minMs: 20, maxMs: 900 }
/** Most traffic is between the server and an agent. */
const serverProbability = 0.7

export interface FaultOptions {
  readonly cluster: Faultable
  readonly kinds: readonly FaultKind[]
  readonly random: SeededRandom
  /** Longest that a fault lasts; some seconds when absent. */
  readonly lastsMsMax?: number | undefined
  /** Servers that faults concern; all when absent. */
  readonly servers?: readonly string[] | undefined
  pause(ms: number): Promise<void>
  /** Told of each fault; the function that it returns is called when the fault is undone. */
  onFault(what: string): () => void
}

/** Makes and undoes one fault after the other until `stopped()`. Several may run side by side. */
export async function makeFaults(options: FaultOptions, stopped: () => boolean): Promise<void> {
  const { cluster, kinds, random, pause, onFault } = options
  while (kinds.length > 0) {
    await pause(random.integer(quietMs.min, quietMs.max))
    if (stopped()) return
    const kind = random.pick(kinds)
    const agent = random.pick(cluster.agentNames)
    const others = cluster.agentNames.filter(name => name !== agent)
    const server = random.pick(options.servers ?? cluster.serverNames)
    const other = others.length === 0 || random.chance(serverProbability) ? server : random.pick(others)
    const forMs = random.integer(lastsMs.min, options.lastsMsMax ?? lastsMs.max)
    const crashed = kind === 'crash server' ? server : agent
    const undone = onFault(`${kind}: ${crashed}, ${other}, ${forMs} ms`)
    await make(kind, crashed, other, () => pause(forMs), cluster)
    undone()
  }
}

async function make(
  kind: FaultKind,
  node: string,
  other: string,
  wait: () => Promise<void>,
  cluster: Faultable,
): Promise<void> {
  const { network } = cluster
  switch (kind) {
    case 'crash agent':
    case 'crash server':
    case 'lose disk': {
      // Another fault has it already.
      if (!cluster.isUp(node)) return
      cluster.crash(node)
      if (kind === 'lose disk') cluster.loseDisk(node)
      await wait()
      return cluster.restart(node)
    }
    case 'restore disk': {
      if (!cluster.isUp(node)) return
      cluster.crash(node)
      cluster.copyDisk(node)
      await cluster.restart(node)
      await wait()
      if (cluster.isUp(node) && cluster.restoreDisk(node)) await cluster.restart(node)
      return
    }
    case 'power loss': {
      cluster.flushDisks()
      await wait()
      const lost = cluster.agentNames.filter(name => cluster.isUp(name))
      for (const name of lost) cluster.crash(name)
      await wait()
      await Promise.all(lost.map(name => cluster.restart(name)))
      return
    }
    case 'reset':
      return network.reset(node, other)
    case 'hold': {
      const link = network.link(node, other)
      link.hold()
      await wait()
      return link.release()
    }
    case 'slow link': {
      const restore = [network.link(node, other), network.link(other, node)].map(link => link.slow(slow))
      await wait()
      for (const undo of restore) undo()
      return
    }
    default: {
      const heal = network.partition([node], [other], { oneWay: kind === 'one-way partition' })
      await wait()
      heal()
    }
  }
}
