import { contextOfDots } from '@torc/cluster/clocks/causal-context'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import type { ChangeLog } from '../../src/feed/change-log.js'
import { IndexFixture, keyName } from '../index/index-fixture.js'

const { bucketId } = keyName(0)

function all(changes: ChangeLog, after = changes.first - 1) {
  return changes.read({ bucketId, prefix: '', after, limit: 500 }).changes
}

const shortly = (changes: ChangeLog, after?: number): string[] =>
  all(changes, after).map(({ position, key, type, kind }) => `${position} ${key} ${type} ${kind}`)

t.test('what a write adds and removes is numbered in its transaction', async t => {
  const fixture = new IndexFixture(1)
  t.teardown(() => fixture.close())
  t.strictSame([fixture.changes.first, fixture.changes.last], [1, 0])
  const first = fixture.mint(0, {})
  fixture.mint(1, { kind: 'marker' })
  t.strictSame(shortly(fixture.changes), ['1 key-0 put object', '2 key-1 marker marker'])
  t.match(all(fixture.changes)[0], { versionId: first.version.id, createdAt: first.version.createdAt })
  fixture.merge(0, contextOfDots([first.version.dot]), undefined, [])
  t.strictSame(shortly(fixture.changes, 2), ['3 key-0 remove object'], 'a purge')
  const before = fixture.changes.last
  fixture.merge(0, contextOfDots([first.version.dot]), undefined, [])
  t.equal(fixture.changes.last, before, 'a merge that changes nothing is no change')
  const rule = { policy: { kind: 'global' as const, max: 1 } }
  fixture.mint(2, {})
  fixture.mint(2, { setPolicy: rule.policy })
  t.strictSame(
    shortly(fixture.changes, before).slice(-2),
    [`${before + 2} key-2 put object`, `${before + 3} key-2 remove object`],
    'what a policy prunes',
  )
})

t.test('a merge tells what arrives, unless it is handed over', async t => {
  const minter = new IndexFixture(2)
  const other = new IndexFixture(3)
  t.teardown(() => minter.close())
  t.teardown(() => other.close())
  const { version, record, delta } = minter.mint(0, {})
  const arriving = { version, record, body: new Uint8Array() }
  const request = { context: delta, arriving, keep: undefined, attributes: undefined }
  other.transaction(() => other.index.merge(keyName(0), { ...request, isHandedOver: true }))
  t.equal(other.changes.last, 0)
  other.transaction(() => other.index.drop(keyName(0), other.index.find(bucketId, keyName(0).key) as never))
  t.equal(other.changes.last, 0, 'what is dropped lives on elsewhere')
  other.transaction(() => other.index.merge(keyName(0), request))
  t.strictSame(shortly(other.changes), ['1 key-0 put object'])
})

t.test('a transaction that is undone leaves no number behind', async t => {
  const fixture = new IndexFixture(4)
  t.teardown(() => fixture.close())
  fixture.mint(0, {})
  const grown: number[] = []
  fixture.changes.watch(() => grown.push(fixture.changes.last))
  t.throws(() =>
    fixture.transaction(() => {
      const { version, record, delta } = new IndexFixture(5).mint(1, {})
      const arriving = { version, record, body: new Uint8Array() }
      fixture.index.merge(keyName(1), { context: delta, arriving, keep: undefined, attributes: undefined })
      t.equal(fixture.changes.last, 1, 'nobody sees what is not committed')
      throw new TorcError('INTERNAL', 'no')
    }),
  )
  t.strictSame(grown, [])
  fixture.mint(2, {})
  t.strictSame(shortly(fixture.changes), ['1 key-0 put object', '2 key-2 put object'])
  t.strictSame(grown, [2])
})

