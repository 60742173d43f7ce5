import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { WorkerProcess } from '../processes/worker-process.js'
import { describeMachine } from '../report/machine.js'
import { candidates, chosen } from './candidates.js'
import { inputs } from './inputs.js'
import type { CompressionWorker, Measurement } from './measure.worker.js'
import { compressionTable } from './table.js'

const usage = `node benchmarks/build/src/compression/main.js [--mib N] [--rounds N] [FILE…]

Compares ways to compress blocks of 1 MiB (decision 22), on made-up bytes and on the files that are named.

  --mib N      made-up bytes of each kind in MiB (default 64)
  --rounds N   timed runs of each, the median counts (default 5)
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mib: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(usage)
else {
  console.log(`Measured on ${describeMachine()}.`)
  const bytes = Number(values.mib) * 1024 ** 2
  for (const made of Object.keys(inputs)) await compare(`${values.mib} MiB of ${made}`, { made, bytes })
  for (const file of positionals) await compare(basename(file), { file })
}

async function compare(
  title: string,
  input: Parameters<CompressionWorker['measure']>[0]['input'],
): Promise<void> {
  const rows = new Map<string, Measurement>()
  for (const name of [...Object.keys(candidates), chosen]) {
    const worker = new WorkerProcess<CompressionWorker>(name, new URL('./measure.worker.js', import.meta.url))
    try {
      rows.set(name, await worker.call('measure', { name, input, rounds: Number(values.rounds) }))
    } finally {
      await worker.stop()
    }
  }
  console.log(`\n${title}\n\n${compressionTable(rows)}`)
}
