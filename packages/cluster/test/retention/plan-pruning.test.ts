import fc from 'fast-check'
import t from 'tap'
import { contextOfDots } from '../../src/clocks/causal-context.js'
import { type Dot, dotText } from '../../src/clocks/dot.js'
import { countToPrune } from '../../src/retention/count-to-prune.js'
import type { LiveReport } from '../../src/retention/live-report.js'
import { planPruning } from '../../src/retention/plan-pruning.js'
import { parsePolicy, type RetentionPolicy } from '../../src/retention/policy.js'
import { runs } from '../support/runs.js'
import { actor } from '../support/samples.js'

/** What an agent saw and what it still has, of versions that are numbered by age from 1. */
interface Copy {
  readonly seen: readonly number[]
  readonly held: readonly number[]
  /** How many of the oldest it names. */
  readonly named: number
  readonly heads?: readonly number[]
}

const dotOf = (n: number): Dot => ({ actor: actor(n % 3), counter: n })

function reportOf({ seen, held, named, heads = [] }: Copy): LiveReport {
  const digest = new Uint8Array(16)
  // As digests do: equal for equal states, different for others.
  for (const n of seen) digest[n % 8] = ((digest[n % 8] ?? 0) * 31 + n) & 255
  for (const n of held) digest[8 + (n % 8)] = ((digest[8 + (n % 8)] ?? 0) * 31 + n) & 255
  return {
    context: contextOfDots(seen.map(dotOf)),
    digest,
    versionCount: held.length,
    oldest: held.slice(0, named).map(n => ({ dot: dotOf(n), createdAt: 10 * n, head: heads.includes(n) })),
  }
}

function policy(text: string): RetentionPolicy {
  const parsed = parsePolicy(text)
  if (parsed === 'inherit') throw new Error('no policy of its own')
  return parsed
}

interface Case {
  readonly policy: string
  readonly copies: readonly Copy[]
  /** What the new version covers; everything when absent. */
  readonly covered?: readonly number[]
}

/** The numbers of what goes, when the first copy's agent mints. */
function pruned({ policy: text, copies, covered }: Case): number[] {
  const names = new Map(range(1, 200).map(n => [dotText(dotOf(n)), n]))
  const number = (dot: Dot) => names.get(dotText(dot)) ?? 0
  const own = copies[0]
  const plan = planPruning(policy(text), copies.map(reportOf), {
    covers: dot => covered === undefined || covered.includes(number(dot)),
    isGone: dot => own?.seen.includes(number(dot)) === true && !own.held.includes(number(dot)),
  })
  return plan.map(number)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
}

const whole = (held: readonly number[], seen = held): Copy => ({ seen, held, named: held.length })

t.test('a table of cases', async t => {
  const five = whole(range(1, 5))
  const forked = { ...five, heads: [2, 5] }
  const cases: [what: string, given: Case, gone: number[]][] = [
    ['below the cap', { policy: 'global:6', copies: [five, five] }, []],
    ['at the cap', { policy: 'global:5', copies: [five, five] }, [1]],
    ['a smaller cap than before', { policy: 'global:2', copies: [five, five] }, [1, 2, 3, 4]],
    ['latest', { policy: 'latest', copies: [five, five] }, [1, 2, 3, 4, 5]],
    ['all', { policy: 'all', copies: [five, five] }, []],
    ['a quarter', { policy: 'dynamic:8', copies: [whole(range(1, 8))] }, [1, 2]],
    ['no reports', { policy: 'latest', copies: [] }, []],
    ['an empty key', { policy: 'latest', copies: [whole([]), whole([])] }, []],
    ['a key that only another has', { policy: 'latest', copies: [whole([]), whole([1, 2])] }, [1, 2]],
    [
      'the union counts: neither alone is at the cap',
      { policy: 'global:5', copies: [whole([1, 2, 3]), whole([3, 4, 5])] },
      [1],
    ],
    [
      'gone at the minter: not counted, not named again',
      { policy: 'global:3', copies: [whole([3, 4], [1, 2, 3, 4]), whole([1, 2, 3, 4])] },
      [],
    ],
    [
      'gone at another: the same',
      { policy: 'global:3', copies: [whole([1, 2, 3]), whole([3], [1, 2, 3])] },
      [],
    ],
    [
      'not covered and not known to be history by all: it stays, the next goes',
      { policy: 'global:2', copies: [whole([1, 2, 3]), whole([1, 2])], covered: [2, 3] },
      [2, 3],
    ],
    [
      'nothing that may go: the cap is exceeded',
      { policy: 'latest', copies: [{ ...five, heads: range(1, 5) }], covered: [] },
      [],
    ],
    [
      'a head that is not covered stays, history under it goes',
      { policy: 'global:3', copies: [forked, forked], covered: [5] },
      [1, 3, 4],
    ],
    [
      'what one agent alone calls history may be a head elsewhere',
      { policy: 'global:3', copies: [forked], covered: [5] },
      [5],
    ],
  ]
  for (const [what, given, gone] of cases) t.same(pruned(given), gone, what)
})

