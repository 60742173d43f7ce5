import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Explored } from './worker.js'

export interface ExploreOptions {
  readonly from: bigint
  readonly runs: number
  /** Processes side by side. */
  readonly jobs: number
  /** The command line, which each of them reads as well. */
  readonly args: readonly string[]
}

const main = fileURLToPath(new URL('../main.js', import.meta.url))
/** Most of what a run makes dies young, and nobody reads where the errors of retries came from. */
const execArgv = ['--max-semi-space-size=32', '--stack-trace-limit=4']
const everyRuns = 50

/** Runs many seeds in processes of their own, prints each failure when it comes, and the sums at the end. */
export async function explore({ from, runs, jobs, args }: ExploreOptions): Promise<{ failed: number }> {
  const sums = { runs: 0, failed: 0, acknowledged: 0, indeterminate: 0, reads: 0, contested: 0, faults: 0 }
  const time = { workMs: 0, workCpuMs: 0 }
  let next = 0
  const note = ({ seed, result, faults, failure }: Explored): void => {
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
  }
  const worker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child: ChildProcess = fork(main, [...args], {
        execArgv,
        env: { ...process.env, TORC_SIMULATION_EXPLORES: '1' },
      })
      let asked: bigint | undefined
      const ask = (): void => {
        asked = next < runs ? from + BigInt(next++) : undefined
        if (asked === undefined) child.disconnect()
        else child.send(asked.toString())
      }
      child.on('message', (told: 'ready' | Explored) => {
        if (told !== 'ready') note(told)
        ask()
      })
      child.on('error', reject)
      child.on('exit', code => {
        if (asked === undefined) resolve()
        else reject(new Error(`the process ended with ${code} in seed ${asked}`))
      })
    })
  await Promise.all(Array.from({ length: jobs }, worker))
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
