import { encodeEpoch, firstParentHash } from '@torc/cluster/ring/epoch'
import { assignTable } from '@torc/cluster/ring/table'
import { limits } from '@torc/protocol/limits'
import t from 'tap'
import type { BucketView } from '../../src/buckets/bucket-record.js'
import { decodeCursor, encodeCursor } from '../../src/feed/cursor.js'
import { type WatchedBatch, Watches, type WatchOperation } from '../../src/feed/watches.js'
import { fakeCluster, testBucket } from '../fakes/fake-cluster.js'
import { FakeLogs } from '../fakes/fake-logs.js'

const bucket = testBucket()

function setUp(members = 3, others: readonly string[] = []) {
  const cluster = fakeCluster({ agents: members })
  const ids = [...cluster.ids, ...others]
  const logs = new FakeLogs(ids)
  const c = { ...cluster.c, agents: logs, knownAgents: () => ids }
  let found: BucketView = bucket
  const watches = new Watches(c, { find: () => found })
  const { clock } = cluster.environment
  let versions = 0
  const ask = (cursor?: string, more: Partial<WatchOperation> = {}): Promise<WatchedBatch> =>
    watches.watch({
      ...{ bucket: 'bucket', prefix: '', cursor, waitMs: 0, limit: 1000 },
      ...{ timeoutMs: undefined, signal: undefined, ...more },
    })
  return {
    ...{ c, ids, logs, watches, clock, ask },
    /** A version that these agents note one after the other. */
    put(agents: readonly string[], key = 'k', bucketId = bucket.id): string {
      const versionId = `v${++versions}`
      for (const id of agents)
        logs.log(id).note({ bucketId, key, versionId, type: 'put', loggedAt: c.hybridClock.now() })
      return versionId
    },
    madeAgain: () => {
      found = { ...bucket, id: Buffer.alloc(16, 9) }
    },
    async passes(ms: number, stepMs = 10) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.advance(stepMs)
        await new Promise(setImmediate)
      }
    },
    async close() {
      watches.close()
      clock.advance(2_000)
      await new Promise(setImmediate)
    },
  }
}

/** Whether it is over, without waiting for it. */
function outcome<T>(promise: Promise<T>): { value: T | undefined; error: unknown } {
  const seen: { value: T | undefined; error: unknown } = { value: undefined, error: undefined }
  promise.then(
    value => {
      seen.value = value
    },
    error => {
      seen.error = error
    },
  )
  return seen
}

const ids = ({ changes }: WatchedBatch): string[] => changes.map(({ versionId }) => versionId)
const [a, b, d] = ['agent-0', 'agent-1', 'agent-2']

t.test('from a cursor of now: each version once, whoever notes it', async t => {
  const { ask, put } = setUp()
  put([a, b])
  const { cursor, changes, reset } = await ask()
  t.strictSame([changes, reset], [[], false])
  const x = put([a, b, d])
  const y = put([d, a])
  put([b], 'k', new Uint8Array(16).fill(1))
  const batch = await ask(cursor)
  t.strictSame([ids(batch), batch.more], [[x, y], false])
  t.strictSame(ids(await ask(batch.cursor)), [])
  const z = put([b])
  t.strictSame(ids(await ask(batch.cursor)), [z])
})

t.test('in pieces of the wanted size', async t => {
  const { ask, put } = setUp()
  const { cursor } = await ask()
  const all = Array.from({ length: 5 }, () => put([a, b]))
  const told: string[] = []
  let batch = await ask(cursor, { limit: 2 })
  for (; batch.more; batch = await ask(batch.cursor, { limit: 2 })) told.push(...ids(batch))
  t.strictSame(
    [...told, ...ids(batch)].filter((id, i, list) => list.indexOf(id) === i),
    all,
  )
})

t.test('waits, is woken, and lets the reports of one write come together', async t => {
  const s = setUp()
  const { cursor } = await s.ask()
  const waiting = outcome(s.ask(cursor, { waitMs: 20_000 }))
  await s.passes(1_000)
  t.equal(waiting.value, undefined)
  const x = s.put([a])
  await s.passes(10)
  const y = s.put([b])
  await s.passes(30)
  t.strictSame(ids(waiting.value as WatchedBatch), [x, y], 'what came within the linger is in the batch')
  const quiet = outcome(s.ask((waiting.value as WatchedBatch).cursor, { waitMs: 20_000 }))
  await s.passes(19_900, 100)
  t.equal(quiet.value, undefined)
  await s.passes(300)
  t.strictSame(ids(quiet.value as WatchedBatch), [])
  await s.close()
})

t.test('an agent that is down keeps its place and is read when it is back', async t => {
  const s = setUp()
  const { cursor } = await s.ask()
  const x = s.put([a])
  s.logs.down.add(a)
  const y = s.put([b, d])
  const without = await s.ask(cursor)
  t.strictSame(ids(without), [y])
  s.logs.down.delete(a)
  t.strictSame(ids(await s.ask(without.cursor)), [x])
})

t.test('an agent that was not there at first is read by time', async t => {
  const s = setUp()
  s.put([d])
  await s.passes(120_000, 60_000)
  const old = s.put([d])
  s.clock.advance(30_000)
  s.logs.down.add(d)
  const { cursor } = await s.ask()
  const x = s.put([d])
  t.strictSame(ids(await s.ask(cursor)), [])
  s.logs.down.delete(d)
  t.strictSame(ids(await s.ask(cursor)), [old, x], 'from a minute before, as clocks differ')
  s.logs.log(d).first = 3
  t.equal((await s.ask(cursor)).reset, true, 'what was trimmed may have been late enough')
})

