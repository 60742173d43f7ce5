import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import type { OperationState } from '../../src/leases/operation.js'
import { blockOwner } from './collection-fixture.js'

/** Of the three agents of the layout two own each key: the third may hold hints. */
const owner = () => blockOwner(undefined, undefined, 2)

t.test('a hint that gossip does not tell of yet keeps a lease', async t => {
  const block = await owner()
  await block.put(1, 1)
  await block.release(1)
  // Neither owner has it: each agent of the layout is asked whether it holds it for them.
  let asked = 0
  for (const agent of ['agent-b', 'agent-c'])
    block.known.set(agent, (): OperationState => (block.askedAsHolders.length > asked ? 'version' : 'none'))
  block.known.set('agent-a', () => (block.askedAsHolders.length === 0 ? 'none' : 'version'))
  await block.audits()
  t.same(block.operations(1), [1])
  // What it holds goes to the owners, and so it is with them that it is found later, and nobody holds it any more.
  asked = Number.MAX_SAFE_INTEGER
  for (const agent of ['agent-a', 'agent-b', 'agent-c']) block.known.set(agent, () => 'none')
  // The owners may know that it was purged: it is not let be for as long as a version of theirs.
  await block.clock.advance(100)
  await block.audits()
  t.same(block.operations(1), [], 'all said no')
})

t.test(
  'one that left the layout and says that it holds hints is asked; its silence keeps the lease',
  async t => {
    const block = await owner()
    await block.put(1, 1)
    await block.release(1)
    block.holders.push('agent-gone')
    block.known.set('agent-gone', () => Promise.reject(new TorcError('UNREACHABLE', 'gone')))
    await block.audits()
    t.same(block.operations(1), [1])
    t.ok(block.askedAsHolders.includes('agent-gone'))
    t.match(block.audit.progress(), /1 wait for an agent that is silent/)
    block.known.set('agent-gone', () => 'none')
    await block.clock.advance(100)
    await block.audits()
    t.same(block.operations(1), [])
  },
)

t.test(
  'a version on its way from a holder to an owner is found: owners are asked again after holders',
  async t => {
    const block = await blockOwner(undefined, undefined, 3)
    await block.put(1, 1)
    await block.release(1)
    block.holders.push('holder')
    let isDelivered = false
    block.known.set('holder', () => {
      // Delivered and forgotten since the owners were asked.
      isDelivered = true
      return 'none'
    })
    block.known.set('agent-b', () => (isDelivered ? 'version' : 'none'))
    await block.audits()
    t.ok(isDelivered)
    t.same(block.operations(1), [1])
  },
)

t.test('holders are only asked of what no owner knows', async t => {
  const block = await owner()
  for (const agent of ['agent-a', 'agent-b', 'agent-c']) block.known.set(agent, () => 'version')
  await block.put(1, 1)
  await block.release(1)
  await block.audits()
  t.same(block.askedAsHolders, [])
})
