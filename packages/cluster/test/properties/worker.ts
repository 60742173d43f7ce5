// A process of its own, started by main.ts with the same options, its place among the workers and their number.
import { batchesOf, runBatch } from './batches.js'

/** What a worker tells after each batch. */
export interface Told {
  readonly seed: number
  readonly cases: number
  readonly failure?: string | undefined
}

const [seed = 0, runs = 0, worker = 0, workers = 1] = process.argv.slice(2).map(Number)
const tell = (told: Told) => new Promise(resolve => process.send?.(told, resolve))
for (const batch of batchesOf(seed, runs, worker, workers)) {
  const failure = runBatch(batch)
  // Awaited, so that the answer is out before the next batch takes the process for a second.
  await tell({ ...batch, failure })
  if (failure !== undefined) break
}
process.disconnect?.()
