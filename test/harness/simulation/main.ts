// npm run simulate -- --seed 17                  one run again: its trace hash, or what broke, made short
// npm run simulate -- --runs 1000 --jobs 2       many, from `--from`, a process for each job
import { parseArgs } from 'node:util'
import { runsSeeds, serveSeeds } from '../seeds/seed-processes.js'
import { describeFailure } from './cluster/describe-failure.js'
import { type LoadName, loads } from './cluster/load.js'
import { callsOfEach, parseSeed, scenarioOf } from './cluster/scenario.js'
import { shrink } from './cluster/shrink.js'
import { type SimulationOptions, simulateCluster } from './cluster/simulate-cluster.js'
import { SimulationFailure } from './cluster/simulation-failure.js'
import { explore } from './explore/explore.js'
import { exploreSeed } from './explore/worker.js'

const help = `npm run simulate -- [--seed S | --runs N [--from S] [--jobs J]] [what to set whatever the seed says]

  --seed S        one run; a failure is made short (--shrink RUNS, 60; 0: not)
  --runs N        explore seeds S, S + 1, …; 100 when absent
  --from S        first of them; 1 when absent
  --jobs J        processes side by side; 1 when absent
  --agents N --clients N --seconds N --load ${Object.keys(loads).join('|')}
  --sloppy --strict --layouts --no-layouts --unversioned --watched
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    shrink: { type: 'string', default: '60' },
    agents: { type: 'string' },
    clients: { type: 'string' },
    seconds: { type: 'string' },
    load: { type: 'string' },
    sloppy: { type: 'boolean' },
    strict: { type: 'boolean' },
    layouts: { type: 'boolean' },
    'no-layouts': { type: 'boolean' },
    unversioned: { type: 'boolean' },
    watched: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})

if (values.help === true) process.stdout.write(help)
else if (runsSeeds()) serveSeeds(seed => exploreSeed(seed, given))
else if (values.seed !== undefined) await again(seedOf(values.seed))
else {
  const { failed } = await explore({
    from: seedOf(values.from),
    runs: number(values.runs, 'runs'),
    jobs: number(values.jobs, 'jobs'),
    args: process.argv.slice(2),
  })
  if (failed > 0) process.exitCode = 1
}

async function again(seed: bigint): Promise<void> {
  const options = given(scenarioOf(seed))
  const { seed: _, faults: __, ...told } = options
  console.log(JSON.stringify(told))
  try {
    const { faults, failures, ...result } = await simulateCluster(options)
    console.log(
      JSON.stringify({ ...result, faults: faults.length, failures: Object.fromEntries(failures) }, null, 2),
    )
  } catch (error) {
    if (!(error instanceof SimulationFailure)) throw error
    process.exitCode = 1
    console.log(describeFailure(error))
    const runsMax = Number(values.shrink)
    if (runsMax === 0) return
    console.log(`${error.steps.length} steps; trying with fewer …`)
    const shrunk = await shrink(options, error, { runsMax })
    console.log(`after ${shrunk.runs} runs ${shrunk.failure.steps.length} steps are left:`)
    console.log(describeFailure(shrunk.failure))
    console.log(shrunk.failure.cause instanceof Error ? shrunk.failure.cause.stack : '')
  }
}

/** What the command line sets in place of what the seed says. */
function given(scenario: SimulationOptions): SimulationOptions {
  const set: { -readonly [K in keyof SimulationOptions]?: SimulationOptions[K] } = {}
  if (values.agents !== undefined) set.agents = number(values.agents, 'agents')
  if (values.clients !== undefined) set.clients = number(values.clients, 'clients')
  if (values.load !== undefined) set.load = loadNamed(values.load)
  if (values.sloppy === true || values.strict === true) set.sloppy = values.sloppy === true
  if (values.layouts === true || values['no-layouts'] === true) set.layouts = values.layouts === true
  if (values.unversioned === true) set.unversioned = true
  if (values.watched === true) set.watched = true
  const options = { ...scenario, ...set }
  const seconds = values.seconds === undefined ? undefined : number(values.seconds, 'seconds')
  return { ...options, operations: callsOfEach(options.clients ?? 1, seconds) }
}

function loadNamed(name: string): LoadName {
  const found = (Object.keys(loads) as LoadName[]).find(one => one === name)
  if (found === undefined) throw new Error(`--load must be one of ${Object.keys(loads).join(', ')}`)
  return found
}

function seedOf(text: string): bigint {
  const seed = parseSeed(text)
  if (seed === undefined) throw new Error(`a seed is a number below 2^64, not ${text}`)
  return seed
}

function number(text: string, name: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} must be a whole number above 0, not ${text}`)
  return Number(text)
}
