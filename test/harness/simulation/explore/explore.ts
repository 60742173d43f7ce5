import { fileURLToPath } from 'node:url'
import { runSeeds, type SeedsOptions } from '../../seeds/seed-processes.js'
import type { Explored } from './worker.js'

const program = fileURLToPath(new URL('../main.js', import.meta.url))
const everyRuns = 50

/** Runs many seeds in processes of their own, prints each failure when it comes, and the sums at the end. */
export async function explore(options: Omit<SeedsOptions, 'program'>): Promise<{ failed: number }> {
  const { from, runs } = options
  const sums = { runs: 0, failed: 0, acknowledged: 0, indeterminate: 0, reads: 0, contested: 0, faults: 0 }
  const time = { workMs: 0, workCpuMs: 0 }
  await runSeeds<Explored>({ ...options, program }, ({ seed, result, faults, failure }) => {
    sums.runs++
    sums.faults += faults
    if (result === undefined) {
      sums.failed++
      console.log(`seed ${seed} fails: ${failure}\nagain: npm run simulate -- --seed ${seed} …`)
    } else {
      for (const name of ['acknowledged', 'indeterminate', 'reads', 'contested'] as const)
        sums[name] += result[name]
      time.workMs += result.workMs
      time.workCpuMs += result.workCpuMs
    }
    if (sums.runs % everyRuns === 0) console.error(`${sums.runs} of ${runs} seeds, ${sums.failed} failed`)
  })
  const speed = time.workCpuMs === 0 ? 0 : time.workMs / time.workCpuMs
  console.log(
    JSON.stringify({
      ...{ from: from.toString(), ...sums },
      simulatedSeconds: Math.round(time.workMs / 1000),
      secondsPerSecondAndCore: Math.round(speed * 10) / 10,
    }),
  )
  return { failed: sums.failed }
}
