import t, { type Test } from 'tap'
import { address } from '../support/key-requests.js'
import { RepairFixture } from './repair-fixture.js'

/** One pass of each makes them level, and the next one finds nothing. */
async function levels(
  t: Test,
  fixture: RepairFixture,
  keys: readonly string[],
  differentLeast: number,
): Promise<void> {
  const agents = [...fixture.nodes.keys()]
  const first = await fixture.pass(...agents)
  const different = first.reduce((sum, state) => sum + state.different, 0)
  t.ok(different >= differentLeast, `${different} differed`)
  for (const key of keys) {
    const states: string[] = []
    for (const index of agents) states.push(await fixture.stateOf(index, key))
    t.equal(new Set(states).size, 1, key)
  }
  for (const state of await fixture.pass(...agents)) {
    t.match(state, { different: 0, keysRepaired: 0, blocksRepaired: 0, unreachable: 0 })
    t.equal(state.partitions, state.partitionsTotal)
  }
}

t.test('keys that one or the other missed, with their bodies', async t => {
  const fixture = await RepairFixture.start(t)
  await fixture.write([0, 1], 'both', 'same')
  await fixture.write([0], 'only-first', 'one')
  await fixture.write([1], 'only-second', 'two')
  await fixture.write([0], 'empty', '')
  await fixture.write([0], 'large', 'x'.repeat(16_000))
  await fixture.write([1], 'marked', '', { kind: 'marker' })
  await levels(t, fixture, ['both', 'only-first', 'only-second', 'empty', 'large', 'marked'], 5)
})

t.test('siblings, overwrites and purges that one missed', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3 })
  await fixture.write([0], 'siblings', 'a')
  await fixture.write([1], 'siblings', 'b')
  await fixture.write([2], 'siblings', 'c')
  await fixture.write([0, 1, 2], 'overwritten', 'old')
  await fixture.write([0, 1], 'overwritten', 'new')
  await fixture.write([0, 1, 2], 'purged', 'gone')
  await fixture.purge([0, 1], 'purged')
  await levels(t, fixture, ['siblings', 'overwritten', 'purged'], 5)
  for (const index of [0, 1, 2])
    t.notMatch(await fixture.stateOf(index, 'purged'), /record/, 'nothing is resurrected')
})

t.test('registers, and histories that were pruned', async t => {
  const fixture = await RepairFixture.start(t)
  for (let n = 0; n < 6; n++) await fixture.write([0, 1], 'pruned', `version ${n}`)
  await fixture.write([0], 'pruned', 'last', { policy: 'global:3' })
  await fixture.write([0, 1], 'tagged', 'x')
  const exchange = fixture.exchange(0)
  const set = {
    ...address,
    key: 'tagged',
    set: [['tag:a', Buffer.from('1')] as [string, Uint8Array]],
    clear: [],
  }
  await fixture.run(exchange.request('setAttributes', set))
  await levels(t, fixture, ['pruned', 'tagged'], 2)
})

t.test('a history that is longer than a frame, and one that was cut short', async t => {
  const fixture = await RepairFixture.start(t)
  for (let n = 0; n < 2_500; n++) await fixture.write([0], 'long', `${n}`)
  await levels(t, fixture, ['long'], 1)
  await fixture.purge([1], 'long')
  await levels(t, fixture, ['long'], 1)
  t.notMatch(await fixture.stateOf(0, 'long'), /record/)
})

t.test('many keys in one leaf and in all, more than one frame of them', async t => {
  const fixture = await RepairFixture.start(t)
  for (let n = 0; n < 1_500; n++) await fixture.write([0], `key-${n}`, `${n}`)
  await levels(t, fixture, ['key-0', 'key-777', 'key-1499'], 1_500)
})

t.test('an agent that was away has it all after it is back, without being asked', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3 })
  await fixture.write([0, 1, 2], 'before', 'x')
  await fixture.down(2)
  await fixture.write([0, 1], 'during', 'y')
  await fixture.write([0, 1], 'before', 'z')
  await fixture.purge([0, 1], 'during')
  await fixture.up(2)
  await fixture.advance(20_000)
  for (const key of ['before', 'during'])
    t.equal(await fixture.stateOf(2, key), await fixture.stateOf(0, key), `${key} without being asked`)
  const state = await fixture.repairOf(2)
  t.match(state, { asked: false, keysRepaired: 2 })
  await levels(t, fixture, ['before', 'during'], 0)
})

t.test('a bucket of fewer replicas is kept by its first owners alone', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3 })
  const keys = Array.from({ length: 40 }, (_, n) => `key-${n}`)
  const holders = new Map<string, number[]>()
  for (const key of keys) {
    holders.set(key, fixture.firstOwners(key, 2))
    await fixture.write(holders.get(key)?.slice(0, 1) ?? [], key, 'x', { replicas: 2 })
  }
  await fixture.pass(0, 1, 2)
  for (const key of keys) {
    for (const index of [0, 1, 2]) {
      const holds = /record/.test(await fixture.stateOf(index, key))
      t.equal(holds, holders.get(key)?.includes(index), `${key} on agent ${index}`)
    }
  }
  for (const state of await fixture.pass(0, 1, 2)) t.match(state, { different: 0, keysRepaired: 0 })
})
