import type { StepName } from './schedule.js'
import { type SimulationOptions, simulateCluster } from './simulate-cluster.js'
import { SimulationFailure } from './simulation-failure.js'

export interface ShrinkOptions {
  /** Runs that may be made; the shortest that failed by then is the result. */
  readonly runsMax: number
  readonly onProgress?: (steps: number, runs: number) => void
  /** `simulateCluster` when absent. */
  readonly simulate?: (options: SimulationOptions) => Promise<unknown>
}

export interface Shrunk {
  readonly failure: SimulationFailure
  /** What is left out of the seed's schedule. */
  readonly leaveOut: readonly StepName[]
  readonly runs: number
}

/**
 * A shorter run that fails as well: steps (faults, changes of the layout, calls) are left out, in halves first, then in
 * ever smaller parts (delta debugging: Zeller and Hildebrandt 2002, without its complements). Another failure than the
 * first one counts, too.
 */
export async function shrink(
  options: SimulationOptions,
  first: SimulationFailure,
  { runsMax, onProgress = () => {}, simulate = simulateCluster }: ShrinkOptions,
): Promise<Shrunk> {
  let failure = first
  let leaveOut: readonly StepName[] = [...(options.leaveOut ?? [])]
  let runs = 0
  /** Leaves these out as well, if it fails then. */
  const without = async (steps: readonly StepName[]): Promise<boolean> => {
    if (steps.length === 0 || runs >= runsMax) return false
    runs++
    const tried = [...leaveOut, ...steps]
    const failed = await failureOf(() => simulate({ ...options, leaveOut: tried }))
    if (failed === undefined) return false
    failure = failed
    leaveOut = tried
    onProgress(failure.steps.length, runs)
    return true
  }
  const { length } = first.steps
  for (let part = Math.ceil(length / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    // From the end: what comes after the cause is needed least.
    for (let end = failure.steps.length; end > 0 && runs < runsMax; end -= part) {
      const steps = failure.steps
      if (end > steps.length) continue
      await without(steps.slice(Math.max(0, end - part), end))
    }
  }
  return { failure, leaveOut, runs }
}

async function failureOf(run: () => Promise<unknown>): Promise<SimulationFailure | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    if (error instanceof SimulationFailure) return error
    throw error
  }
}
