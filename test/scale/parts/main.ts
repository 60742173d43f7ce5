// npm run scale:parts -- [--between N] [--part-bytes 4096] [--json]
import { progressOf } from '../report/progress.js'
import { renderTable } from '../report/table.js'
import { type PartsOptions, parseOptions, usage } from './options.js'
import { runPartCosts } from './upload-costs.js'

async function main(args: readonly string[]): Promise<number> {
  let options: PartsOptions
  try {
    options = parseOptions(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return 2
  }
  if (options.help) {
    console.log(usage)
    return 0
  }
  const interrupted = new AbortController()
  // Again and again if need be: what was begun is removed all the same.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => interrupted.abort(new Error('interrupted')))
  const checks = await runPartCosts({ ...options, signal: interrupted.signal, onLoad: progressOf() })
  if (options.json) for (const check of checks) console.log(JSON.stringify(check))
  else console.log(`\n${renderTable(checks)}`)
  const missed = checks.filter(({ ok }) => ok === false)
  if (missed.length > 0) console.error(`${missed.length} limits were missed`)
  return missed.length > 0 ? 1 : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
