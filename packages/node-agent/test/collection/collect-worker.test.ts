import t from 'tap'
import { blockOwner, graceMs, operation, uploadMs } from './collection-fixture.js'

t.test('blocks go in bounded units, and people see how many', async t => {
  const owner = await blockOwner()
  for (let n = 1; n <= 40; n++) await owner.put(n, 1)
  await owner.release(1)
  await owner.audits()
  t.match(owner.collect.progress(), /^0 blocks .*, 40 blocks wait for the end of their grace time$/)
  await owner.clock.advance(graceMs)
  t.equal(await owner.collectNow(), 'busy')
  t.equal(owner.counts.values.blocks, 8)
  t.equal(await owner.collectNow(), 'idle')
  t.match(owner.collect.progress(), /^40 blocks \(\d+ bytes\) were collected since the start$/)
})

t.test('intents go that nobody renewed', async t => {
  const owner = await blockOwner()
  for (const n of [1, 2]) await owner.commit.submit(() => owner.intents.place(operation(n)))
  await owner.clock.advance(uploadMs - 1)
  await owner.collectNow()
  t.equal(await owner.commit.submit(() => owner.intents.place(operation(1))), false, 'renewed')
  await owner.clock.advance(1)
  await owner.collectNow()
  t.same([owner.intents.has(operation(1)), owner.intents.has(operation(2))], [true, false])
})
