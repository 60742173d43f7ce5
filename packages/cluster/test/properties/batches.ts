import fc from 'fast-check'
import { type Case, cases, checkHistory } from '../support/history-property.js'

/** Cases that one seed stands for. A run of many is a row of such batches, whose seeds follow each other. */
export const batchCases = 1000
export const seedMax = 0x7fff_ffff

export interface Batch {
  readonly seed: number
  readonly cases: number
}

/** Splits `runs` cases into batches; those of one worker of `workers` are every so many-th. */
export function* batchesOf(seed: number, runs: number, worker = 0, workers = 1): Generator<Batch> {
  for (let n = worker; n * batchCases < runs; n += workers) {
    yield { seed: (seed + n) % (seedMax + 1), cases: Math.min(batchCases, runs - n * batchCases) }
  }
}

/** Runs a batch; the shrunk history and the error where a case fails, undefined where all hold. */
export function runBatch(
  { seed, cases: numRuns }: Batch,
  check: (one: Case) => void = checkHistory,
): string | undefined {
  try {
    fc.assert(
      fc.property(cases, one => check(one)),
      { seed, numRuns },
    )
    return undefined
  } catch (error) {
    if (!(error instanceof Error)) return String(error)
    const { message, cause } = error
    return cause instanceof Error ? `${message}\n${cause.stack}` : message
  }
}
