import t from 'tap'
import { candidates } from '../../src/cutting/candidates.js'
import type { CuttingWorker } from '../../src/cutting/measure.worker.js'
import { cuttingTable } from '../../src/cutting/table.js'
import { WorkerProcess } from '../../src/processes/worker-process.js'

t.test('each candidate cuts the same whatever the pieces', async t => {
  const bytes = Uint8Array.from({ length: 5_000_000 }, (_, i) => Math.imul(i ^ (i >>> 7), 0x9e3779b9) >>> 24)
  for (const [name, make] of Object.entries(candidates)) {
    const whole: number[] = []
    const cutter = make()
    for (let end = cutter.endOfBlock(bytes, 0); end !== undefined; end = cutter.endOfBlock(bytes, end))
      whole.push(end)
    const pieces: number[] = []
    const again = make()
    for (let start = 0; start < bytes.length; start += 99_991) {
      const piece = bytes.subarray(start, start + 99_991)
      for (let end = again.endOfBlock(piece, 0); end !== undefined; end = again.endOfBlock(piece, end))
        pieces.push(start + end)
    }
    t.ok(whole.length > 0, name)
    t.strictSame(pieces, whole, name)
  }
})

t.test('a candidate is measured, and shown', async t => {
  const worker = new WorkerProcess<CuttingWorker>(
    'cutting',
    new URL('../../src/cutting/measure.worker.js', import.meta.url),
  )
  t.teardown(() => worker.stop())
  const name = 'fixed, 1 MiB'
  const measured = await worker.call('measure', { name, input: 8 * 1024 ** 2, rounds: 1 })
  t.strictSame(measured.sizes, Array(7).fill(1024 ** 2))
  t.equal(measured.renewed[0]?.toFixed(2), '0.50')
  t.match(cuttingTable(new Map([[name, measured]])), /\| fixed, 1 MiB \| .* \| 50\.0 % \|/)
  await t.rejects(worker.call('measure', { name: 'none', input: 1, rounds: 1 }), /no candidate/)
})
