// npm run interop -- [--only NAME]... [--tools DIR] [--large-mib 200] [--keys 3000] [--json]
import { realClients } from './clients/real-clients.js'
import { type InteropOptions, parseOptions, usage } from './options.js'
import { failed, renderReports } from './report/table.js'
import { runClients } from './run-clients.js'

async function main(args: readonly string[]): Promise<number> {
  const names = realClients.map(({ name }) => name)
  let options: InteropOptions
  try {
    options = parseOptions(args)
    const unknown = options.only.find(name => !names.includes(name))
    if (unknown !== undefined) throw new Error(`there is no client ${unknown}; there are ${names.join(', ')}`)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return 2
  }
  const { only, json } = options
  if (options.help) {
    console.log(`${usage}\nClients: ${names.join(', ')}`)
    return 0
  }
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => interrupted.abort(new Error('interrupted')))
  const reports = await runClients({
    ...{ ...options, signal: interrupted.signal },
    clients: realClients.filter(({ name }) => only.length === 0 || only.includes(name)),
    onStep: (client, step) => {
      if (json) console.log(JSON.stringify({ client, ...step }))
      else console.error(`${client}: ${step.name} ${step.outcome} (${Math.round(step.milliseconds)} ms)`)
    },
  })
  if (json) for (const { steps: _, ...report } of reports) console.log(JSON.stringify(report))
  else console.log(`\n${renderReports(reports)}`)
  return reports.some(failed) ? 1 : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
