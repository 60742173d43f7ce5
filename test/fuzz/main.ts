// npm run fuzz -- [--frames 200000] [--seed S]
import { parseArgs } from 'node:util'
import { startCluster } from '../harness/processes/cluster.js'
import { fuzz } from './fuzz.js'

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '200000' },
    seed: { type: 'string', default: String(Date.now()) },
  },
})
const growthBytesMax = 20 * 1024 * 1024
console.log(`seed ${values.seed}`)
const cluster = await startCluster({ logLevel: 'error' })
try {
  const result = await fuzz(cluster, values.seed, Number(values.frames))
  console.log(JSON.stringify(result))
  for (const [name, bytes] of Object.entries(result.growth)) {
    if (bytes <= growthBytesMax) continue
    console.error(`${name} grew by ${(bytes / 2 ** 20).toFixed(1)} MiB`)
    process.exitCode = 1
  }
} finally {
  await cluster.stop()
}
