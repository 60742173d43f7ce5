// npm run sync:runs -- [--runs 100000] [--from 1] [--jobs 2]   people who work in synced folders at random
// npm run sync:runs -- --seed 17                               one run again, with its story where it fails
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runConvergence } from '@torc/client/test/sync/convergence/run'
import { runSeeds, runsSeeds, serveSeeds } from '../harness/seeds/seed-processes.js'

interface Told {
  readonly failure: string | undefined
}

const everyRuns = 5_000

async function told(seed: bigint): Promise<Told> {
  try {
    await runConvergence(Number(seed))
    return { failure: undefined }
  } catch (thrown) {
    return { failure: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

async function explore(from: bigint, runs: number, jobs: number): Promise<number> {
  const [program, args] = [fileURLToPath(import.meta.url), process.argv.slice(2)]
  let [done, failed] = [0, 0]
  await runSeeds<Told>({ program, args, from, runs, jobs }, ({ failure }) => {
    done++
    if (failure !== undefined) {
      failed++
      console.log(failure.split('\n')[0])
    }
    if (done % everyRuns === 0) console.error(`${done} of ${runs} runs, ${failed} failed`)
  })
  console.log(`${done} runs from seed ${from}, ${failed} failed`)
  return failed
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '100000' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
  },
})

if (runsSeeds()) serveSeeds(told)
else if (values.seed !== undefined) {
  const { failure } = await told(BigInt(values.seed))
  console.log(failure ?? `seed ${values.seed} holds`)
  if (failure !== undefined) process.exitCode = 1
} else if ((await explore(BigInt(values.from), Number(values.runs), Number(values.jobs))) > 0) {
  process.exitCode = 1
}
