import { describeFailure } from '../cluster/describe-failure.js'
import { scenarioOf } from '../cluster/scenario.js'
import {
  type SimulationOptions,
  type SimulationResult,
  simulateCluster,
} from '../cluster/simulate-cluster.js'
import { SimulationFailure } from '../cluster/simulation-failure.js'

/** What a process that explores tells of one seed. */
export interface Explored {
  /** Decimal. */
  readonly seed: string
  /** Undefined where it failed. */
  readonly result:
    | Pick<
        SimulationResult,
        'acknowledged' | 'indeterminate' | 'reads' | 'contested' | 'workMs' | 'workCpuMs'
      >
    | undefined
  readonly faults: number
  /** What broke; undefined where nothing did. */
  readonly failure: string | undefined
}

/** Runs one seed, and tells what came of it. */
export async function exploreSeed(
  seed: bigint,
  change: (scenario: SimulationOptions) => SimulationOptions,
): Promise<Explored> {
  const ran = { seed: seed.toString() }
  try {
    const { faults, ...result } = await simulateCluster(change(scenarioOf(seed)))
    const { acknowledged, indeterminate, reads, contested, workMs, workCpuMs } = result
    return {
      ...ran,
      result: { acknowledged, indeterminate, reads, contested, workMs, workCpuMs },
      faults: faults.length,
      failure: undefined,
    }
  } catch (error) {
    const failure =
      error instanceof SimulationFailure ? describeFailure(error) : String((error as Error).stack ?? error)
    return { ...ran, result: undefined, faults: 0, failure }
  }
}
