import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import type { OperationState } from '../../src/leases/operation.js'
import { block, blockOwner, bodyOf, graceMs, later, operation, uploadMs } from './collection-fixture.js'

// Each is a way in which a store has lost a block that somebody needed, or could have (DESIGN §9).

t.test('an audit asks, the writer mints and answers, the audit would drop the reference', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  await owner.release(1)
  // The question is on its way to an owner of the key that has nothing of the operation yet …
  const answer = later<OperationState>()
  owner.known.set('agent-b', () => answer.promise)
  const audit = owner.step()
  await owner.clock.advance(1)
  // … when the writer places its intent there and refers to the block, before the audit hears "none".
  t.equal(await owner.refer(1, 1), true)
  answer.resolve('none')
  await audit
  t.same(owner.operations(1), [1], 'the reference that came meanwhile lifted the condemnation')
  owner.known.set('agent-b', () => 'version')
  await owner.clock.advance(2 * uploadMs + 2 * graceMs)
  await owner.audits()
  await owner.collectNow()
  t.ok(await owner.hasFile(1))
})

t.test('an intent keeps what is referred to before its version exists', async t => {
  const owner = await blockOwner()
  owner.known.set('agent-c', () => 'intent')
  await owner.put(1, 1)
  for (let hours = 0; hours < 5; hours++) {
    await owner.clock.advance(uploadMs)
    await owner.audits()
  }
  t.same(owner.operations(1), [1])
  t.ok(owner.asked.length > 4)
  owner.known.set('agent-c', () => 'none')
  await owner.clock.advance(uploadMs)
  await owner.audits()
  t.same(owner.operations(1), [], 'it was the intent')
})

t.test('a silent owner of the key keeps a reference; so does one that knows less than it should', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  await owner.release(1)
  for (const code of ['UNREACHABLE', 'NOT_OWNER', 'STALE_EPOCH', 'TIMEOUT'] as const) {
    owner.known.set('agent-b', () => Promise.reject(new TorcError(code, 'no answer')))
    await owner.audits()
    t.same(owner.operations(1), [1], code)
    await owner.clock.advance(100)
  }
  owner.known.clear()
  await owner.audits()
  t.same(owner.operations(1), [], 'all said no')
})

t.test('the last reference goes, another comes, and the block is about to be deleted', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  await owner.release(1)
  await owner.audits()
  t.same(owner.operations(1), [])
  await owner.clock.advance(graceMs)
  const [due] = owner.index.unreferencedSince(owner.clock.nowMs() - graceMs, 10)
  if (due === undefined) throw new Error('nothing is due')
  // The collector has read what is due; a writer refers to the block before its turn.
  const refers = await owner.refer(1, 2)
  const gone = await owner.blocks.collect(due)
  t.equal(refers, true)
  t.equal(gone, false, 'the references are counted anew under the lock')
  t.ok(await owner.hasFile(1))
  t.same(owner.index.unreferencedSince(Number.MAX_SAFE_INTEGER, 10), [])
})

t.test('the collector comes between the look for the file and the reference', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  await owner.release(1)
  await owner.audits()
  await owner.clock.advance(graceMs)
  const [due] = owner.index.unreferencedSince(owner.clock.nowMs(), 10)
  if (due === undefined) throw new Error('nothing is due')
  const looked = later<void>()
  const size = owner.disk.fileSize.bind(owner.disk)
  owner.disk.fileSize = async path => {
    const found = await size(path)
    await looked.promise
    return found
  }
  const refers = owner.refer(1, 2)
  t.equal(await owner.blocks.collect(due), true)
  looked.resolve()
  t.equal(await refers, false, 'the writer is told that it is not there, and sends it')
  owner.disk.fileSize = size
  t.equal(await owner.put(1, 2), false)
  t.ok(await owner.hasFile(1))
  t.same(owner.operations(1), [2])
})

