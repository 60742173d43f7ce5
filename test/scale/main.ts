// npm run scale -- [--keys 1000000] [--versions 10000] [--json]
import { statfs } from 'node:fs/promises'
import { parseOptions, type ScaleOptions, usage } from './options.js'
import { progressOf } from './report/progress.js'
import { renderTable } from './report/table.js'
import { runScale } from './scale.js'

/** What a key takes on the disks of three agents, with room for their logs. */
const diskBytesPerKey = 5 * 1024
const diskBytesPerVersion = 3 * 5 * 1024

class Interruption extends Error {}

async function main(args: readonly string[]): Promise<number> {
  let options: ScaleOptions
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
  const { keys, versions, folder, json } = options
  const wanted = keys * diskBytesPerKey + versions * diskBytesPerVersion
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < wanted) {
    const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(1)
    console.error(
      `${folder} has ${gib(bavail * bsize)} GiB free and ${gib(wanted)} are needed: choose another by --folder, or fewer keys.`,
    )
    return 1
  }
  const interrupted = new AbortController()
  // Again and again if need be: what was begun is removed all the same.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => interrupted.abort(new Interruption('interrupted')))
  }
  const checks = await runScale({
    ...options,
    signal: interrupted.signal,
    onLoad: progressOf(),
    onCheck: check => {
      if (json) console.log(JSON.stringify(check))
    },
  })
  if (!json) console.log(`\n${renderTable(checks)}`)
  const missed = checks.filter(({ ok }) => ok === false)
  if (missed.length > 0) console.error(`${missed.length} limits were missed`)
  return missed.length > 0 ? 1 : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = error instanceof Interruption ? 130 : 1
}
