import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { MemoryStore } from './memory-store.js'

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

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

t.test('a listing with details tells what a HEAD tells, and of edits beside a deletion', async t => {
  const store = await bucketOf('b')
  await store.put('b', 'k', 'one', { metadata: [['a', 'b']] })
  await store.put('b', 'k', 'two', { context: '' })
  const [entry] = await all(store.list('b', { details: true }))
  const { clock, degraded, ...head } = await store.head('b', 'k')
  t.match(entry, head)
  t.notHas((await all(store.list('b')))[0], { context: head.context })
  await store.delete('b', 'k', { context: '', marker: true })
  t.strictSame(await all(store.list('b')), [])
  const [deleted] = (await all(store.list('b', { details: true }))) as { context?: string }[]
  t.match(deleted, { kind: 'marker', siblings: ['v2', 'v1'] })
  await store.delete('b', 'k', { context: deleted?.context, marker: true })
  t.strictSame(await all(store.list('b', { details: true })), [])
})

t.test('sync sessions are known until they end, expire, or lose their bucket', async t => {
  const store = await bucketOf('b')
  const first = await store.openSyncSession('b', { prefix: 'p/', place: 'host:/p' })
  t.match(first, { newClient: true, newSession: true, client: /^[a-z2-7]{26}$/ })
  const { client, session } = first
  const second = await store.openSyncSession('b', { prefix: 'p/', place: 'host:/q', client })
  t.match(second, { client, newClient: false, newSession: true })
  store.nowMs += limits.syncSessionIdleMs
  await store.keepSyncSession(first, 'cursor')
  store.nowMs += 1
  t.match(await store.syncSessions('b'), [{ session, cursor: 'cursor', place: 'host:/p' }])
  await t.rejects(store.keepSyncSession(second, 'c'), { code: 'SESSION_NOT_FOUND' })
  await t.rejects(store.keepSyncSession({ ...first, prefix: '' }, 'c'), { code: 'SESSION_NOT_FOUND' })
  await store.endSyncSession(first)
  const third = await store.openSyncSession('b', { prefix: 'p/', place: 'host:/p', client, session })
  t.match(third, { newClient: true, newSession: true, cursor: undefined })
  await store.deleteBucket('b')
  await store.createBucket('b')
  t.strictSame(await store.syncSessions('b'), [])
})
