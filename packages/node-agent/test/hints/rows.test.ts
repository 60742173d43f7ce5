import { hasPartition } from '@torc/cluster/ring/partition-bits'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { hintBytesDefault } from '../../src/hints/hints.js'
import { Holder, otherTarget, run, target } from './holder-fixture.js'

t.test('a hint and the state that it is for come and go in one transaction', async t => {
  const holder = await Holder.open()
  const { commit, hints } = holder.context
  await holder.write('a', 'aaaa', [target, otherTarget])
  const before = { counts: hints.counts.of(target), bytes: hints.counts.bytes }
  const lost = new Error('the disk fails after the state and the hint were written')
  const name = holder.name('bb')
  await t.rejects(
    commit.submit(() => {
      const id = holder.context.index.rows.insert(
        name.bucketId,
        name.key,
        name.partition,
        0,
        new Uint8Array(),
        null,
      )
      hints.keys.note(name, id, [target], 5)
      hints.partitions.intent(9)
      throw lost
    }),
  )
  t.notOk(holder.has('bb'))
  t.same({ counts: hints.counts.of(target), bytes: hints.counts.bytes }, before)
  t.equal(hints.keys.next(target, 0, 10).length, 1)
  await holder.write('ccc')
  t.equal(hasPartition(holder.announced.at(-1), 2), false, 'nothing of it is announced')
  t.equal(hasPartition(holder.announced.at(-1), 3), true)
  // A crash in the transaction.
  holder.context.database.exec('BEGIN IMMEDIATE')
  hints.keys.remove(target, { keyId: holder.keyId('a'), partition: 1 })
  const again = await holder.reopen(true)
  t.same(again.context.hints.counts.of(target), { keys: 2, blocks: 0 })
  t.same(again.context.hints.counts.of(otherTarget), { keys: 1, blocks: 0 })
})

t.test('a start finds targets, counts, bytes and partitions again', async t => {
  const holder = await Holder.open()
  await holder.write('a', 'one')
  await holder.write('a', 'two two')
  await holder.write('bb', 'x', [otherTarget])
  const operation = holder.operation('a')
  await holder.writeBlock('some block', operation, [target, otherTarget])
  await holder.context.commit.submit(() => holder.context.intents.place(holder.operation('intent')))
  const { counts } = holder.context.hints
  const found = { targets: counts.targets(), bytes: counts.bytes, a: counts.of(target) }
  t.same(found.a, { keys: 1, blocks: 1 })
  const again = await holder.reopen(false)
  const after = again.context.hints.counts
  t.same({ targets: after.targets(), bytes: after.bytes, a: after.of(target) }, found)
  const [bits] = again.announced
  t.ok(hasPartition(bits, 1) && hasPartition(bits, 2), 'of keys')
  t.equal(hasPartition(bits, 0), false)
  const [hint] = again.context.hints.blocks.next(target, 0, 10)
  t.ok(hasPartition(bits, hint?.partition ?? -1), 'of blocks')
})

t.test('gossip is told when the first hint of a partition comes and when the last one goes', async t => {
  const holder = await Holder.open()
  const { partitions } = holder.context.hints
  t.same(holder.announced, [undefined])
  await holder.write('a')
  const { revision } = partitions
  t.equal(revision, 2)
  t.ok(hasPartition(holder.announced.at(-1), 1))
  await holder.write('b')
  t.equal(partitions.revision, revision, 'the same partition')
  await holder.write('cc')
  t.equal(partitions.revision, 3)
  await run(holder.dispatcher())
  t.equal(holder.announced.at(-1), undefined)
  // An intent may come to its end in any way: its partition is named for as long as it can live.
  await holder.context.commit.submit(() => partitions.intent(5))
  t.ok(hasPartition(holder.announced.at(-1), 5))
  await holder.time.advance(999)
  await holder.context.commit.submit(() => undefined)
  t.ok(hasPartition(holder.announced.at(-1), 5))
  await holder.time.advance(1)
  await holder.context.commit.submit(() => undefined)
  t.equal(holder.announced.at(-1), undefined)
})

t.test('a full agent refuses hints and keeps those that it has', async t => {
  const holder = await Holder.open({ bytesMax: 10_000 })
  const { counts } = holder.context.hints
  for (const key of ['a', 'b']) await holder.write(key, 'x'.repeat(2_000))
  t.doesNotThrow(() => counts.checkRoom(1, 2_000))
  t.throws(() => counts.checkRoom(2, 2_000), { code: 'UNAVAILABLE', message: /--hint-bytes/ })
  t.throws(() => counts.checkRoom(1, 4_000), TorcError)
  t.doesNotThrow(() => counts.checkRoom(0, 1e12), 'an owner needs no room for hints')
  t.same(counts.of(target), { keys: 2, blocks: 0 })
  await run(holder.dispatcher())
  t.doesNotThrow(() => counts.checkRoom(2, 2_000))
  t.equal(hintBytesDefault(0), 10 * 1024 ** 3)
  t.equal(hintBytesDefault(1e12), 1e11)
  t.equal(hintBytesDefault(1), 256 * 1024 ** 2)
})

t.test('a lease that nobody knows takes its hints along', async t => {
  const holder = await Holder.open()
  const { leases, commit, hints } = holder.context
  await holder.writeBlock('x', holder.operation('a'))
  await holder.time.advance(1_000)
  const due = leases.due(10)
  t.equal(due.length, 1)
  await commit.submit(() => {
    leases.condemn(due)
    for (const lease of due) leases.drop(lease)
  })
  t.same(hints.counts.targets(), [])
  t.same(hints.blocks.next(target, 0, 10), [])
})

t.test('a reference goes with its last hint, unless this agent owns the block', async t => {
  for (const isOwner of [false, true]) {
    const holder = await Holder.open()
    const operation = holder.operation('a')
    const hash = await holder.writeBlock('x', operation, [target, otherTarget])
    if (isOwner) await holder.own([target, otherTarget, holder.context.nodeId])
    await run(holder.dispatcher())
    t.equal(holder.context.blockIndex.referencesOf(hash).length, 1, 'for the other one')
    await run(holder.dispatcher(1e9, otherTarget))
    t.equal(holder.context.blockIndex.referencesOf(hash).length, isOwner ? 1 : 0)
    t.equal(holder.context.blockIndex.stateOf(hash), isOwner ? 'stored' : 'releasing')
    t.equal(holder.context.leases.idOf(operation) !== undefined, isOwner)
  }
})
