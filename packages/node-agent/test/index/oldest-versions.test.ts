import { contextOfDot, emptyContext } from '@torc/cluster/clocks/causal-context'
import { compareAge, decodeLiveReport, encodeLiveReport } from '@torc/cluster/retention/live-report'
import fc from 'fast-check'
import t from 'tap'
import { liveReport } from '../../src/index/oldest-versions.js'
import { IndexFixture, keyName } from './index-fixture.js'

function reportOf(fixture: IndexFixture, wanted: number) {
  const known = fixture.index.find(keyName(0).bucketId, keyName(0).key)
  if (known === undefined) throw new Error('no such key')
  return liveReport(fixture.index.rows, known, wanted)
}

t.test('the oldest versions, heads among them marked', async t => {
  const fixture = new IndexFixture(1)
  const one = fixture.mint(0, {})
  const left = fixture.mint(0, { cover: one.summary.closed, exact: true }).version
  const right = fixture.mint(0, { cover: one.summary.closed, exact: true }).version
  t.same(reportOf(fixture, 10).oldest, [
    { dot: one.version.dot, createdAt: one.version.createdAt, head: false },
    { dot: left.dot, createdAt: left.createdAt, head: true },
    { dot: right.dot, createdAt: right.createdAt, head: true },
  ])
  t.same(reportOf(fixture, 10).versionCount, 3)
  for (const wanted of [1, 2, 3]) t.equal(reportOf(fixture, wanted).oldest.length, wanted)
  t.same(reportOf(fixture, 0).oldest, [])
  t.same(decodeLiveReport(encodeLiveReport(reportOf(fixture, 2))), reportOf(fixture, 2))
  fixture.close()
})

t.test('of what was purged only the context tells', async t => {
  const fixture = new IndexFixture(1)
  const { summary } = fixture.mint(0, {})
  fixture.merge(0, summary.closed, undefined, [])
  t.match(reportOf(fixture, 10), { versionCount: 0, oldest: [] })
  t.not(reportOf(fixture, 10).context, emptyContext)
  fixture.close()
})

t.test(
  'nothing older than the last of a report is missing from it, whatever times are the same',
  async () => {
    const times = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 13 }), async (times, wanted) => {
        const fixture = new IndexFixture(1)
        const sample = fixture.mint(1, {}).version
        for (const [i, time] of times.entries()) {
          // Of different actors: each mints at most one version at one time.
          const actor = String(12 - i).padStart(16, '0') as typeof sample.dot.actor
          const dot = { actor, counter: 1 }
          const version = { ...sample, dot, createdAt: time, opId: fixture.opId(), context: emptyContext }
          fixture.merge(0, contextOfDot(dot, 0), { version, body: new Uint8Array(0) })
        }
        const whole = [...reportOf(fixture, 100).oldest]
        const { oldest, versionCount } = reportOf(fixture, wanted)
        fixture.close()
        if (versionCount !== times.length) return false
        if (whole.length !== times.length) return false
        if (whole.some((one, i) => i > 0 && compareAge(whole[i - 1] ?? one, one) >= 0)) return false
        // Unless one time alone has more than are wanted, it is a beginning of the whole.
        const first = whole[0]?.createdAt
        const manyOfFirst = whole.filter(one => one.createdAt === first).length > wanted
        if (manyOfFirst) return oldest.length > 0 && oldest.every(one => one.createdAt === first)
        return oldest.length > 0 && JSON.stringify(whole.slice(0, oldest.length)) === JSON.stringify(oldest)
      }),
      { numRuns: 100 },
    )
  },
)
