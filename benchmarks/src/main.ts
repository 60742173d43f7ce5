import { cases } from './cases.js'
import { type BenchmarkOptions, parseOptions, usage } from './options.js'
import { describeLoad, describeMachine } from './report/machine.js'
import { writeReadme } from './report/readme.js'
import { renderTable, resultJson } from './report/table.js'
import { runCases } from './run.js'

async function main(args: readonly string[]): Promise<number> {
  let options: BenchmarkOptions
  try {
    options = parseOptions(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return 2
  }
  const { only, json } = options
  if (options.help) {
    console.log(`${usage}\nCases: ${cases.map(({ name }) => name).join(', ')}`)
    return 0
  }
  const chosen = cases.filter(
    ({ name, baselineNeedsCluster }) =>
      (only === undefined || name.startsWith(only)) &&
      !(options.baselinesOnly && baselineNeedsCluster === true),
  )
  if (chosen.length === 0) {
    console.error(`no case begins with ${only}; there are ${cases.map(({ name }) => name).join(', ')}`)
    return 2
  }
  if (options.profile !== undefined) profileChildren(options.profile)
  const load = describeLoad()
  if (load !== undefined) console.error(load)
  const conditions = `Measured on ${describeMachine()}.${load === undefined ? '' : ` ${load}`}`
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')))
  const results = await runCases(chosen, {
    ...options,
    signal: interrupted.signal,
    onBegin: name => {
      if (!json) console.error(`${name} …`)
    },
    onResult: result => {
      if (json) console.log(JSON.stringify({ ...resultJson(result), machine: describeMachine() }))
    },
  })
  if (!json) console.log(`\n${conditions}\n\n${renderTable(results)}`)
  if (options.writeReadme) writeReadme(results, conditions)
  return 0
}

/** All processes of both sides inherit these variables. */
function profileChildren(directory: string): void {
  const module = new URL('./processes/profile.js', import.meta.url).href
  process.env.BENCHMARK_PROFILE_DIRECTORY = directory
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import=${module}`.trim()
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
