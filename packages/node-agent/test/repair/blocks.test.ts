import t from 'tap'
import { fetched } from '../support/agent-harness.js'
import { address } from '../support/key-requests.js'
import { RepairFixture } from './repair-fixture.js'

/** How a block is on an agent. */
async function blockOn(fixture: RepairFixture, index: number, hash: Uint8Array): Promise<string | undefined> {
  const [answer] = await fixture.run(
    fetched(fixture.exchange(index), 'fetchBlockStates', { ...address, hashes: hash }),
  )
  return answer?.head.states[0]
}

async function textOn(fixture: RepairFixture, index: number, hash: Uint8Array): Promise<string> {
  const { body } = await fixture.run(fixture.exchange(index).request('fetchBlock', { ...address, hash }))
  return Buffer.from((await body?.bytes(1_000_000)) ?? []).toString()
}

t.test('blocks and references that one missed, whether the block was there or not', async t => {
  const fixture = await RepairFixture.start(t)
  const missed = await fixture.writeBlock([0, 1], [0], 'a', 'block that one missed')
  const large = await fixture.writeBlock([0], [0], 'b', 'z'.repeat(300_000), { compress: true })
  // Here for another operation already: only the reference is missing.
  await fixture.writeBlock([0, 1], [0, 1], 'c', 'shared block')
  const shared = await fixture.writeBlock([0, 1], [0], 'd', 'shared block')
  const states = await fixture.pass(0, 1)
  t.equal(states[1]?.blocksRepaired, 3)
  for (const { hash } of [missed, large, shared]) t.equal(await blockOn(fixture, 1, hash), 'stored')
  t.equal(await textOn(fixture, 1, missed.hash), 'block that one missed')
  t.equal((await textOn(fixture, 1, large.hash)).length, 300_000)
  for (const state of await fixture.pass(0, 1)) t.match(state, { different: 0, blocksRepaired: 0 })
})

t.test('a reference whose version is nowhere is left to its audit, and is no difference', async t => {
  const fixture = await RepairFixture.start(t)
  const { hash } = await fixture.writeBlock([], [0], 'never-written', 'of a write that failed')
  for (let passes = 0; passes < 2; passes++)
    for (const state of await fixture.pass(0, 1))
      t.match(state, { different: 0, blocksRepaired: 0, unreachable: 0 })
  t.equal(await blockOn(fixture, 1, hash), 'absent', 'nobody hands it on')
})

t.test(
  'a block that no owner can give leaves the pass unfinished, and is there after the next one',
  async t => {
    const fixture = await RepairFixture.start(t)
    const { hash } = await fixture.writeBlock([0, 1], [0], 'a', 'block whose file is lost')
    const name = Buffer.from(hash).toString('hex')
    const disk = fixture.nodes[0]?.disk
    disk?.lose(`blocks/${name.slice(0, 2)}/${name}`)
    const [, lacking] = await fixture.pass(0, 1)
    t.match(lacking, { different: 1, blocksRepaired: 0, unreachable: 1 })
    t.equal(await blockOn(fixture, 1, hash), 'absent')
    await fixture.writeBlock([], [0], 'b', 'block whose file is lost')
    const [, healed] = await fixture.pass(0, 1)
    t.match(healed, { blocksRepaired: 1, unreachable: 0 })
    t.equal(await blockOn(fixture, 1, hash), 'stored')
  },
)

t.test('bytes come at the rate that was set', async t => {
  const fixture = await RepairFixture.start(t, { repair: { repairEveryMs: 1e9, bytesPerSecond: 25_000 } })
  for (let n = 0; n < 10; n++) await fixture.writeBlock([0, 1], [0], `key-${n}`, `${n}`.repeat(100_000))
  const { head } = await fixture.run(fixture.exchange(1).request('repairReplicas', {}))
  // A megabyte at four times 25,000 bytes a second.
  await fixture.advance(5_000)
  const early = await fixture.repairOf(1)
  t.match(early, { pass: head.waitFor, running: true, asked: true })
  t.ok(early.blocksRepaired > 0 && early.blocksRepaired < 8, `${early.blocksRepaired} blocks after 5 s`)
  await fixture.advance(15_000)
  t.match(await fixture.repairOf(1), { running: false, blocksRepaired: 10 })
})
