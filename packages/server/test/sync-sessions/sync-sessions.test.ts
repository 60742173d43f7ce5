import { base32 } from '@torc/protocol/identifiers/base32'
import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { sessionsBucket } from '../../src/buckets/hidden-buckets.js'
import { type OpenSessionOperation, SyncSessionOperations } from '../../src/core/sync-session-operations.js'
import { syncSessionHandlers } from '../../src/handlers/sync-session-handlers.js'
import { SessionRecords } from '../../src/sync-sessions/session-records.js'
import { type FakeCluster, fakeCluster, testBucket } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const call = { timeoutMs: undefined, signal: undefined }
const dayMs = 24 * 60 * 60 * 1000
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

function sessionsOf(cluster: FakeCluster) {
  const operations = new SyncSessionOperations(cluster.c, { find: () => bucket })
  const { random } = cluster.environment
  const open = (more: Partial<OpenSessionOperation> = {}) =>
    operations.open({
      ...{ bucket: 'bucket', prefix: 'docs/', place: 'host:/docs', client: undefined, session: undefined },
      ...{ opId: random.bytes(16), retry: false, ...call, ...more },
    })
  const all = async () => {
    const known = []
    for await (const one of operations.all({ bucket: 'bucket', after: undefined, ...call })) known.push(one)
    return known
  }
  return { operations, open, all }
}

/** Versions of records that the agents hold. */
function heldBy(cluster: FakeCluster): number[] {
  const hidden = Buffer.from(sessionsBucket(cluster.c.environment.hasher, bucket).id).toString('hex')
  return cluster.ids.map((_, index) =>
    [...cluster.agent(index).keys.values()]
      .filter(({ bucketId }) => bucketId === hidden)
      .reduce((sum, { state }) => sum + state.versions.size, 0),
  )
}

t.test('what was idle for 30 days is unknown, and goes when somebody comes across it', async t => {
  const cluster = fakeCluster()
  const { clock } = cluster.environment
  const { operations, open, all } = sessionsOf(cluster)
  const idle = await open()
  const kept = await open({ client: idle.client })
  const { client } = idle
  clock.advance(20 * dayMs)
  await operations.keep({ bucket: 'bucket', ...kept, cursor: 'c', ...call })
  clock.advance(10 * dayMs)
  t.equal((await all()).length, 2, 'not longer than 30 days')
  clock.advance(1000)
  t.match(await all(), [{ client, session: kept.session, cursor: 'c', createdAt: kept.createdAt }])
  await settle()
  t.strictSame(heldBy(cluster), [1, 1, 1], 'the record is gone')
  const keep = (session: string) =>
    operations.keep({ bucket: 'bucket', prefix: 'docs/', client, session, cursor: 'd', ...call })
  await t.rejects(keep(idle.session), { code: 'SESSION_NOT_FOUND', exitCode: 3 })
  t.match(await open({ client, session: idle.session }), { client, newClient: false, newSession: true })

  // Whoever reads one that expired removes it too.
  clock.advance(31 * dayMs)
  await t.rejects(keep(kept.session), { code: 'SESSION_NOT_FOUND' })
  await settle()
  t.strictSame(heldBy(cluster), [1, 1, 1])
  const late = await open({ client, session: kept.session })
  t.match(late, { newClient: true, newSession: true, cursor: undefined })
  t.not(late.client, client)
  await settle()
  t.strictSame(heldBy(cluster), [1, 1, 1], 'a new session removes those that it comes across')
})

t.test('a session that expired and cannot be removed is unknown all the same', async t => {
  const cluster = fakeCluster()
  const { open, all } = sessionsOf(cluster)
  await open()
  cluster.environment.clock.advance(31 * dayMs)
  cluster.agents.fault = ({ name }) => (name === 'merge' ? { kind: 'lost' } : undefined)
  t.strictSame(await all(), [])
})

t.test('folders that tell their cursor at the same time leave one record', async t => {
  const cluster = fakeCluster()
  const { operations, open, all } = sessionsOf(cluster)
  const opened = await open()
  const keep = (cursor: string) => operations.keep({ bucket: 'bucket', ...opened, cursor, ...call })
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 8 }, (_, i) => keep(`${round}-${i}`)))
    await settle()
  }
  await keep('last')
  await settle()
  t.match(await all(), [{ session: opened.session, cursor: 'last' }])
  t.strictSame(heldBy(cluster), [1, 1, 1])
})

t.test('a repeated attempt finds what the first one made', async t => {
  const cluster = fakeCluster()
  const { open, all } = sessionsOf(cluster)
  const opId = Buffer.alloc(16, 5)
  const first = await open({ opId })
  t.strictSame(await open({ opId, retry: true }), first)
  const beside = await open({ opId: Buffer.alloc(16, 6), client: first.client })
  t.strictSame(await open({ opId: Buffer.alloc(16, 6), client: first.client, retry: true }), beside)
  t.equal((await all()).length, 2)
  const other = fakeCluster()
  t.match(await sessionsOf(other).open({ opId, retry: true }), { session: first.session }, 'nothing was made')
})

t.test('a bucket has only so many sessions', async t => {
  const cluster = fakeCluster({ agents: 1, replicas: 1 })
  const { operations, open, all } = sessionsOf(cluster)
  const opId = Buffer.alloc(16, 1)
  const first = await open({ opId })
  // Not opened one by one: each would count those before it.
  const records = new SessionRecords(cluster.c)
  for (let count = 1; count < limits.syncSessionsMax; count++) {
    const opId = cluster.environment.random.bytes(16)
    await records.write(bucket, { ...first, session: base32(opId) }, { opId, retry: false }, call)
  }
  await t.rejects(open({ client: first.client }), { code: 'CONFLICT', exitCode: 6 })
  await t.rejects(open(), { code: 'CONFLICT' })
  t.match(await open({ opId, retry: true }), { session: first.session }, 'it is among them')
  t.match(await open(first), { session: first.session, newSession: false })
  await operations.end({ bucket: 'bucket', ...first, ...call })
  await open({ client: first.client })
  t.equal((await all()).length, limits.syncSessionsMax)
})

t.test('a page of sessions fits a frame, whatever their cursors', async t => {
  const cluster = fakeCluster({ agents: 1, replicas: 1 })
  const { operations, open } = sessionsOf(cluster)
  const names = new Set<string>()
  for (let i = 0; i < 20; i++) {
    const opened = await open()
    names.add(`${opened.client}/${opened.session}`)
    await operations.keep({ bucket: 'bucket', ...opened, cursor: 'c'.repeat(60_000), ...call })
  }
  const list = syncSessionHandlers(operations).listSyncSessions as (
    request: object,
  ) => Promise<{ head: { sessions: { client: string; session: string; cursor: string }[]; more: boolean } }>
  let after: [string, string] | undefined
  for (let pages = 1; ; pages++) {
    const { sessions, more } = (await list({ head: { bucket: 'bucket', after } })).head
    t.ok(sessions.reduce((sum, { cursor }) => sum + cursor.length, 0) <= limits.headBytesMax / 2)
    for (const { client, session } of sessions) t.ok(names.delete(`${client}/${session}`))
    const last = sessions.at(-1)
    after = last === undefined ? undefined : [last.client, last.session]
    if (more) continue
    t.equal(pages, 3)
    break
  }
  t.equal(names.size, 0)
})
