// npm run streams -- [--streams 100] [--size 64MiB] [--json]
import { parseOptions, type StreamOptions, usage } from './options.js'
import { runStreams } from './streams.js'

const mebibyte = 1024 * 1024
const mib = (bytes: number | undefined): string =>
  bytes === undefined ? 'unknown' : `${Math.round(bytes / mebibyte)} MiB`

async function main(args: readonly string[]): Promise<number> {
  let options: StreamOptions
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
  const { streams, bytes, memoryBytesMax, json } = options
  const result = await runStreams(options)
  if (json) for (const peak of result.peaks) console.log(JSON.stringify(peak))
  else {
    const rate = (milliseconds: number): string =>
      `${Math.round((streams * bytes) / mebibyte / (milliseconds / 1000))} MiB/s`
    console.log(`${streams} streams of ${mib(bytes)}: put ${rate(result.putMs)}, get ${rate(result.getMs)}`)
    for (const { process, afterPut, afterGet } of result.peaks)
      console.log(`  ${process.padEnd(8)} ${mib(afterPut)} after put, ${mib(afterGet)} after get`)
  }
  if (result.over.length === 0) return 0
  console.error(`more than ${mib(memoryBytesMax)} at the peak: ${result.over.join(', ')}`)
  return 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