t.test('a restart goes on counting, also behind a log that was trimmed', async t => {
  const fixture = new IndexFixture(6, new MemoryDisk(), 4)
  t.teardown(() => fixture.close())
  for (let i = 0; i < 10; i++) fixture.mint(i, {})
  t.strictSame([fixture.changes.first, fixture.changes.last], [7, 10])
  t.strictSame(fixture.database.prepare('SELECT count(*) FROM changes').pluck().get(), 4)
  fixture.reopen(true)
  t.strictSame([fixture.changes.first, fixture.changes.last], [7, 10])
  fixture.mint(11, {})
  t.equal(fixture.changes.last, 11)
  t.strictSame(shortly(fixture.changes).at(-1), '11 key-11 put object')
})

t.test('a log of one row never loses its place; a lowered bound is reached step by step', async t => {
  const disk = new MemoryDisk()
  const fixture = new IndexFixture(7, disk)
  fixture.transaction(() => {
    for (let i = 0; i < 3000; i++) {
      const { bucketId, key } = keyName(i)
      const version = { opId: new Uint8Array(16), createdAt: 1, kind: 'object' }
      fixture.changes.append(bucketId, key, [version as never], [])
    }
  })
  fixture.reopen(false)
  fixture.close()
  const lowered = new IndexFixture(7, disk, 1)
  t.teardown(() => lowered.close())
  t.equal(lowered.changes.first, 1)
  for (let i = 0; i < 3; i++) lowered.mint(i, {})
  t.strictSame([lowered.changes.first, lowered.changes.last], [3003, 3003])
  lowered.reopen(true)
  t.strictSame([lowered.changes.first, lowered.changes.last], [3003, 3003])
})

t.test('pages by bucket and prefix say how far they looked', async t => {
  const fixture = new IndexFixture(8)
  t.teardown(() => fixture.close())
  const other = new Uint8Array(16).fill(9)
  const note = (bucket: Uint8Array, key: string): void =>
    fixture.changes.append(
      bucket,
      Buffer.from(key),
      [{ opId: bucket, createdAt: 1, kind: 'object' } as never],
      [],
    )
  fixture.transaction(() => {
    for (const key of ['a/1', 'b/1', 'a/2', 'a', 'a/3']) note(bucketId, key)
    for (let i = 0; i < 12_000; i++) note(other, 'x')
    note(bucketId, 'a/4')
  })
  const { changes } = fixture
  const page = (after: number, limit = 500, prefix = 'a/') => {
    const { changes: found, position } = changes.read({ bucketId, prefix, after, limit })
    return [found.map(({ key }) => key), position]
  }
  t.strictSame(page(0, 2), [['a/1', 'a/2'], 3])
  t.strictSame(page(3, 2), [['a/3'], 10_003], 'so many rows are looked at in one page')
  t.strictSame(page(10_003), [['a/4'], 12_006])
  t.strictSame(page(0, 1, ''), [['a/1'], 1])
  t.strictSame(page(12_006), [[], 12_006])
  t.strictSame(changes.bucketsAfter(12_005), [Buffer.from(bucketId)])
  t.strictSame(changes.bucketsAfter(12_000)?.length, 2)
  t.equal(changes.bucketsAfter(0), undefined, 'too far back')
})

t.test('by time: the position behind which all lies that was noted since', async t => {
  const fixture = new IndexFixture(9)
  t.teardown(() => fixture.close())
  const times: number[] = []
  for (let i = 0; i < 20; i++) {
    fixture.clock.advance(i % 3 === 0 ? 0 : 10)
    fixture.mint(i, {})
    times.push(all(fixture.changes).at(-1)?.loggedAt ?? 0)
  }
  for (const [i, time] of times.entries()) {
    t.equal(fixture.changes.positionBefore(time), times.indexOf(time), `the ${i}th`)
    t.ok(i === 0 || time >= (times[i - 1] ?? 0), 'never falls')
  }
  t.equal(fixture.changes.positionBefore(0), 0)
  t.equal(fixture.changes.positionBefore((times.at(-1) ?? 0) + 1), 20)
})
