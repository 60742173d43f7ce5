import t from 'tap'
import {
  contextOfDot,
  contextOfDots,
  covers,
  decodeContext,
  emptyContext,
  joinContexts,
} from '../../src/clocks/causal-context.js'
import {
  afterOf,
  type ConditionBase,
  conditionFailed,
  judge,
  proposedVersion,
} from '../../src/consensus/condition.js'
import { versionIdOf } from '../../src/state/version.js'
import { decodeVersion } from '../../src/state/version-codec.js'
import { actor, version } from '../support/samples.js'

const dot = (n: number, counter: number) => ({ actor: actor(n), counter })
/** Ids that differ from their first letter on. */
const opIdOf = (n: number): Uint8Array => new Uint8Array(16).fill(n * 40)
const head = (n: number, overrides: Parameters<typeof version>[0] = {}) =>
  version({ opId: opIdOf(n), id: versionIdOf(opIdOf(n)), dot: dot(n, 1), seq: n, ...overrides })
const base = (...heads: ReturnType<typeof version>[]): ConditionBase => ({
  heads,
  context: joinContexts(contextOfDots(heads.map(one => one.dot)), contextOfDot(dot(9, 5), 0)),
  newest: 10,
  seq: 7,
})

t.test('"there is none" holds where no head is an object, and then covers all that was there', async t => {
  const none = { kind: 'absent' } as const
  t.equal(judge(none, base(head(1))), undefined)
  t.equal(judge(none, base(head(1, { kind: 'marker' }), head(2))), undefined)
  const marked = base(head(1, { kind: 'marker' }))
  t.same(judge(none, marked), { context: marked.context, seq: 7 })
  t.same(judge(none, { ...base(), context: emptyContext, seq: 0 }), { context: emptyContext, seq: 0 })
})

t.test('a version that is named is covered, and no sibling of it', async t => {
  const [left, right] = [
    head(1, { etag: 'left' }),
    head(2, { etag: 'right', context: contextOfDot(dot(5, 3), 0) }),
  ]
  const both = base(left, right)
  for (const tag of [right.id, right.id.slice(0, -1), 'right']) {
    const covered = judge({ kind: 'match', tag }, both)
    t.ok(covered !== undefined && covers(covered.context, right.dot) && covers(covered.context, dot(5, 3)))
    t.notOk(covered !== undefined && covers(covered.context, left.dot))
    t.equal(covered?.seq, right.seq)
  }
  for (const tag of ['righ', 'nothing', ''])
    t.equal(judge({ kind: 'match', tag }, both), undefined, `no head is named ${tag}`)
  const twins = base(left, head(3, { id: `${left.id.slice(0, 20)}aaaaaa` }))
  t.equal(judge({ kind: 'match', tag: left.id.slice(0, 20) }, twins), undefined, 'two are named')
  const same = base(head(1, { etag: 'e' }), head(2, { etag: 'e' }))
  const covered = judge({ kind: 'match', tag: 'e' }, same)
  t.ok(
    same.heads.every(one => covered !== undefined && covers(covered.context, one.dot)),
    'siblings of one content',
  )
  t.equal(judge({ kind: 'match', tag: left.id }, base(head(1, { kind: 'marker' }))), undefined)
})

t.test('"nothing has changed" holds for just the heads that were read, and covers everything', async t => {
  const both = base(head(1), head(2))
  const unchanged = (...ids: string[]) => judge({ kind: 'unchanged', heads: ids }, both)
  t.same(unchanged(head(2).id, head(1).id), { context: both.context, seq: 7 })
  for (const ids of [[], [head(1).id], [head(1).id, head(2).id, head(3).id]])
    t.equal(unchanged(...ids), undefined)
  const none = base()
  t.same(judge({ kind: 'unchanged', heads: [] }, none), { context: none.context, seq: 7 })
})

t.test('a failure says what there is', async t => {
  t.match(conditionFailed({ kind: 'absent' }, [head(1)]), {
    code: 'CONDITION_FAILED',
    exitCode: 6,
    message: new RegExp(head(1).id),
  })
  t.match(conditionFailed({ kind: 'match', tag: 'x' }, []).message, /no object, and not x/)
  t.match(conditionFailed({ kind: 'match', tag: 'x' }, [head(1), head(2)]).details, {
    heads: [head(1).id, head(2).id],
  })
})

t.test(
  'a dot closes the gap over dots of proposals that were not chosen, and over nothing that is there',
  async t => {
    const handedOut = { dot: dot(1, 10), after: 3 }
    t.equal(afterOf(handedOut, emptyContext), 3, 'the giver has 3; 4 to 9 were for proposals')
    t.equal(afterOf(handedOut, contextOfDot(dot(1, 9), 8)), 9, 'a chosen one that the giver has not learned')
    t.equal(afterOf(handedOut, contextOfDot(dot(1, 12), 11)), 3, 'a later mint of the giver')
    t.equal(afterOf(handedOut, contextOfDot(dot(2, 9), 0)), 3)
  },
)

t.test('what a policy takes goes with the version', async t => {
  const written = head(1, { dot: dot(1, 4), after: 2, context: contextOfDots([dot(2, 1), dot(3, 1)]) })
  const report = {
    context: contextOfDots([dot(2, 1), dot(3, 1)]),
    digest: new Uint8Array(16),
    versionCount: 2,
    oldest: [
      { dot: dot(2, 1), createdAt: 1, head: false },
      { dot: dot(3, 1), createdAt: 2, head: true },
    ],
  }
  const proposed = proposedVersion(
    written,
    { policy: { kind: 'latest' }, reports: [report, report], nulls: [] },
    undefined,
  )
  t.strictSame(decodeVersion(proposed.record), written)
  const delta = decodeContext(proposed.delta)
  t.ok([dot(1, 3), dot(1, 4), dot(2, 1), dot(3, 1)].every(one => covers(delta, one)))
  t.notOk(covers(delta, dot(1, 2)))
  const kept = decodeContext(proposedVersion(written, undefined, undefined).delta)
  t.same(kept, contextOfDot(written.dot, 2))
})
