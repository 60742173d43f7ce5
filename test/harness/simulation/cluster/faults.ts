import type { LinkDelay } from '../network/link.js'
import type { SeededRandom } from '../seeded-random.js'
import type { DiskDelay } from '../simulated-disk.js'
import type { Machine } from './machine.js'
import type { Schedule } from './schedule.js'

/** What a fault needs from a cluster. */
export interface Faultable {
  readonly agentNames: readonly string[]
  readonly serverNames: readonly string[]
  machine(
    name: string,
  ): Pick<
    Machine,
    | 'node'
    | 'crash'
    | 'crashAfterSteps'
    | 'stopProcess'
    | 'jumpClock'
    | 'slowDisk'
    | 'fillDisk'
    | 'rotBlock'
    | 'loseDisk'
    | 'copyDisk'
  >
  /**
   * Crashes the machine and puts the copy of its disk back; false, and nothing happens, where promises would be broken: a
   * second machine of a run, or a copy that the agents need not notice.
   */
  restoreDisk(name: string): boolean
  /** What the machines were told to write has reached their disks. */
  flushDisks(): void
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
  'crash at a step',
  'power loss',
  'stop process',
  'partition',
  'one-way partition',
  'split',
  'hold',
  'slow link',
  'reset',
  'reset client',
  'hold client',
  'slow disk',
  'full disk',
  'clock jump',
] as const
/**
 * Faults that take what was stored. A run can bear one of them, on one machine: `bit rot` changes blocks, `restore disk`
 * takes an agent out for good where there are agents to spare. `lose disk` breaks promises on purpose: it shows that the
 * oracle can see. `turn about` is none of these: all agents but one are cut off, and then that one, so that what it alone
 * has taken is seen and then is not.
 */
export type FaultKind = (typeof faultKinds)[number] | 'bit rot' | 'restore disk' | 'lose disk' | 'turn about'

/** How often a fault begins, and how long it lasts. */
const quietMs = { min: 20, max: 600, maxOfLong: 3000 }
const lastsMs = { min: 10, max: 2500 }
/** A slow link leaves much time between a write's steps for another fault. */
const slowLink: LinkDelay = { minMs: 20, maxMs: 900 }
const slowDisk: DiskDelay = { minMs: 5, maxMs: 700 }
/** In so many steps of a process a request is served, or a batch of writes committed. */
const stepsMax = 60
/** Some writes fit before the disk is full. */
const freeBytesMax = 100_000
const jumpMsMax = 20_000
/** Between the two halves of `turn about` everybody is reached. */
const turnMsMax = 1000
/** Most traffic is between the server and an agent. */
const serverProbability = 0.7

export interface FaultOptions {
  readonly cluster: Faultable
  readonly kinds: readonly FaultKind[]
  readonly random: SeededRandom
  readonly schedule: Schedule
  /** Which of several that make faults side by side. */
  readonly track: number
  /** The one machine whose disk loses what it has. */
  readonly frail: string
  /** A long run has longer times without a fault. */
  readonly long: boolean
  /** Longest that a fault lasts; some seconds when absent. */
  readonly lastsMsMax?: number | undefined
  readonly clients: readonly string[]
  /** Servers that faults concern; all when absent. */
  readonly servers?: readonly string[] | undefined
  pause(ms: number): Promise<void>
  /** Told of each fault; the function that it returns is called when the fault is undone. */
  onFault(what: string): () => void
}

/** One fault as it was drawn. */
interface PlannedFault {
  readonly kind: FaultKind
  /** The machine that it strikes. */
  readonly node: string
  /** The other end of a link. */
  readonly other: string
  readonly random: SeededRandom
  wait(): Promise<void>
  pause(ms: number): Promise<void>
}

/** Makes and undoes one fault after the other until `stopped()`. Several may run side by side. */
export async function makeFaults(options: FaultOptions, stopped: () => boolean): Promise<void> {
  const { cluster, kinds, pause, onFault, schedule, track, frail } = options
  for (let count = 1; kinds.length > 0; count++) {
    const random = options.random.fork(`fault ${track}.${count}`)
    await pause(random.integer(quietMs.min, options.long ? quietMs.maxOfLong : quietMs.max))
    if (stopped()) return
    const kind = random.pick(kinds)
    const agent = takesData(kind) ? frail : random.pick(cluster.agentNames)
    const others = cluster.agentNames.filter(name => name !== agent)
    const server = random.pick(options.servers ?? cluster.serverNames)
    const other = others.length === 0 || random.chance(serverProbability) ? server : random.pick(others)
    const forMs = random.integer(lastsMs.min, options.lastsMsMax ?? lastsMs.max)
    const strikesServer = kind === 'crash server' || (kind === 'stop process' && random.chance(0.3))
    const strikesClient = kind === 'reset client' || kind === 'hold client'
    const node = strikesServer ? server : strikesClient ? random.pick(options.clients) : agent
    if (!schedule.takes(`fault ${track}.${count}`)) await pause(forMs)
    else {
      const undone = onFault(`${kind}: ${node}, ${strikesClient ? server : other}, ${forMs} ms`)
      await make(
        { kind, node, other: strikesClient ? server : other, random, pause, wait: () => pause(forMs) },
        cluster,
      )
      undone()
    }
  }
}

