import t from 'tap'
import { interleave } from '../../src/measure/interleave.js'
import type { Side } from '../../src/measure/side.js'

function scripted(name: string, rates: readonly number[], log: string[]): Side {
  let next = 0
  return {
    processes: [{ name, pid: process.pid }],
    async warmUp() {
      log.push(`warm ${name}`)
    },
    async run() {
      log.push(name)
      return { units: rates[next++] ?? 0, elapsedMs: 1000 }
    },
    async close() {},
  }
}

t.test('the sides take turns and the medians are compared', async t => {
  const log: string[] = []
  const baseline = scripted('A', [100, 300, 200], log)
  const torc = scripted('B', [50, 40, 60], log)
  const comparison = await interleave(baseline, torc, 3)
  t.same(log, ['warm A', 'warm B', 'A', 'B', 'A', 'B', 'A', 'B'])
  t.equal(comparison.baseline.rate, 200)
  t.equal(comparison.torc?.rate, 50)
  t.equal(comparison.ratio, 0.25)
  const [usage] = comparison.baseline.processes
  t.equal(usage?.name, 'A')
  if (process.platform !== 'linux') return
  t.ok((usage?.peakMemoryBytes ?? 0) > 1024 * 1024, 'peak memory of a live process')
  t.ok((usage?.cpuMsPerThousand ?? -1) >= 0)
})

t.test('a baseline alone has no ratio', async t => {
  const comparison = await interleave(scripted('A', [7], []), undefined, 1)
  t.equal(comparison.ratio, undefined)
  t.equal(comparison.torc, undefined)
})
