import fc from 'fast-check'
import t from 'tap'
import { contextOfDot, covers, joinContexts } from '../../src/clocks/causal-context.js'
import { dotText } from '../../src/clocks/dot.js'
import {
  compareAge,
  decodeLiveReport,
  encodeLiveReport,
  type LiveReport,
  oldestWanted,
  prunedMax,
} from '../../src/retention/live-report.js'
import { checkMalformed } from '../support/malformed.js'
import { runs } from '../support/runs.js'
import { actor, contexts } from '../support/samples.js'

const reports: fc.Arbitrary<LiveReport> = fc
  .record({
    context: contexts,
    digest: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    more: fc.nat(1000),
    listed: fc.array(
      fc.record({
        dot: fc.record({ actor: fc.nat(3).map(actor), counter: fc.integer({ min: 1, max: 24 }) }),
        createdAt: fc.oneof(fc.nat(9), fc.maxSafeNat()),
        head: fc.boolean(),
      }),
      { maxLength: 12 },
    ),
  })
  .map(({ context, digest, more, listed }) => {
    const names = new Set<string>()
    const oldest = listed
      .filter(({ dot }) => covers(context, dot) && !names.has(dotText(dot)) && names.add(dotText(dot)))
      .sort(compareAge)
    return { context, digest, versionCount: oldest.length + more, oldest }
  })

t.test('a report survives its encoding', async t => {
  fc.assert(
    fc.property(reports, report => {
      const decoded = decodeLiveReport(encodeLiveReport(report))
      if (Buffer.compare(encodeLiveReport(decoded), encodeLiveReport(report)) !== 0)
        throw new Error('differs')
      t.strictSame(decoded.oldest.map(plain), report.oldest.map(plain))
    }),
    runs(300),
  )
})

t.test('damaged reports are refused', async () => {
  checkMalformed(reports, encodeLiveReport, bytes => decodeLiveReport(bytes), 'BAD_REQUEST')
})

t.test('a full report fits its field of a message', async t => {
  const actors = [actor(1), actor(2), actor(3)] as const
  const top = 2 ** 33
  const context = actors
    .map(id => contextOfDot({ actor: id, counter: top + prunedMax + 64 }, 0))
    .reduce((all, one) => joinContexts(all, one))
  const oldest = Array.from({ length: prunedMax + 64 }, (_, i) => ({
    dot: { actor: actors[i % 3] ?? actors[0], counter: top + i },
    createdAt: 1_700_000_000_000_000 + i * 10_000_000,
    head: false,
  }))
  const bytes = encodeLiveReport({ context, digest: new Uint8Array(16), versionCount: 1_000_000, oldest })
  t.ok(bytes.length < 180 * 1024, `${bytes.length} bytes`)
  t.equal(decodeLiveReport(bytes).oldest.length, oldest.length)
})

t.test('how much is reported: what may go and 64 to spare, nothing far below the cap', async t => {
  t.equal(oldestWanted({ kind: 'all' }, 5000), 0)
  t.equal(oldestWanted({ kind: 'latest' }, 3), 3)
  t.equal(oldestWanted({ kind: 'global', max: 5 }, 4), 4)
  t.equal(oldestWanted({ kind: 'global', max: 1000 }, 900), 0)
  t.equal(oldestWanted({ kind: 'global', max: 1000 }, 1000), 65)
  t.equal(oldestWanted({ kind: 'global', max: 1000 }, 900, 1003), 68)
  t.equal(oldestWanted({ kind: 'dynamic', max: 1000 }, 1000), 250 + 64)
  t.equal(oldestWanted({ kind: 'global', max: 1 }, 1_000_000), prunedMax + 64)
  t.equal(oldestWanted({ kind: 'global', max: 1 }), 0)
})

function plain({ dot, createdAt, head }: LiveReport['oldest'][number]): string {
  return `${dotText(dot)} ${createdAt} ${head}`
}
