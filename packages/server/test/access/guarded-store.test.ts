import type { AccessKeyAdmin } from '@torc/protocol/store/access-keys'
import type { Admin } from '@torc/protocol/store/admin'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import t from 'tap'
import { start } from '../fakes/running-server.js'

type Store = ObjectStore & Admin

const denied = { code: 'DENIED', exitCode: 4 }
const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

type Method = Exclude<keyof Store, 'keys' | 'buckets'> | `keys.${keyof AccessKeyAdmin}`

const session = { bucket: 'b', prefix: '', client: 'c', session: 's' }

/** A call of each method that may be denied; `b` is the bucket. */
const calls: Readonly<Record<Method, (store: Store) => Promise<unknown>>> = {
  put: store => store.put('b', 'k', 'x'),
  putShared: store => store.putShared('b', 'k', 'root/file'),
  post: store => store.post('b', 'x'),
  get: store => store.get('b', 'k'),
  getShared: store => store.getShared('b', 'k', 'root/file'),
  head: store => store.head('b', 'k'),
  delete: store => store.delete('b', 'k'),
  copy: store => store.copy({ bucket: 'b', key: 'k' }, 'b', 'to'),
  history: store => all(store.history('b', 'k')),
  restore: store => all(store.restore('b', { at: new Date(0) })),
  policy: store => store.policy({ bucket: 'b' }),
  setPolicy: store => store.setPolicy({ bucket: 'b' }, 'all'),
  tags: store => store.tags('b', 'k'),
  setTags: store => store.setTags('b', 'k', {}),
  list: store => all(store.list('b')),
  versions: store => all(store.versions('b')),
  listPage: store => store.listPage('b', 'keys'),
  fetch: store => all(store.fetch('b')),
  changes: store => store.changes('b'),
  watch: store => all(store.watch('b')),
  createBucket: store => store.createBucket('new'),
  headBucket: store => store.headBucket('b'),
  changeBucket: store => store.changeBucket('b', {}),
  deleteBucket: store => store.deleteBucket('b'),
  createUpload: store => store.createUpload('b', 'k'),
  uploadPart: store => store.uploadPart('b', 'k', 'u', 1, 'x'),
  copyPart: store => store.copyPart('b', 'k', 'u', 1, { bucket: 'b', key: 'k' }),
  parts: store => all(store.parts('b', 'k', 'u')),
  partPage: store => store.partPage('b', 'k', 'u'),
  uploads: store => all(store.uploads('b')),
  uploadPage: store => store.uploadPage('b'),
  completeUpload: store => store.completeUpload('b', 'k', 'u', []),
  abortUpload: store => store.abortUpload('b', 'k', 'u'),
  openSyncSession: store => store.openSyncSession('b', { prefix: '', place: 'host:/folder' }),
  keepSyncSession: store => store.keepSyncSession(session, 'c'),
  syncSessions: store => store.syncSessions('b'),
  endSyncSession: store => store.endSyncSession(session),
  status: store => store.status(),
  layout: store => store.layout(),
  initLayout: store => store.initLayout(),
  stageLayout: store => store.stageLayout({ replicas: 2 }),
  cancelLayout: store => store.cancelLayout(),
  applyLayout: store => store.applyLayout(),
  recoverLayout: store => store.recoverLayout(),
  scrubStatus: store => store.scrubStatus(),
  scrub: store => store.scrub(),
  repairStatus: store => store.repairStatus(),
  repair: store => store.repair(),
  blocks: store => all(store.blocks('b', 'k')),
  'keys.create': store => store.keys.create(),
  'keys.list': store => store.keys.list(),
  'keys.show': store => store.keys.show('TKAAAAAAAAAAAAAAAAAA'),
  'keys.grant': store => store.keys.grant('TKAAAAAAAAAAAAAAAAAA', 'b', ['read']),
  'keys.revoke': store => store.keys.revoke('TKAAAAAAAAAAAAAAAAAA', 'b', ['read']),
  'keys.delete': store => store.keys.delete('TKAAAAAAAAAAAAAAAAAA'),
}

