import { versionIdOf } from '@torc/cluster/state/version'
import t from 'tap'
import { removalsMax } from '../../src/index/removals.js'
import { IndexFixture, keyName } from './index-fixture.js'

/** Id and manner of what the key lost last. */
function removed(fixture: IndexFixture, key = 0): [string, string][] {
  const known = fixture.index.find(keyName(key).bucketId, keyName(key).key)
  if (known === undefined) return []
  return fixture.index.removals.of(known.id).map(({ opId, how }) => [versionIdOf(opId), how])
}

const latest = { policy: { kind: 'latest' as const }, live: [], attributes: new Map() }

t.test('what went by a write, by a purge and by another owner is told apart, newest first', async t => {
  const fixture = new IndexFixture(1)
  t.same(removed(fixture), [])
  const one = fixture.mint(0, {}).version
  const two = fixture.mint(0, { retention: latest }).version
  t.same(removed(fixture), [[one.id, 'pruned']])
  const { summary } = fixture.mint(0, {})
  fixture.merge(0, summary.closed, undefined, [])
  t.same(removed(fixture).slice(2), [[one.id, 'pruned']])
  t.same(
    removed(fixture)
      .slice(0, 2)
      .map(([, how]) => how),
    ['purged', 'purged'],
  )
  t.ok(removed(fixture).some(([id]) => id === two.id))
  const again = fixture.mint(0, {})
  fixture.merge(0, again.summary.closed, undefined, [{ actor: again.version.dot.actor, counter: 999_999 }])
  t.same(removed(fixture)[0], [again.version.id, 'merged'], 'its sender still holds something else')
  fixture.close()
})

t.test('a prune that comes with its write is one at the other owners too', async t => {
  const [a, b] = [new IndexFixture(1), new IndexFixture(2)]
  const first = a.mint(0, {})
  b.merge(0, first.delta, { version: first.version, body: new Uint8Array(0) })
  const second = a.mint(0, { retention: latest })
  t.same(b.merge(0, second.delta, { version: second.version, body: new Uint8Array(0) }).removed, [
    first.version.id,
  ])
  t.same(removed(b), [[first.version.id, 'pruned']])
  t.same(removed(b), removed(a))
  for (const fixture of [a, b]) fixture.close()
})

t.test('a key remembers the last ones only, also when more go at once', async t => {
  const fixture = new IndexFixture(1)
  const ids: string[] = []
  const policy = { ...latest, policy: { kind: 'global' as const, max: 1000 } }
  for (let i = 0; i < 200; i++) ids.push(fixture.mint(0, {}).version.id)
  fixture.mint(0, { retention: { ...policy, policy: { kind: 'global', max: 196 } } })
  t.same(removed(fixture).length, 5)
  fixture.mint(0, { retention: { ...policy, policy: { kind: 'global', max: 21 } } })
  const found = removed(fixture)
  t.equal(found.length, removalsMax)
  t.same(
    found.map(([id]) => id),
    ids.slice(0, 181).slice(-removalsMax).reverse(),
    'the newest of those that went',
  )
  fixture.reopen(true)
  t.same(removed(fixture), found)
  fixture.close()
})

t.test('a write whose version was removed since is not made again', async t => {
  const fixture = new IndexFixture(1)
  const opId = fixture.opId()
  fixture.mint(0, { opId })
  fixture.mint(0, { retention: latest })
  t.throws(() => fixture.mint(0, { opId }), { code: 'SUPERSEDED' })
  fixture.reopen(true)
  t.throws(() => fixture.mint(0, { opId }), { code: 'SUPERSEDED' }, 'also after a crash')
  t.equal(fixture.mint(1, { opId }).repeated, false, 'another key')
  fixture.close()
})

t.test('a damaged list is an error, never a guess', async t => {
  const fixture = new IndexFixture(1)
  fixture.mint(0, {})
  fixture.mint(0, { retention: latest })
  fixture.database.prepare('UPDATE removals SET operations = ?').run(Buffer.alloc(16))
  t.throws(() => removed(fixture), { code: 'CORRUPT' })
  fixture.database.prepare('UPDATE removals SET operations = ?').run(Buffer.alloc(17, 9))
  t.throws(() => removed(fixture), { code: 'CORRUPT' })
  fixture.close()
})
