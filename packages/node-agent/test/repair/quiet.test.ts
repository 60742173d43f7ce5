import t from 'tap'
import { RepairFixture } from './repair-fixture.js'

t.test('idle means idle: passes over what is level cost two small requests per owner', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3, repair: {} })
  for (let n = 0; n < 50; n++) await fixture.write([0, 1, 2], `key-${n}`, `${n}`)
  await fixture.advance(120_000)
  const before = await Promise.all([0, 1, 2].map(index => fixture.repairOf(index)))
  const requestsBefore = fixture.traffic.of('FETCH')
  await fixture.advance(600_000)
  const requests = fixture.traffic.of('FETCH') - requestsBefore
  let passes = 0
  for (const [index, earlier] of before.entries()) {
    const now = await fixture.repairOf(index)
    t.match(now, { different: 0, unreachable: 0, asked: false })
    const more = now.pass - earlier.pass
    t.ok(more >= 8 && more <= 13, `${more} passes in ten minutes`)
    passes += more
  }
  // Roots of two trees, of each of two owners.
  t.equal(requests, passes * 2 * 2)
})

t.test('a write that is on its way at the first look is not repaired', async t => {
  const fixture = await RepairFixture.start(t)
  const minted = await fixture.write([0], 'slow', 'x')
  await fixture.write([0], 'lost', 'y')
  const { head } = await fixture.run(fixture.exchange(1).request('repairReplicas', {}))
  await fixture.advance(900)
  t.match(await fixture.repairOf(1), { pass: head.waitFor, running: true, different: 0 })
  await fixture.deliver(1, 'slow', minted, 'x')
  await fixture.advance(5_000)
  t.match(await fixture.repairOf(1), { running: false, different: 1, keysRepaired: 1 })
})

t.test('an owner that is away counts as unreachable, and one that goes in the middle too', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3 })
  for (let n = 0; n < 300; n++) await fixture.write([0, 2], `key-${n}`, `${n}`)
  await fixture.run(fixture.exchange(1).request('repairReplicas', {}))
  // Between the two looks.
  await fixture.advance(800)
  await fixture.down(0)
  await fixture.advance(60_000)
  const state = await fixture.repairOf(1)
  t.match(state, { running: false, partitions: 32, partitionsTotal: 32 })
  t.ok(state.unreachable > 0, 'the one that went')
  t.equal(state.keysRepaired, 300, 'the other has it all')
  const [away] = await fixture.pass(1)
  t.match(away, { unreachable: 16, different: 0, keysRepaired: 0 })
  await fixture.up(0)
  await fixture.advance(20_000)
  const [back] = await fixture.pass(1)
  t.match(back, { unreachable: 0, different: 0 })
})

t.test('writes go on while replicas are repaired, and nothing is lost', async t => {
  const fixture = await RepairFixture.start(t)
  for (let n = 0; n < 100; n++) await fixture.write([0], `key-${n % 10}`, `${n}`)
  await fixture.run(fixture.exchange(1).request('repairReplicas', {}))
  for (let n = 0; n < 100; n++) {
    await fixture.write([n % 2], `key-${n % 10}`, `more ${n}`)
    await fixture.advance(50)
  }
  await fixture.pass(0, 1)
  for (let n = 0; n < 10; n++) {
    const state = await fixture.stateOf(0, `key-${n}`)
    t.equal(state, await fixture.stateOf(1, `key-${n}`))
    t.equal(state.match(/^record/gm)?.length, 20)
  }
  for (const state of await fixture.pass(0, 1)) t.match(state, { different: 0 })
})

t.test('a full disk is said, and what was repaired stays', async t => {
  const fixture = await RepairFixture.start(t)
  for (let n = 0; n < 200; n++) await fixture.write([0], `key-${n}`, 'x'.repeat(4_000))
  fixture.nodes[1]?.disk.setFreeBytes(100_000)
  await fixture.run(fixture.exchange(1).request('repairReplicas', {}))
  await fixture.advance(10_000)
  const state = await fixture.repairOf(1)
  t.ok(state.unreachable > 0)
  fixture.nodes[1]?.disk.setFreeBytes(1e9)
  await fixture.advance(60_000)
  await fixture.pass(1)
  t.equal(await fixture.stateOf(1, 'key-199'), await fixture.stateOf(0, 'key-199'))
})