t.test('in this process too, a key may do what it was granted', async t => {
  const { server } = await start(t)
  const { store } = server
  await store.initLayout({ agents: 3, replicas: 3 })
  for (const bucket of ['b', 'other']) await store.createBucket(bucket)
  await store.put('b', 'k', 'hello')
  const { accessKey } = await store.keys.create({ name: 'app' })
  const app = server.storeFor(accessKey)
  for (const [name, call] of Object.entries(calls)) await t.rejects(call(app), denied, name)
  t.strictSame(await app.buckets(), [])
  t.match(await app.keys.show(), { accessKey, name: 'app', grants: [] })

  await store.keys.grant(accessKey, 'b', ['read'])
  t.equal(await (await app.get('b', 'k')).text(), 'hello')
  t.match(await all(app.list('b')), [{ key: 'k' }])
  t.match(await app.buckets(), [{ bucket: 'b' }])
  const opened = await app.openSyncSession('b', { prefix: '', place: 'host:/folder' })
  await app.keepSyncSession(opened, 'c')
  t.match(await app.syncSessions('b'), [{ session: opened.session, cursor: 'c' }])
  await app.endSyncSession(opened)
  await t.rejects(calls.put(app), denied)
  await t.rejects(calls.copy(app), denied)
  await t.rejects(calls.restore(app), denied)

  await store.keys.grant(accessKey, 'b', ['write', 'owner'])
  await app.put('b', 'k2', 'x')
  t.match(await all(app.restore('b', { at: new Date(0) })), [{ key: 'k' }, { key: 'k2' }])
  t.strictSame(await app.keys.grant(accessKey, 'b', ['read']), {
    bucket: 'b',
    grants: ['read', 'write', 'owner'],
  })
  t.equal(server.storeFor((await store.keys.show()).accessKey), store, 'the root key has the store itself')
})

t.test('whoever has no access key reads what is public, and nothing else', async t => {
  const { server } = await start(t)
  const { store } = server
  const visitor = server.storeForAnonymous()
  await store.initLayout({ agents: 3, replicas: 3 })
  for (const bucket of ['b', 'public']) {
    await store.createBucket(bucket, { publicRead: bucket === 'public' })
    await store.put(bucket, 'k', 'hello')
  }
  for (const [name, call] of Object.entries(calls)) await t.rejects(call(visitor), denied, name)
  await t.rejects(visitor.buckets(), denied)
  await t.rejects(visitor.keys.show(), denied)
  await t.rejects(visitor.get('b', 'k'), { ...denied, message: /has no read grant on bucket b$/ })
  await t.rejects(visitor.get('none', 'k'), { ...denied, message: /has no read grant on bucket none$/ })

  t.equal(await (await visitor.get('public', 'k')).text(), 'hello')
  t.match(await visitor.head('public', 'k'), { size: 5 })
  t.match(await all(visitor.list('public')), [{ key: 'k' }])
  t.match(await all(visitor.versions('public')), [{ key: 'k' }])
  t.match(await visitor.headBucket('public'), { publicRead: true })
  await t.rejects(visitor.head('public', 'other'), { code: 'KEY_NOT_FOUND' })
  const refused: Promise<unknown>[] = [
    visitor.put('public', 'k', 'x'),
    visitor.delete('public', 'k'),
    visitor.tags('public', 'k'),
    visitor.syncSessions('public'),
    visitor.openSyncSession('public', { prefix: '', place: 'host:/folder' }),
    visitor.getShared('public', 'k', 'root/file'),
    visitor.copy({ bucket: 'public', key: 'k' }, 'public', 'to'),
    visitor.changeBucket('public', { publicRead: true }),
  ]
  for (const call of refused) await t.rejects(call, denied)
  await store.changeBucket('public', { publicRead: false })
  await t.rejects(visitor.get('public', 'k'), denied)
})

t.test('a long listing ends when its key lost what it needs', async t => {
  const { server } = await start(t)
  const { store } = server
  await store.initLayout({ agents: 3, replicas: 3 })
  await store.createBucket('b')
  for (const key of ['1', '2', '3']) await store.put('b', key, '')
  const { accessKey } = await store.keys.create()
  await store.keys.grant(accessKey, 'b', ['read'])
  const seen: string[] = []
  const listing = async (): Promise<void> => {
    for await (const entry of server.storeFor(accessKey).list('b')) {
      if ('key' in entry) seen.push(entry.key)
      await store.keys.revoke(accessKey, 'b', ['read'])
    }
  }
  await t.rejects(listing(), denied)
  t.strictSame(seen, ['1'])
})
