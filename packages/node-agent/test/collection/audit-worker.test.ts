import t from 'tap'
import { blockOwner, operation, uploadMs } from './collection-fixture.js'

t.test('one question to each owner of a key, whatever the number of leases', async t => {
  const owner = await blockOwner()
  owner.known.set('agent-a', () => 'version')
  for (let n = 1; n <= 20; n++) await owner.put(n, n)
  t.equal(await owner.step(), 'idle', 'nothing is due yet')
  await owner.clock.advance(uploadMs)
  t.equal(await owner.step(), 'busy')
  t.same(owner.asked.sort(), ['agent-b', 'agent-c'])
  t.equal(await owner.step(), 'idle')
  t.match(owner.audit.progress(), /20 audits kept a lease, 0 ended one/)
  // Each is audited again after a long time.
  await owner.clock.advance(200_000)
  t.equal(await owner.step(), 'busy')
})

t.test('what waits for a silent agent is told to people', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  await owner.release(1)
  owner.known.set('agent-c', () => Promise.reject(new Error('down')))
  await owner.step()
  t.match(owner.audit.progress(), /1 wait for an agent that is silent/)
  owner.known.clear()
  await owner.clock.advance(100)
  await owner.step()
  t.match(owner.audit.progress(), /1 ended one since the start$/)
})

t.test('a worker that is stopped while it asks decides nothing', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  await owner.release(1)
  const stop = new AbortController()
  owner.known.set('agent-b', () => {
    stop.abort()
    return 'none'
  })
  t.equal(await owner.audit.step(stop.signal), 'idle')
  t.same(owner.operations(1), [operation(1).opId[0]])
})
