import fc from 'fast-check'
import t from 'tap'
import { HybridClock, hybridToDate } from '../../src/clocks/hybrid-clock.js'
import { runs } from '../support/runs.js'
import { SetClock } from '../support/samples.js'

t.test('follows the wall clock in microseconds and rises while it stands still or goes back', async t => {
  const wall = new SetClock()
  const clock = new HybridClock(wall)
  t.equal(clock.now(), wall.timeMs * 1000)
  t.equal(clock.now(), wall.timeMs * 1000 + 1)
  const before = clock.now()
  wall.timeMs -= 5_000
  t.equal(clock.now(), before + 1)
  wall.timeMs += 10_000.5
  t.equal(clock.now(), wall.timeMs * 1000)
  t.equal(hybridToDate(1_700_000_000_123_456).toISOString(), '2023-11-14T22:13:20.123Z')
})

t.test('adopts what it sees up to the bound, and no further', async t => {
  const wall = new SetClock()
  const clock = new HybridClock(wall, { maxAheadMs: 1_000 })
  const start = wall.timeMs * 1000
  clock.observe(start + 1_000_000)
  t.equal(clock.now(), start + 1_000_001)
  clock.observe(start + 1_000_000_000)
  t.equal(clock.now(), start + 1_000_002)
  for (const nonsense of [Number.NaN, Number.POSITIVE_INFINITY, -5]) clock.observe(nonsense)
  t.equal(clock.now(), start + 1_000_003)
})

t.test('mints above what is covered, and refuses beyond the bound', async t => {
  const wall = new SetClock()
  const clock = new HybridClock(wall, { maxAheadMs: 1_000 })
  const start = wall.timeMs * 1000
  t.equal(clock.mintTime(0), start)
  t.equal(clock.mintTime(start + 500_000), start + 500_001)
  t.equal(clock.mintTime(0), start + 500_002, 'also above what was minted')
  t.throws(() => clock.mintTime(start + 1_000_000), { code: 'CLOCK_SKEW' })
  t.equal(clock.now(), start + 500_003, 'a refusal uses nothing up')
  wall.timeMs += 1
  t.equal(clock.mintTime(start + 1_000_000), start + 1_000_001, 'later the same is in bounds')
  wall.timeMs -= 2_000
  t.throws(() => clock.mintTime(0), { code: 'CLOCK_SKEW' }, 'the wall clock fell back behind what was issued')
})

t.test('whatever happens, times rise strictly and stay within the bound', async () => {
  const events = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('now' as const), value: fc.constant(0) }),
      fc.record({ kind: fc.constant('wall' as const), value: fc.integer({ min: -3_000, max: 3_000 }) }),
      fc.record({
        kind: fc.constant('observe' as const),
        value: fc.integer({ min: -5_000_000, max: 5_000_000 }),
      }),
      fc.record({
        kind: fc.constant('mint' as const),
        value: fc.integer({ min: -5_000_000, max: 5_000_000 }),
      }),
    ),
  )
  fc.assert(
    fc.property(events, all => {
      const wall = new SetClock()
      const clock = new HybridClock(wall, { maxAheadMs: 1_000 })
      let last = 0
      for (const { kind, value } of all) {
        const other = wall.timeMs * 1000 + value
        if (kind === 'wall') wall.timeMs += value
        else if (kind === 'observe') clock.observe(other)
        else {
          let time: number
          try {
            time = kind === 'now' ? clock.now() : clock.mintTime(other)
          } catch {
            // Refused; CLOCK_SKEW has its own test.
            continue
          }
          if (time <= last) throw new Error('did not rise')
          if (kind === 'mint' && (time <= other || time > wall.timeMs * 1000 + 1_000_000))
            throw new Error('out of bounds')
          last = time
        }
      }
    }),
    runs(1_000),
  )
})
