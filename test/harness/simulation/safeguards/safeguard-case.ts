import type { Safeguard } from '@torc/protocol/environment/safeguards'
import { Violation } from '../cluster/history.js'
import { type SimulationOptions, simulateCluster } from '../cluster/simulate-cluster.js'
import { SimulationFailure } from '../cluster/simulation-failure.js'

/** How the simulator finds out that a rule is not kept. */
export interface SafeguardCase {
  readonly without: Safeguard
  /** What breaks. */
  readonly shows: string
  readonly options: Omit<SimulationOptions, 'seed' | 'without'>
  /** All owners and who stands in for them are reached by whoever tries again: no earlier attempt may come after it. */
  readonly noLateTwins?: boolean
  /** One of so many seeds must fail. */
  readonly seedsMax: number
  /** The one that did when this was written: it is tried first. 1 when absent. */
  readonly found?: number
}

/** The first of the case's seeds that fails without the rule. */
export interface Caught {
  readonly seed: string
  readonly failure: SimulationFailure
}

export async function catchCase(one: SafeguardCase): Promise<Caught | undefined> {
  const { seedsMax, found = 1 } = one
  for (let turn = 0; turn < seedsMax; turn++) {
    const number = 1 + ((found - 1 + turn) % seedsMax)
    const seed = `${one.without} ${number}`
    const failure = await failureOf(one, seed, one.without)
    if (failure !== undefined) return { seed, failure }
  }
  return undefined
}

/** Runs one seed of a case, with or without the rule; undefined where nothing breaks. */
export async function failureOf(
  { options, noLateTwins = false }: SafeguardCase,
  seed: string,
  without: Safeguard | undefined,
): Promise<SimulationFailure | undefined> {
  try {
    const { lateTwins } = await simulateCluster({ ...options, seed, without })
    if (!noLateTwins || lateTwins === 0) return undefined
    const wrong = new Violation(`${lateTwins} versions were made after another attempt was acknowledged`)
    return new SimulationFailure(seed, wrong)
  } catch (thrown) {
    if (thrown instanceof SimulationFailure) return thrown
    throw thrown
  }
}
