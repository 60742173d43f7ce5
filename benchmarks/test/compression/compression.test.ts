import t from 'tap'
import { candidates, chosen } from '../../src/compression/candidates.js'
import { inputs } from '../../src/compression/inputs.js'
import type { CompressionWorker, Measurement } from '../../src/compression/measure.worker.js'
import { compressionTable } from '../../src/compression/table.js'
import { WorkerProcess } from '../../src/processes/worker-process.js'

t.test('made-up bytes are the same each time, and as many as were asked for', async t => {
  for (const [name, make] of Object.entries(inputs)) {
    t.equal(make(100_001).length, 100_001, name)
    t.same(make(1000), make(1000), name)
    t.same(make(3000).slice(0, 500), make(3000).slice(0, 500))
  }
})

t.test('each candidate gives back what it was given', async t => {
  const bytes = inputs['lines of a log']?.(50_000) ?? Buffer.of()
  for (const [name, { compress, decompress }] of Object.entries(candidates)) {
    const compressed = compress(bytes)
    t.ok(compressed.length < bytes.length, name)
    t.ok(Buffer.from(bytes).equals(decompress(compressed)), name)
  }
})

t.test('candidates are measured, and shown', async t => {
  const worker = new WorkerProcess<CompressionWorker>(
    'compression',
    new URL('../../src/compression/measure.worker.js', import.meta.url),
  )
  t.teardown(() => worker.stop())
  const rows = new Map<string, Measurement>()
  const bytes = 2 * 1024 ** 2
  for (const name of ['brotli, quality 1', chosen]) {
    const measured = await worker.call('measure', {
      name,
      input: { made: 'lines of a log', bytes },
      rounds: 1,
    })
    t.ok(measured.ratio < 0.5, name)
    rows.set(name, measured)
  }
  const random = await worker.call('measure', {
    ...{ name: chosen, input: { made: 'random bytes', bytes }, rounds: 1 },
  })
  t.equal(random.ratio, 1, 'what does not shrink stays as it is')
  t.match(
    compressionTable(new Map([[chosen, random]])),
    /\| chosen \| 100\.0 % \| \d+ \| \d+\.\d\d \| – \| – \|/,
  )
  t.match(compressionTable(rows), /\| chosen \| \d+\.\d % \| \d+ \| \d+\.\d\d \| \d+ \| \d+\.\d\d \|/)
  const wrong = { name: 'none', input: { made: 'random bytes', bytes: 1 }, rounds: 1 }
  await t.rejects(worker.call('measure', wrong), /no candidate/)
})
