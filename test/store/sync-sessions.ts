import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { OpenSyncSession } from '@torc/protocol/store/sync-sessions'
import type { Test } from 'tap'
import { all } from '../uploads/conformance.js'

const idPattern = /^[a-z2-7]{26}$/
const unknown = 'a'.repeat(26)
const gone = { code: 'SESSION_NOT_FOUND' }

/** Who syncs folders with a bucket, on every implementation. */
export function checkSyncSessions(t: Test, what: string, connect: () => Promise<ObjectStore>): void {
  let store: ObjectStore
  let bucket = ''
  let buckets = 0
  t.before(async () => {
    store = await connect()
  })
  t.beforeEach(async () => {
    bucket = `sync-sessions-${what}-${++buckets}`
    await store.createBucket(bucket)
  })
  const open = (more: Partial<OpenSyncSession> = {}) =>
    store.openSyncSession(bucket, { prefix: 'docs/', place: 'host:/docs', ...more })

  t.test(`${what}: a folder is new at first, and known then`, async t => {
    const first = await open()
    t.match(first, {
      ...{
        bucket,
        prefix: 'docs/',
        place: 'host:/docs',
        cursor: undefined,
        newClient: true,
        newSession: true,
      },
      ...{ client: idPattern, session: idPattern, createdAt: Date, seenAt: Date },
    })
    const { client, session, createdAt } = first
    await store.keepSyncSession(first, 'cursor-1')
    const again = await open({ client, session, place: 'host:/moved' })
    t.match(again, {
      ...{ client, session, createdAt, place: 'host:/moved', cursor: 'cursor-1' },
      ...{ newClient: false, newSession: false },
    })
    t.ok(again.seenAt >= first.seenAt)
    const { newClient, newSession, ...kept } = again
    t.strictSame(await store.syncSessions(bucket), [kept])
  })

  t.test(`${what}: a client has any number of sessions, each with its own cursor`, async t => {
    const first = await open()
    const { client } = first
    const second = await open({ client, session: unknown, place: 'other:/docs' })
    t.match(second, { client, newClient: false, newSession: true })
    t.notOk([first.session, unknown].includes(second.session))
    const other = await open()
    t.not(other.client, client)
    const long = 'c'.repeat(40_000)
    await store.keepSyncSession(first, 'one')
    await store.keepSyncSession(second, long)
    const sessions = await store.syncSessions(bucket)
    t.strictSame(
      sessions.map(one => `${one.client}/${one.session}`),
      [first, second, other].map(one => `${one.client}/${one.session}`).sort(),
      'by client',
    )
    const cursors = new Map(sessions.map(one => [one.session, one.cursor]))
    t.equal(cursors.get(first.session), 'one')
    t.equal(cursors.get(second.session), long)
    t.equal(cursors.get(other.session), undefined)
  })

  t.test(`${what}: a client is of one bucket and one prefix`, async t => {
    const { client, session } = await open()
    for (const prefix of ['', 'other/', 'docs/sub/']) {
      const other = await open({ prefix, client, session })
      t.match(other, { prefix, newClient: true, newSession: true }, prefix)
      t.not(other.client, client)
      await t.rejects(store.keepSyncSession({ bucket, prefix, client, session }, 'c'), gone)
      await store.endSyncSession({ bucket, prefix, client, session })
    }
    t.match(await open({ client, session }), { newSession: false }, 'and stays as it was')
    for (const strange of [unknown, 'A'.repeat(26), 'x', `${client}/`]) {
      const made = await open({ client: strange, session })
      t.match(made, { newClient: true, newSession: true, client: idPattern }, strange)
      t.not(made.client, strange)
    }
    await t.rejects(open({ prefix: 'docs' }), { code: 'BAD_REQUEST' })
    await t.rejects(store.openSyncSession('none', { prefix: '', place: '' }), { code: 'BUCKET_NOT_FOUND' })
    await t.rejects(store.syncSessions('none'), { code: 'BUCKET_NOT_FOUND' })
  })

  t.test(`${what}: two that come at once for a client that nobody knows both begin`, async t => {
    const opened = await Promise.all([1, 2, 3].map(() => open({ client: unknown })))
    for (const one of opened) t.match(one, { newClient: true, newSession: true })
    t.equal((await store.syncSessions(bucket)).length, 3)
    const [first] = opened
    const client = first?.client ?? ''
    const beside = await Promise.all([1, 2, 3].map(() => open({ client })))
    for (const one of beside) t.match(one, { client, newClient: false, newSession: true })
    t.equal(new Set(beside.map(one => one.session)).size, 3)
  })

  t.test(`${what}: what was ended is unknown, and its client with the last one`, async t => {
    const first = await open()
    const { client } = first
    const second = await open({ client })
    await store.endSyncSession(first)
    await store.endSyncSession(first)
    await t.rejects(store.keepSyncSession(first, 'c'), gone)
    t.match(await store.syncSessions(bucket), [{ session: second.session }])
    t.match(await open({ client, session: first.session }), { client, newClient: false, newSession: true })
    for (const one of await store.syncSessions(bucket)) await store.endSyncSession(one)
    t.strictSame(await store.syncSessions(bucket), [])
    t.match(await open({ client }), { newClient: true })
  })

  t.test(`${what}: nobody sees them in the bucket, and they go with it`, async t => {
    const { client, session } = await open()
    t.strictSame(await all(store.list(bucket)), [])
    t.strictSame(await all(store.versions(bucket)), [])
    t.strictSame(await all(store.fetch(bucket)), [])
    t.strictSame(await all(store.uploads(bucket)), [])
    await store.deleteBucket(bucket)
    await t.rejects(store.syncSessions(bucket), { code: 'BUCKET_NOT_FOUND' })
    await store.createBucket(bucket)
    t.strictSame(await store.syncSessions(bucket), [])
    t.match(await open({ client, session }), { newClient: true, newSession: true })
  })
}
