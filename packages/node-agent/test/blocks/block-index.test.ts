import t from 'tap'
import { BlockIndex, type BlockRow, blockDamage } from '../../src/blocks/block-index.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { Counts } from '../../src/index/counts.js'
import { migrateIndex } from '../../src/index/schema.js'
import { LeaseIndex } from '../../src/leases/lease-index.js'
import { ManualClock } from '../support/manual-clock.js'

const owner = { opId: new Uint8Array(16), bucketId: new Uint8Array(16), key: Buffer.from('key') }
const hashOf = (n: number): Uint8Array => new Uint8Array(32).fill(n)

function indexOf(count: number) {
  const database = new MemoryDisk().openDatabase('x')
  migrateIndex(database, 'memory')
  const clock = new ManualClock()
  const leases = new LeaseIndex(database, clock, 1000)
  const index = new BlockIndex(database, new Counts(database), leases)
  for (let n = 1; n <= count; n++) index.add(hashOf(n), 100, owner)
  return { database, index, leases, clock }
}

t.test('blocks are walked in order of their ids, up to a bound', async t => {
  const { index } = indexOf(9)
  const ids = (after: number, last: number, limit: number) =>
    index.walk(after, last, limit).map(({ id }) => id)
  t.same(ids(0, 9, 4), [1, 2, 3, 4])
  t.same(ids(4, 6, 4), [5, 6])
  t.same(ids(9, 9, 4), [])
  t.equal(index.lastId(), 9)
  t.equal(indexOf(0).index.lastId(), 0)
})

t.test('damaged blocks are counted and walked; whoever brings one again clears it', async t => {
  const { index } = indexOf(9)
  for (const n of [2, 5, 8]) index.setDamage(hashOf(n), blockDamage.corrupt)
  for (const n of [3, 9]) index.setDamage(hashOf(n), blockDamage.missing)
  t.same(index.damageCounts(), { corrupt: 3, missing: 2 })
  const seen: number[] = []
  for (let row: BlockRow | undefined = index.damagedAfter(); row !== undefined; row = index.damagedAfter(row))
    seen.push(row.id)
  t.same(seen, [3, 9, 2, 5, 8])
  t.equal(index.refer(hashOf(5), owner), false)
  index.add(hashOf(5), 100, owner)
  t.equal(index.refer(hashOf(5), owner), true)
  t.same(index.damageCounts(), { corrupt: 2, missing: 2 })
})

t.test('each block has one state, and is counted in it', async t => {
  const { index, leases, clock } = indexOf(5)
  const other = { ...owner, key: Buffer.from('other') }
  for (const n of [6, 7]) index.add(hashOf(n), 100, other)
  for (const n of [2, 7]) index.setDamage(hashOf(n), blockDamage.corrupt)
  index.setDamage(hashOf(3), blockDamage.missing)
  t.same(index.stateCounts(), { stored: 4, releasing: 0, missing: 1, corrupt: 2 })
  clock.advance(1e9)
  const lease = leases.due(10).find(({ key }) => Buffer.from(key).equals(other.key))
  if (lease === undefined) throw new Error('no lease')
  leases.condemn([lease])
  leases.drop(lease)
  t.same(index.stateCounts(), { stored: 3, releasing: 1, missing: 1, corrupt: 2 })
  t.same(
    [1, 2, 3, 6, 7, 8].map(n => index.stateOf(hashOf(n))),
    ['stored', 'corrupt', 'missing', 'releasing', 'corrupt', undefined],
  )
  index.refer(hashOf(6), owner)
  t.equal(index.stateOf(hashOf(6)), 'stored')
})

t.test('what is damaged is found without a look at the others', async t => {
  const { database } = indexOf(0)
  const plan = (query: string): string =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${query}`)
      .all()
      .map(row => (row as { detail: string }).detail)
      .join()
  const next = 'SELECT id FROM blocks WHERE damage != 0 AND damage = 1 AND id > 5 ORDER BY id LIMIT 1'
  t.match(plan(next), /INDEX blocks_by_damage \(damage=\? AND id>\?\)$/)
  const counts = 'SELECT damage, count(*) FROM blocks WHERE damage != 0 GROUP BY damage'
  t.match(plan(counts), /COVERING INDEX blocks_by_damage$/)
})
