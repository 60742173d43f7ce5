import type { ActorId } from '@torc/cluster/clocks/dot'
import t from 'tap'
import { KeptLeases } from '../../src/actors/kept-leases.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { migrateIndex } from '../../src/index/schema.js'

const actor = (number: number) => String(number).padStart(16, '0') as ActorId

function opened(actorsMax?: number) {
  const database = new MemoryDisk().openDatabase('x')
  migrateIndex(database, 'memory')
  return { database, kept: new KeptLeases(database, actorsMax) }
}

t.test('the greatest end stays, whatever the order', async t => {
  const { kept } = opened()
  t.equal(kept.put('a', { actor: actor(1), leaseEnd: 10 }), 10)
  t.equal(kept.put('a', { actor: actor(1), leaseEnd: 30 }), 30)
  t.equal(kept.put('a', { actor: actor(1), leaseEnd: 20 }), 30)
  t.same(kept.of('a'), [{ actor: actor(1), leaseEnd: 30 }])
  t.same(kept.of('b'), [])
})

t.test('of each agent the newest actors stay', async t => {
  const { database, kept } = opened(3)
  for (let number = 1; number <= 6; number++) kept.put('a', { actor: actor(number), leaseEnd: number })
  kept.put('b', { actor: actor(1), leaseEnd: 1 })
  kept.put('a', { actor: actor(5), leaseEnd: 50 })
  t.same(
    kept.of('a').map(({ actor: one, leaseEnd }) => [Number(one), leaseEnd]),
    [
      [6, 6],
      [5, 50],
      [4, 4],
    ],
  )
  t.equal(kept.of('b').length, 1)
  t.equal(database.prepare('SELECT count(*) FROM counter_leases').pluck().get(), 4)
})
