import type { Member } from '@torc/cluster/membership/member'
import t from 'tap'
import { HintHolders } from '../../src/hints/hint-holders.js'

function member(id: string, more: Partial<Member> = {}): Member {
  const rest = { name: id, role: 'agent', address: 'x:1', zone: '', capacity: 1, incarnation: 1 } as const
  return { id, ...rest, state: 'alive', ...more }
}

t.test('what gossip says', async t => {
  const holders = new HintHolders()
  t.strictSame(holders.of(3), [])
  holders.heard(member('a', { revision: 1, hints: Buffer.from([0b1000, 1]) }))
  holders.heard(member('b', { revision: 4, hints: Buffer.from([0b1000]) }))
  t.strictSame(holders.of(3), ['a', 'b'])
  t.strictSame(holders.of(8), ['a'])
  t.strictSame(holders.of(9), [])
  t.strictSame(holders.all(), ['a', 'b'])
  holders.heard(member('a', { revision: 2 }))
  t.strictSame(holders.of(3), ['b'])
  holders.heard(member('b', { revision: 3 }))
  t.strictSame(holders.of(3), ['b'], 'older news')
  holders.heard(member('b', { incarnation: 2, state: 'down' }))
  t.strictSame(holders.of(3), [], 'a new life counts its revisions anew')
  holders.heard(member('s', { role: 'server' }))
  t.strictSame(holders.all(), [])
})

t.test('an agent that is down holds what it held', async t => {
  const holders = new HintHolders()
  holders.heard(member('a', { revision: 1, hints: Buffer.from([1]) }))
  holders.heard(member('a', { revision: 1, hints: Buffer.from([1]), state: 'down' }))
  t.strictSame(holders.of(0), ['a'])
})

t.test('a hint that was seen being made counts until gossip knows better', async t => {
  const holders = new HintHolders()
  holders.note('a', 1, 5, 7)
  t.strictSame(holders.of(5), ['a'])
  t.strictSame(holders.all(), ['a'])
  holders.heard(member('a', { revision: 6 }))
  t.strictSame(holders.of(5), ['a'], 'gossip of before the hint')
  holders.heard(member('a', { revision: 7, hints: Buffer.from([0b10_0000]) }))
  t.strictSame(holders.of(5), ['a'])
  holders.heard(member('a', { revision: 8 }))
  t.strictSame(holders.of(5), [], 'it was delivered')
  holders.note('a', 1, 5, 7)
  t.strictSame(holders.of(5), [], 'an answer that comes late')
  holders.note('a', 1, 5, 9)
  holders.heard(member('a', { incarnation: 2, revision: 1, hints: Buffer.from([0b10_0000]) }))
  t.strictSame(holders.of(5), ['a'], 'its hints outlive its restart')
  holders.heard(member('a', { incarnation: 2, revision: 2 }))
  t.strictSame(holders.of(5), [])
})
