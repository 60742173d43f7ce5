import type { Safeguard } from '@torc/protocol/environment/safeguards'
import { Violation } from '../cluster/history.js'
import {
  SimulationFailure,
  type SimulationOptions,
  type SimulationResult,
  simulateCluster,
} from '../cluster/simulate-cluster.js'

/** How the simulator finds out that a rule is not kept. */
export interface SafeguardCase {
  readonly without: Safeguard
  /** What breaks. */
  readonly shows: string
  readonly options: Omit<SimulationOptions, 'seed' | 'without'>
  /** One of so many seeds must fail. */
  readonly seedsMax: number
  /** What must be true of a result beside what the oracle demands; what is wrong with it otherwise. */
  readonly problem?: (result: SimulationResult) => string | undefined
}

/** The first of the case's seeds that fails without the rule. */
export interface Caught {
  readonly seed: string
  readonly failure: SimulationFailure
}

export async function catchCase(one: SafeguardCase): Promise<Caught | undefined> {
  for (let number = 1; number <= one.seedsMax; number++) {
    const seed = `${one.without} ${number}`
    const failure = await failureOf(one, seed, one.without)
    if (failure !== undefined) return { seed, failure }
  }
  return undefined
}

/** Runs one seed of a case, with or without the rule; undefined where nothing breaks. */
export async function failureOf(
  { options, problem }: SafeguardCase,
  seed: string,
  without: Safeguard | undefined,
): Promise<SimulationFailure | undefined> {
  try {
    const result = await simulateCluster({ ...options, seed, without })
    const wrong = problem?.(result)
    return wrong === undefined ? undefined : new SimulationFailure(seed, new Violation(wrong))
  } catch (thrown) {
    if (thrown instanceof SimulationFailure) return thrown
    throw thrown
  }
}
