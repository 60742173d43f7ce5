import t from 'tap'
import { MemoryStore } from './memory-store.js'

async function bucketOf(name: string): Promise<MemoryStore> {
  const store = new MemoryStore()
  await store.createBucket(name)
  return store
}

t.test('a write with the empty context covers nothing', async t => {
  const store = await bucketOf('b')
  const { versionId: first } = await store.put('b', 'k', 'one')
  const second = await store.put('b', 'k', 'two', { context: '' })
  t.strictSame(second.siblings, [first])
  const { versionId: third } = await store.copy({ bucket: 'b', key: 'k' }, 'b', 'k', { context: '' })
  const { context, siblings } = await store.head('b', 'k')
  t.strictSame(siblings, [second.versionId, first])
  t.strictSame((await store.delete('b', 'k', { context: '' })).removed, [])
  await store.delete('b', 'k', { context: '', marker: true })
  await t.rejects(store.head('b', 'k'), { code: 'KEY_NOT_FOUND' })
  t.match(await store.put('b', 'k', 'merged', { context }), { siblings: [/^v4$/] }, 'all but the marker')
  t.equal(third, 'v3')
})
