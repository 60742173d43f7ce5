import t from 'tap'
import { stateOf } from '../../src/leases/known-operations.js'
import { Holder, run } from './holder-fixture.js'

t.test('what was delivered lingers for readers, and holds no blocks for audits', async t => {
  const holder = await Holder.open()
  const version = await holder.write('a')
  const { bucketId, key, partition } = holder.name('a')
  const operation = { bucketId, key, opId: version.opId }
  const { hints } = holder.context
  t.equal(stateOf(holder.context, operation), 'version')
  t.equal(hints.lingers(partition, holder.keyId('a')), false)
  t.same(await run(holder.dispatcher()), [])
  t.ok(holder.has('a'))
  t.equal(hints.lingers(partition, holder.keyId('a')), true)
  t.equal(stateOf(holder.context, operation), 'none')
})