t.test('a slow agent holds nobody up, and nobody at all is UNAVAILABLE', async t => {
  const s = setUp()
  const { cursor } = await s.ask()
  const x = s.put([a, d])
  let answers: () => void = () => {}
  s.logs.gate = agent =>
    agent === d
      ? new Promise<void>(resolve => {
          answers = resolve
        })
      : undefined
  const batch = outcome(s.ask(cursor))
  await s.passes(510)
  t.strictSame(ids(batch.value as WatchedBatch), [x])
  const y = s.put([d])
  t.strictSame(ids(await s.ask(batch.value?.cursor)), [], 'it is not waited for again')
  s.logs.gate = undefined
  answers()
  await s.passes(10)
  t.strictSame(ids(await s.ask(batch.value?.cursor)), [x, y], 'its own report of the first one comes too')
  for (const id of s.ids) s.logs.down.add(id)
  await t.rejects(s.ask(cursor), { code: 'UNAVAILABLE' })
  await t.rejects(s.ask(), { code: 'UNAVAILABLE' })
})

t.test('what cannot be gone on from begins anew', async t => {
  const s = setUp()
  const { cursor } = await s.ask()
  const x = s.put([a, b])
  const known = decodeCursor(cursor)
  if (known === undefined) throw new Error('no cursor')
  const altered = (fields: Partial<typeof known>) => encodeCursor({ ...known, ...fields })
  const resets = async (text: string, why: string) => {
    const { reset, changes, cursor: next } = await s.ask(text)
    t.strictSame([reset, changes], [true, []], why)
    t.strictSame(ids(await s.ask(next)), [], 'of now')
  }
  await resets(altered({ lineage: 'elsewhere' }), 'another cluster, or what was saved of this one')
  await resets(altered({ bucketId: new Uint8Array(16) }), 'another bucket')
  await resets(Buffer.from([0x92, 9, 0xc0]).toString('base64url'), 'another format')
  const gone = new Map([...known.places, ['left', { logId: new Uint8Array(16), position: 1 }]] as const)
  await resets(altered({ places: gone }), 'an agent that left and is gone')
  t.strictSame(ids(await s.ask(cursor)), [x], 'nothing of that is kept')
  s.logs.log(a).first = 2
  await resets(cursor, 'trimmed')
  s.logs.log(a).first = 1
  s.logs.log(b).logId = new Uint8Array(16).fill(77)
  await resets(cursor, 'another log')
  s.madeAgain()
  await resets(cursor, 'a bucket that was made again')
})

t.test('an agent that left the layout is read to its end, and then done with', async t => {
  const s = setUp(3, ['left'])
  const { cursor } = await s.ask()
  const known = decodeCursor(cursor)
  if (known === undefined) throw new Error('no cursor')
  const places = new Map([
    ...known.places,
    ['left', { logId: s.logs.log('left').logId, position: 0 }],
  ] as const)
  const x = s.put(['left'])
  const batch = await s.ask(encodeCursor({ ...known, places }))
  t.strictSame(ids(batch), [x])
  t.strictSame([...(decodeCursor(batch.cursor)?.places.keys() ?? [])], [a, b, d])
})

t.test('a server that knows an older layout than the cursor learns the newer one, or says so', async t => {
  const s = setUp()
  const { cursor } = await s.ask()
  const known = decodeCursor(cursor)
  if (known === undefined) throw new Error('no cursor')
  await t.rejects(s.ask(encodeCursor({ ...known, epoch: 2 })), { code: 'UNAVAILABLE' })
  const ring = s.ids.map(id => ({ id, zone: '', capacity: 1 }))
  const table = assignTable(ring, { partitions: 16, replicas: 3 })
  const epoch = encodeEpoch({ number: 2, parentHash: firstParentHash, lineage: 'test', agents: ring, table })
  s.c.layouts.adopt({ epoch }, 'test')
  t.strictSame(ids(await s.ask(encodeCursor({ ...known, epoch: 2 }))), [])
})

t.test('wrong cursors, a signal, too many, and a server that stops', async t => {
  const s = setUp()
  const { cursor } = await s.ask()
  await t.rejects(s.ask('no cursor'), { code: 'BAD_REQUEST' })
  await t.rejects(s.ask(cursor, { prefix: 'other/' }), { code: 'BAD_REQUEST', message: /prefix/ })
  const controller = new AbortController()
  const given = outcome(s.ask(cursor, { waitMs: 20_000, signal: controller.signal }))
  await s.passes(20)
  controller.abort()
  await s.passes(30)
  t.match(given.error, { code: 'CANCELLED' })
  const many = Array.from({ length: limits.waitingWatchesMax + 1 }, () =>
    outcome(s.ask(cursor, { waitMs: 2_000 })),
  )
  await s.passes(10)
  t.match(many.at(-1)?.error, { code: 'OVERLOADED' })
  t.equal(many.filter(({ error }) => error !== undefined).length, 1)
  s.watches.close()
  await s.passes(20)
  t.ok(
    many.slice(0, -1).every(({ value }) => value !== undefined),
    'all are answered',
  )
  t.strictSame(ids(await s.ask(cursor, { waitMs: 20_000 })), [], 'nobody waits any more')
  s.clock.advance(5_000)
})