t.test('reports that break off: known up to the first end, counted beyond', async t => {
  const hundred = range(1, 100)
  const cut = (held: readonly number[], named: number, seen = held): Copy => ({ seen, held, named })
  t.same(pruned({ policy: 'global:100', copies: [cut(hundred, 10), cut(hundred, 10)] }), [1])
  t.same(pruned({ policy: 'global:98', copies: [cut(hundred, 10), cut(hundred, 4)] }), [1, 2, 3])
  // Each has what the other lacks among the oldest.
  t.same(
    pruned({ policy: 'global:100', copies: [cut(hundred.slice(1), 10), cut([1, ...range(3, 100)], 10)] }),
    [1],
  )
  t.same(
    pruned({ policy: 'global:99', copies: [cut(hundred.slice(1), 10), cut([1, ...range(3, 100)], 10)] }),
    [1, 2],
  )
  // Nothing named at all, though the other is at the cap.
  t.same(pruned({ policy: 'global:100', copies: [cut(range(51, 99), 0), cut(hundred, 10)] }), [1])
})

t.test('an agent that missed a purge makes nobody prune what fits', async t => {
  const old = range(1, 120)
  const fresh = range(121, 180)
  const minter: Copy = { seen: [...old, ...fresh], held: fresh, named: 0 }
  const lagging: Copy = { seen: old, held: old, named: 85 }
  t.same(pruned({ policy: 'global:100', copies: [minter, lagging] }), [])
  const atTheCap: Copy = { ...minter, named: 60 }
  t.same(pruned({ policy: 'global:60', copies: [atTheCap, { ...lagging, named: 100 }] }), [121])
})

const caps = fc.tuple(fc.constantFrom('global', 'dynamic'), fc.integer({ min: 1, max: 24 }))
const bits = fc.array(fc.boolean(), { minLength: 30, maxLength: 30 })

t.test('a minter that knows all prunes by its own count, whatever the others lag behind', async () => {
  const others = fc.array(fc.record({ sees: bits, misses: bits, named: fc.nat(30) }), { maxLength: 3 })
  fc.assert(
    fc.property(caps, bits, others, (cap, removed, lagging) => {
      const everything = range(1, 30)
      const live = everything.filter(n => removed[n - 1] !== true)
      const copies = lagging.map(({ sees, misses, named }): Copy => {
        const seen = everything.filter(n => sees[n - 1])
        return { seen, held: seen.filter(n => misses[n - 1] || !removed[n - 1]), named }
      })
      const own = whole(live, everything)
      const gone = pruned({ policy: cap.join(':'), copies: [own, ...copies] })
      const expected = live.slice(0, countToPrune(policy(cap.join(':')), live.length))
      if (gone.join() !== expected.join()) throw new Error(`${gone} went where ${expected} should`)
    }),
    runs(2_000),
  )
})

t.test('where all that anyone lacks is what it never saw, no more goes than is too much', async () => {
  const copies = fc.array(fc.record({ sees: bits, named: fc.nat(30) }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(caps, bits, copies, (cap, removed, given) => {
      const seenBy = given.map(({ sees }) => range(1, 30).filter(n => sees[n - 1]))
      const all = seenBy.map((seen, i): Copy => {
        const held = seen.filter(n => !removed[n - 1])
        return { seen, held, named: given[i]?.named ?? 0 }
      })
      const live = new Set(all.flatMap(copy => copy.held))
      const gone = pruned({ policy: cap.join(':'), copies: all })
      const excess = countToPrune(policy(cap.join(':')), live.size)
      if (gone.length > excess) throw new Error(`${gone.length} went where ${excess} were too many`)
      if (!gone.every(n => live.has(n))) throw new Error('what went was not there')
      if (gone.some((n, i) => n <= (gone[i - 1] ?? 0))) throw new Error('not oldest first')
    }),
    runs(2_000),
  )
})
