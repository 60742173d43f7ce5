import type { SeededRandom } from '../../harness/simulation/seeded-random.js'
import type { ChaosCluster } from '../cluster/chaos-cluster.js'

/** What a fault has while it lasts. */
export interface FaultContext {
  readonly cluster: ChaosCluster
  readonly random: SeededRandom
  readonly victims: readonly string[]
  /** Resolves when its time is over. */
  readonly over: Promise<void>
  readonly isOver: () => boolean
  /** Rejects when the run is given up. */
  pause(ms: number): Promise<void>
  /** Name of the agent that holds most hints; undefined while none does. */
  hintHolder(): Promise<string | undefined>
}

/** Names of nodes that no other fault harms at the time. */
export interface Free {
  readonly agents: readonly string[]
  readonly servers: readonly string[]
}

export interface Fault {
  readonly name: string
  /** Whether plain writes and reads have to go on while it is the only one. */
  readonly goesOn: 'writes and reads' | 'writes' | 'nothing'
  /** No other fault may be in force. */
  readonly alone?: boolean
  /** Only with an agent whose disk is small. */
  readonly smallDisk?: boolean
  /** Only with a proxy before each node. */
  readonly proxies?: boolean
  /** Whose processes or links it harms; undefined where too few are free. `claims`: nobody else may harm those. */
  choose(free: Free, random: SeededRandom): Victims | undefined
  /** Makes it, waits until it is over, and undoes it. */
  run(context: FaultContext): Promise<void>
}

export interface Victims {
  readonly victims: readonly string[]
  readonly claims: readonly string[]
}

/** So many of them, each as likely; undefined where there are fewer. */
export function pickSome(
  names: readonly string[],
  count: number,
  random: SeededRandom,
): readonly string[] | undefined {
  const left = [...names]
  if (left.length < count) return undefined
  return Array.from({ length: count }, () => left.splice(random.integer(0, left.length - 1), 1)).flat()
}

/** Victims that only this fault may harm. */
export function claimed(victims: readonly string[] | undefined): Victims | undefined {
  return victims === undefined ? undefined : { victims, claims: victims }
}

/** Victims that others may harm as well. */
export function shared(victims: readonly string[] | undefined): Victims | undefined {
  return victims === undefined ? undefined : { victims, claims: [] }
}