function takesData(kind: FaultKind): boolean {
  return kind === 'bit rot' || kind === 'restore disk'
}

async function make(fault: PlannedFault, cluster: Faultable): Promise<void> {
  const { kind, node, other, random, pause, wait } = fault
  const { network } = cluster
  if (kind === 'reset client') return network.reset(node, other)
  if (kind === 'hold client') {
    const link = random.pick([network.link(node, other), network.link(other, node)])
    link.hold()
    return await during(() => link.release(), wait)
  }
  const machine = cluster.machine(node)
  switch (kind) {
    case 'crash agent':
    case 'crash server':
    case 'crash at a step':
    case 'lose disk':
    case 'restore disk':
      // Another fault has it already.
      return machine.node === undefined ? undefined : await crash(fault, cluster)
    case 'power loss':
      return await losePower(fault, cluster)
    case 'stop process':
      return await during(machine.stopProcess(), wait)
    case 'clock jump':
      return await during(machine.jumpClock(random.integer(-jumpMsMax, jumpMsMax)), wait)
    case 'slow disk':
      return await during(machine.slowDisk(slowDisk), wait)
    case 'full disk':
      return await during(machine.fillDisk(random.integer(0, freeBytesMax)), wait)
    case 'bit rot':
      return void (await machine.rotBlock(random))
    case 'reset':
      return network.reset(node, other)
    case 'hold': {
      const link = random.chance(0.5) ? network.link(node, other) : network.link(other, node)
      link.hold()
      return await during(() => link.release(), wait)
    }
    case 'slow link': {
      const restore = [network.link(node, other), network.link(other, node)].map(link => link.slow(slowLink))
      await wait()
      for (const undo of restore) undo()
      return
    }
    case 'split': {
      const nodes = [...cluster.serverNames, ...cluster.agentNames]
      const some = nodes.filter(() => random.chance(0.5))
      const others = nodes.filter(name => !some.includes(name))
      return await during(network.partition(some, others), wait)
    }
    case 'partition':
      return await during(network.partition([node], [other]), wait)
    case 'turn about': {
      const agents = cluster.agentNames.filter(name => name !== node)
      const healOthers = network.partition(agents, [node, ...cluster.serverNames])
      await wait()
      healOthers()
      await pause(random.integer(1, turnMsMax))
      return await during(network.partition([node], [...agents, ...cluster.serverNames]), wait)
    }
    case 'one-way partition': {
      const [from, to] = random.chance(0.5) ? [node, other] : [other, node]
      return await during(network.partition([from], [to], { oneWay: true }), wait)
    }
  }
}

async function during(undo: () => void, wait: () => Promise<void>): Promise<void> {
  await wait()
  undo()
}

async function crash({ kind, node, random, wait }: PlannedFault, cluster: Faultable): Promise<void> {
  const machine = cluster.machine(node)
  if (kind === 'crash at a step') {
    machine.crashAfterSteps(random.integer(1, stepsMax))
    await wait()
    machine.crash()
    return await cluster.restart(node)
  }
  machine.crash()
  if (kind === 'lose disk') machine.loseDisk()
  if (kind === 'restore disk') {
    machine.copyDisk()
    await cluster.restart(node)
  }
  await wait()
  if (kind === 'restore disk' && (machine.node === undefined || !cluster.restoreDisk(node))) return
  await cluster.restart(node)
}

/** All agents at once, and sometimes the servers as well; they come back one after the other. */
async function losePower({ random, wait }: PlannedFault, cluster: Faultable): Promise<void> {
  const names = [...cluster.agentNames, ...(random.chance(0.5) ? cluster.serverNames : [])]
  cluster.flushDisks()
  await wait()
  const up = names.filter(name => cluster.machine(name).node !== undefined)
  for (const name of up) cluster.machine(name).crash()
  await wait()
  await Promise.all(up.map(name => cluster.restart(name)))
}
