import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { noAttributes } from '@torc/cluster/state/attributes'
import t from 'tap'
import { type MintIntent, retentionOf } from '../../src/index/mint-retention.js'
import { IndexFixture, keyName } from './index-fixture.js'

const plain: MintIntent = { retention: undefined, setPolicy: undefined, exact: false }
const five = { policy: { kind: 'global' as const, max: 5 }, live: [], attributes: noAttributes }

function filled(count: number): IndexFixture {
  const fixture = new IndexFixture(1)
  for (let i = 0; i < count; i++) fixture.mint(0, {})
  return fixture
}

function asked(fixture: IndexFixture, intent: Partial<MintIntent>) {
  const known = fixture.index.find(keyName(0).bucketId, keyName(0).key)
  const before = fixture.index.rows.counts.read
  const retention = retentionOf(fixture.index.rows, known, { ...plain, ...intent })
  return { retention, read: fixture.index.rows.counts.read - before }
}

t.test('a write that no policy limits reads nothing for it', async t => {
  const fixture = filled(10)
  t.same(asked(fixture, {}), { retention: undefined, read: 0 })
  const all = { ...five, policy: { kind: 'all' as const } }
  t.same(asked(fixture, { retention: all }), { retention: undefined, read: 0 })
  t.same(asked(fixture, { retention: { ...five, policy: undefined } }).retention, undefined)
  t.same(asked(fixture, { setPolicy: 'inherit' }).retention, undefined)
  t.same(asked(fixture, { retention: five, setPolicy: { kind: 'all' } }).retention, undefined)
  const far = { ...five, policy: { kind: 'global' as const, max: 1000 } }
  t.equal(asked(fixture, { retention: far }).read, 0, 'nor far from the cap')
  fixture.close()
})

t.test('what an agent reads of its oldest versions is what the decision needs', async t => {
  const fixture = filled(100)
  const max = (count: number) => ({ ...five, policy: { kind: 'global' as const, max: count } })
  const count = (intent: Partial<MintIntent>) => asked(fixture, intent).retention?.reports[0]?.oldest.length
  t.equal(count({ retention: max(100) }), 1, 'a plain write covers all: just the oldest goes')
  t.equal(count({ retention: max(100), exact: true }), 65, 'with a context more may have to be looked at')
  const own = asked(fixture, { retention: max(100) }).retention?.reports[0]
  if (own === undefined) throw new Error('no report')
  const same = { ...max(100), live: [own, own] }
  t.equal(count({ retention: same }), 1, 'others hold the same')
  t.equal(count({ retention: same, exact: true }), 2, 'and one more, for the head that may not be covered')
  const other = { ...own, digest: new Uint8Array(16), versionCount: 150 }
  t.equal(count({ retention: { ...max(100), live: [own, other] } }), 100, 'others hold more')
  t.equal(asked(fixture, { retention: same }).retention?.reports.length, 3)
  fixture.close()
})

t.test('a key that is not known reports nothing of its own', async t => {
  const fixture = filled(0)
  const { retention } = asked(fixture, { retention: five })
  t.same(retention?.reports, [
    { context: emptyContext, digest: new Uint8Array(16), versionCount: 0, oldest: [] },
  ])
  t.same(retention?.policy, five.policy)
  fixture.close()
})

t.test('without reports of others only what the new version covers goes', async t => {
  const fixture = filled(1)
  const { summary } = fixture.mint(0, {})
  const token = summary.closed
  const exact = {
    cover: emptyContext,
    exact: true,
    retention: { ...five, policy: { kind: 'latest' as const } },
  }
  const blind = fixture.mint(0, exact)
  t.equal(blind.summary.versionCount, 3)
  const seeing = fixture.mint(0, { ...exact, cover: token })
  t.equal(seeing.summary.versionCount, 2, 'the two that it covers went')
  t.equal(seeing.summary.heads.length, 2)
  fixture.close()
})