t.test('a block that is being written again is not collected under it', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  await owner.release(1)
  await owner.audits()
  await owner.clock.advance(graceMs)
  const [due] = owner.index.unreferencedSince(owner.clock.nowMs(), 10)
  if (due === undefined) throw new Error('nothing is due')
  const bytes = later<Uint8Array>()
  const slow = {
    ...bodyOf(block(1).bytes),
    async *[Symbol.asyncIterator]() {
      yield await bytes.promise
    },
  }
  owner.disk.lose(pathOf(1))
  const put = owner.blocks.put(block(1).hash, block(1).bytes.length, operation(2), slow)
  const collected = owner.blocks.collect(due)
  bytes.resolve(block(1).bytes)
  await put
  t.equal(await collected, false)
  t.ok(await owner.hasFile(1))
})

t.test(
  'a crash between the row and the file of a collected block leaves a file that nobody knows',
  async t => {
    const disk = new MemoryDisk()
    const owner = await blockOwner(disk)
    await owner.put(1, 1)
    await owner.release(1)
    await owner.audits()
    await owner.clock.advance(graceMs)
    disk.deleteFile = () => new Promise(() => undefined)
    void owner.collectNow()
    await owner.clock.advance(1)
    disk.crash()
    Reflect.deleteProperty(disk, 'deleteFile')
    const again = await blockOwner(disk, owner.clock)
    t.equal(again.index.find(block(1).hash), undefined)
    t.ok(await again.hasFile(1))
    t.equal(await again.refer(1, 2), false)
    t.equal(await again.blocks.removeStray(nameOf(1)), true, 'as at each start')
    t.equal(again.counts.values.blocks, 0)
  },
)

t.test('a release comes while an audit waits for its answers', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  await owner.release(1)
  const answer = later<OperationState>()
  owner.known.set('agent-b', () => answer.promise)
  const audit = owner.step()
  await owner.clock.advance(1)
  // The one that was asked had the version then; it removes it, and says so before its answer is here.
  await owner.release(1)
  answer.resolve('version')
  await audit
  owner.known.clear()
  await owner.audits()
  t.same(owner.operations(1), [], 'the audit that the release asked for was made')
})

t.test('a crash after the condemnation: the next process asks again', async t => {
  const disk = new MemoryDisk()
  const owner = await blockOwner(disk)
  await owner.put(1, 1)
  await owner.release(1)
  owner.known.set('agent-b', () => new Promise(() => undefined))
  void owner.step()
  await owner.clock.advance(1)
  disk.crash()
  const again = await blockOwner(disk, owner.clock)
  again.known.set('agent-b', () => 'version')
  await again.audits()
  t.same(again.operations(1), [1])
  t.ok(again.asked.includes('agent-b'))
})

t.test('a write that nobody finished goes: its blocks after the grace time, not before', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  await owner.put(1, 2)
  owner.known.set('agent-a', ({ opId }) => (opId[0] === 2 ? 'version' : 'none'))
  await owner.clock.advance(uploadMs)
  await owner.audits()
  t.same(owner.operations(1), [2], 'each operation stands for itself')
  owner.known.clear()
  await owner.release(2)
  await owner.audits()
  t.same(owner.operations(1), [])
  await owner.clock.advance(graceMs - 1)
  await owner.collectNow()
  t.ok(await owner.hasFile(1))
  await owner.clock.advance(1)
  await owner.collectNow()
  t.notOk(await owner.hasFile(1))
  t.match(owner.counts.values, { blocks: 0, blockBytes: 0 })
  t.equal((await owner.blocks.check(block(1).hash)).state, 'gone', 'the scrub passes it over')
})

t.test('a block that comes again within its grace time begins a new one with its next release', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  await owner.release(1)
  await owner.audits()
  await owner.clock.advance(graceMs - 1)
  t.equal(await owner.refer(1, 2), true)
  await owner.release(2)
  await owner.audits()
  await owner.clock.advance(graceMs - 1)
  await owner.collectNow()
  t.ok(await owner.hasFile(1))
})

t.test('references are rows: what is wrong with a mark is put right by the recount', async t => {
  const owner = await blockOwner()
  await owner.put(1, 1)
  owner.sql('UPDATE blocks SET unreferenced_at = 1')
  await owner.collectNow()
  t.ok(await owner.hasFile(1))
  t.same(owner.index.unreferencedSince(Number.MAX_SAFE_INTEGER, 10), [])
})

function nameOf(n: number): string {
  return Buffer.from(block(n).hash).toString('hex')
}

function pathOf(n: number): string {
  return `blocks/${nameOf(n).slice(0, 2)}/${nameOf(n)}`
}
