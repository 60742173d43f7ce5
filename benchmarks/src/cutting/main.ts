import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { WorkerProcess } from '../processes/worker-process.js'
import { describeMachine } from '../report/machine.js'
import { candidates } from './candidates.js'
import type { CuttingWorker } from './measure.worker.js'
import { cuttingTable } from './table.js'

const usage = `node benchmarks/build/src/cutting/main.js [--mib N] [--rounds N] [FILE…]

Compares ways to cut bodies into blocks (decision 15), on random bytes and on the files that are named.

  --mib N      random bytes in MiB (default 256)
  --rounds N   timed runs of each, the median counts (default 5)
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mib: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(usage)
else {
  console.log(`Measured on ${describeMachine()}.`)
  const bytes = Number(values.mib) * 1024 ** 2
  await compare(`${values.mib} MiB of random bytes`, bytes)
  for (const file of positionals) await compare(basename(file), file)
}

async function compare(title: string, input: string | number): Promise<void> {
  const rows = new Map<string, Awaited<ReturnType<CuttingWorker['measure']>>>()
  for (const name of Object.keys(candidates)) {
    // A process each: code that was compiled for one candidate is slower for the next.
    const worker = new WorkerProcess<CuttingWorker>(name, new URL('./measure.worker.js', import.meta.url))
    try {
      rows.set(name, await worker.call('measure', { name, input, rounds: Number(values.rounds) }))
    } finally {
      await worker.stop()
    }
  }
  console.log(`\n${title}\n\n${cuttingTable(rows)}`)
}
