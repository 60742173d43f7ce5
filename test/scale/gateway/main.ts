// npm run scale:gateway -- [--size-mib 5120] [--replicas 1] [--json]
import { type GatewayFinding, runGatewayScale } from './gateway-scale.js'
import { parseOptions, usage } from './options.js'

const mebibyte = 1024 * 1024

function sentence({ phase, milliseconds, bytes, requests, peakBytes }: GatewayFinding): string {
  const seconds = milliseconds / 1000
  const rates = `${(bytes / mebibyte / seconds).toFixed(1)} MiB/s, ${(requests / seconds).toFixed(1)} requests/s`
  return `${phase}: ${requests} requests, ${Math.round(bytes / mebibyte)} MiB in ${seconds.toFixed(1)} s (${rates}); the gateway's peak is ${Math.round(peakBytes / mebibyte)} MiB`
}

async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof parseOptions>
  try {
    options = parseOptions(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return 2
  }
  const { help, json, memoryBytesMax } = options
  if (help) {
    console.log(usage)
    return 0
  }
  const findings = await runGatewayScale(options, finding =>
    console.log(json ? JSON.stringify(finding) : sentence(finding)),
  )
  const over = findings.filter(({ peakBytes }) => peakBytes > memoryBytesMax)
  if (over.length === 0) return 0
  console.error(
    `more than ${memoryBytesMax / mebibyte} MiB after: ${over.map(({ phase }) => phase).join(', ')}`,
  )
  return 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
