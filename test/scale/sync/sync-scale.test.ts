import t from 'tap'
import type { Finding } from './finding.js'
import { judge } from './judge.js'
import { parseOptions } from './options.js'
import { runSyncScale } from './sync-scale.js'

// All of a run is in it but the sizes; what must arrive is compared byte by byte on the way. Nothing is timed.
t.test('whatever is done in one folder is in the other one', async t => {
  const findings = await runSyncScale({
    ...{ files: 300, fewFiles: 60, samples: 1, created: 150, moved: 80 },
    ...{ largeBytes: 8 * 1024 * 1024, restSeconds: 1, intervalSeconds: 2 },
  })
  t.strictSame(
    findings.map(({ phase }) => phase),
    [
      ...['first sync, up', 'first sync, down', 'one change', 'at rest', 'a large file'],
      ...['first sync, up', 'first sync, down', 'one change', 'saves', 'a folder moved in'],
      ...['at rest', 'made while the process was stopped'],
    ],
  )
  const of = (phase: string) => findings.filter(finding => finding.phase === phase).at(-1)?.figures ?? {}
  for (const [way, versions] of Object.entries(of('saves'))) t.equal(versions, 1, way)
  t.ok(Number(of('first sync, up').requestsPerFile) < 1.5, 'a request for each file')
  t.ok(Number(of('first sync, down').requestsPerFile) < 1.5, 'a request for each file')
  t.ok(Number(of('one change').requestsMedian) < 20, 'a change asks for little')
})

t.test('a run that does not meet the demands is told', async t => {
  const change = (figures: object): Finding => ({
    phase: 'one change',
    figures: { files: 1, arrivalMsMax: 500, requestsMedian: 8, processorMsMedian: 30, ...figures },
  })
  const good: Finding[] = [
    change({}),
    change({ files: 2, processorMsMedian: 40 }),
    { phase: 'saves', figures: { renamed: 1 } },
    { phase: 'a large file', figures: { grownMiBUp: 10, grownMiBDown: 20 } },
    { phase: 'at rest', figures: { requestsPerMinute: 5 } },
  ]
  t.strictSame(judge(good), [])
  const bad: Finding[] = [
    change({}),
    change({ files: 2, arrivalMsMax: 2500, requestsMedian: 80, processorMsMedian: 100 }),
    { phase: 'saves', figures: { renamed: 2 } },
    { phase: 'a large file', figures: { grownMiBUp: 10, grownMiBDown: 200 } },
    { phase: 'at rest', figures: { requestsPerMinute: 50 } },
  ]
  t.equal(judge(bad).length, 6)
  t.ok(judge([]).length > 0, 'nothing measured is nothing met')
})

t.test('options', async t => {
  t.match(parseOptions([]), { files: 20_000, fewFiles: 1000, created: 40_000, moved: 5_000 })
  t.match(parseOptions(['--files', '7', '--large-mib', '2']), { files: 7, largeBytes: 2 * 1024 * 1024 })
  for (const args of [['--files', '0'], ['--samples', 'x'], ['--y']]) t.throws(() => parseOptions(args))
})
