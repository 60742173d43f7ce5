import { systemHasher } from '@torc/protocol/environment/system'
import t from 'tap'
import { stateOf } from '../../src/leases/known-operations.js'
import { Holder, otherTarget, run, target } from './holder-fixture.js'

t.test('what was delivered lingers for readers, and holds no blocks for audits', async t => {
  const holder = await Holder.open()
  const version = await holder.write('a')
  const { bucketId, key, partition } = holder.name('a')
  const operation = { bucketId, key, opId: version.opId }
  const { hints } = holder.context
  t.equal(stateOf(holder.context, operation), 'version')
  t.equal(hints.lingers(partition, holder.keyId('a'), bucketId), false)
  t.same(await run(holder.dispatcher()), [])
  t.ok(holder.has('a'))
  t.equal(hints.lingers(partition, holder.keyId('a'), bucketId), true)
  t.equal(stateOf(holder.context, operation), 'none')
})

t.test('a version that its owner knew to be purged has its blocks released from here', async t => {
  const holder = await Holder.open()
  const { commit, index, intents, hints, releases } = holder.context
  const name = holder.name('a')
  const opId = holder.opId()
  const hash = systemHasher.sha256(Buffer.from('block'))
  await commit.submit(() => {
    intents.place({ ...name, opId })
    index.mint(name, {
      ...{ opId, kind: 'object', cover: undefined, exact: false, seenTime: 0, seenSeq: 0 },
      ...{ size: 5, sha256: hash, etag: '', contentType: '', metadata: [], body: null },
      ...{ blocks: [{ hash, size: 5 }], retention: undefined, setPolicy: undefined, attempt: undefined },
    })
    hints.keys.note(name, holder.keyId('a'), [target], 5)
  })
  // The purge covered it at its owners, where it had never been: nothing was removed there.
  holder.receiver.hasSeenAll = true
  t.equal(releases.count(), 0)
  t.same(await run(holder.dispatcher()), [])
  t.same(releases.agents(), [target, otherTarget], 'the owners of the block hear of it')
  const [release] = releases.next(target, 1)
  t.same(release?.opId, Buffer.from(opId))
})
