// npm run scale:sync -- [--files 20000] [--created 40000] [--moved 5000] [--json]
import type { Finding } from './finding.js'
import { judge } from './judge.js'
import { parseOptions, usage } from './options.js'
import { runSyncScale } from './sync-scale.js'

function sentence({ phase, figures }: Finding): string {
  const told = Object.entries(figures).map(([name, value]) => `${name} ${rounded(value)}`)
  return `${phase}: ${told.join(', ')}`
}

function rounded(value: number): string {
  return Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof parseOptions>
  try {
    options = parseOptions(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return 2
  }
  const { help, json } = options
  if (help) {
    console.log(usage)
    return 0
  }
  const findings = await runSyncScale(options, finding =>
    console.log(json ? JSON.stringify(finding) : sentence(finding)),
  )
  const broken = judge(findings)
  for (const demand of broken) console.error(`not met: ${demand}`)
  return broken.length === 0 ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
