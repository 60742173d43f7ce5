import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, median } from './finding.js'
import type { SyncedPair } from './synced-pair.js'

/** Between two looks for what is to arrive: short, as it is what is timed. */
const pauseMs = 4

/**
 * Of a pair at rest: one file written in the one folder, until it is in the other one; and all that both processes did because of it. New files
 * and changed ones in turn, in a folder that has others.
 */
export async function singleChanges(pair: SyncedPair, files: number, samples: number): Promise<Finding> {
  const arrival: number[] = []
  const requests: number[] = []
  const processor: number[] = []
  for (let i = 0; i < samples; i++) {
    pair.count()
    const before = pair.use
    const name = join('folder-0', i % 2 === 0 ? `new-${i}.txt` : 'file-0.bin')
    arrival.push(await arrivalMs(pair, name))
    await pair.untilAtRest()
    requests.push(pair.use.requests)
    processor.push(pair.use.processorMs - before.processorMs)
  }
  return {
    phase: 'one change',
    figures: {
      files,
      samples,
      arrivalMsMedian: median(arrival),
      arrivalMsMax: Math.max(...arrival),
      requestsMedian: median(requests),
      processorMsMedian: median(processor),
    },
  }
}

async function arrivalMs(pair: SyncedPair, name: string): Promise<number> {
  const bytes = randomBytes(2_000)
  const far = join(pair.far, name)
  const writtenMs = performance.now()
  writeFileSync(join(pair.near, name), bytes)
  await pair.there.until(
    `${name} in the other folder`,
    () => existsSync(far) && readFileSync(far).equals(bytes),
    pauseMs,
  )
  return performance.now() - writtenMs
}
