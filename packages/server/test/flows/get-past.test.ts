import { covers, emptyContext } from '@torc/cluster/clocks/causal-context'
import { headsAsOf } from '@torc/cluster/state/as-of'
import { mergeStates } from '@torc/cluster/state/key-state'
import { contextAfterWrite } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import fc from 'fast-check'
import t from 'tap'
import { purge } from '../../src/flows/delete-flow.js'
import { type ReadRequest, read } from '../../src/flows/get-flow.js'
import { timeText } from '../../src/flows/past-time.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const ends = { timeoutMs: undefined, signal: undefined }
const wanted = (more: Partial<ReadRequest> = {}): ReadRequest => ({
  bucket,
  key: 'key',
  versionId: undefined,
  ...ends,
  ...more,
})
const put = async (cluster: FakeCluster, text: string, more = {}) => {
  // Each in a millisecond of its own, as messages name times no finer.
  cluster.environment.clock.advance(5)
  return (await write(cluster.c, await writeOf(cluster.c, bucket, 'key', text, more))).version
}
const textOf = (pieces: readonly Uint8Array[] | undefined) => Buffer.concat(pieces ?? []).toString()
const settle = () => new Promise(setImmediate)

t.test('the latest head as of then, with one look at the heads and one at a digest', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'one')
  const two = await put(cluster, 'two')
  const three = await put(cluster, 'three')
  await settle()
  cluster.agents.sent.length = 0
  const found = await read(cluster.c, wanted({ at: two.createdAt }))
  t.equal(textOf(found.inline), 'two')
  t.equal(found.isLatest, true)
  t.strictSame(found.siblings, [])
  t.equal(cluster.agents.sent.length, 2)
  t.ok(covers(found.context, two.dot))
  t.ok(covers(found.context, one.dot))
  t.notOk(covers(found.context, three.dot), 'its reader saw nothing that came later')
  t.equal(found.newest, two.createdAt)
  t.equal(textOf((await read(cluster.c, wanted({ at: two.createdAt - 1 }))).inline), 'one')
  t.equal(textOf((await read(cluster.c, wanted({ at: three.createdAt + 1 }))).inline), 'three')
})

t.test('siblings as of then', async t => {
  const cluster = fakeCluster()
  const base = await put(cluster, 'base')
  const token = { context: contextAfterWrite(base), newest: 0, seq: 0 }
  const left = await put(cluster, 'left', { token })
  const right = await put(cluster, 'right', { token })
  await put(cluster, 'merged')
  const found = await read(cluster.c, wanted({ at: right.createdAt }))
  t.equal(found.version.id, right.id)
  t.strictSame(found.siblings, [left.id])
  t.strictSame((await read(cluster.c, wanted({ at: left.createdAt }))).siblings, [])
  t.strictSame((await read(cluster.c, wanted())).siblings, [])
})

t.test('what was not there then', async t => {
  const cluster = fakeCluster()
  const early = cluster.c.hybridClock.now()
  await t.rejects(read(cluster.c, wanted({ at: early })), {
    code: 'KEY_NOT_FOUND',
    message: `there was no bucket/key at ${timeText(early)}`,
    hint: /List the keys/,
  })
  const one = await put(cluster, 'one')
  const marker = await put(cluster, '', { kind: 'marker' })
  await put(cluster, 'two')
  await t.rejects(read(cluster.c, wanted({ at: early })), {
    code: 'KEY_NOT_FOUND',
    message: `there was no bucket/key at ${timeText(early)}`,
    hint: new RegExp(`oldest version that is there is of ${timeText(one.createdAt)}`),
    details: { oldest: timeText(one.createdAt) },
  })
  await t.rejects(read(cluster.c, wanted({ at: marker.createdAt })), {
    code: 'KEY_NOT_FOUND',
    message: `bucket/key was deleted at ${timeText(marker.createdAt)}`,
    details: { marker: marker.id, siblings: [] },
  })
})

t.test('neither a time to come nor a version and a time', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'one')
  await t.rejects(read(cluster.c, wanted({ at: one.createdAt + 10_000_000 })), {
    code: 'BAD_REQUEST',
    message: /is in the future$/,
    hint: /this server's clock says/,
  })
  await t.rejects(read(cluster.c, wanted({ at: one.createdAt, versionId: one.id })), { code: 'BAD_REQUEST' })
})

t.test(
  'property: any time shows what the join of the owners held then, however stale single ones are',
  async () => {
    const kind = fc.constantFrom('put', 'put', 'sibling', 'marker', 'purge version', 'purge')
    const step = fc.record({ kind, reached: fc.integer({ min: 1, max: 7 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 10 }),
        fc.nat({ max: 10 }),
        fc.integer(),
        async (steps, then, seed) => {
          const cluster = fakeCluster({ seed })
          const { c, agents, ids } = cluster
          const weak = testBucket(3, 1, 1)
          let at = c.hybridClock.now()
          let last = 'none'
          for (const [i, { kind, reached }] of steps.entries()) {
            agents.down.clear()
            for (const [n, id] of ids.entries()) if ((reached & (1 << n)) === 0) agents.down.add(id)
            if (kind.startsWith('purge')) {
              const versionId = kind === 'purge' ? undefined : last
              await purge(c, { bucket: weak, key: 'key', versionId, token: undefined, retry: true, ...ends })
            } else {
              const more = {
                kind: kind === 'marker' ? ('marker' as const) : ('object' as const),
                token: kind === 'sibling' ? { context: emptyContext, newest: 0, seq: 0 } : undefined,
              }
              const { version } = await write(
                c,
                await writeOf(c, weak, 'key', kind === 'marker' ? '' : `${i}`, more),
              )
              last = version.id
              if (i <= then) at = version.createdAt
            }
            await settle()
          }
          agents.down.clear()
          const state = cluster
            .owners(bucket, 'key')
            .map(owner => owner.stateOf(bucket.id, 'key'))
            .reduce(mergeStates)
          const heads = headsAsOf(state.versions.values(), at).heads.map(({ id }) => id)
          const marked = headsAsOf(state.versions.values(), at).heads[0]?.kind === 'marker'
          const all = testBucket(3, 3, 1)
          try {
            const found = await read(c, wanted({ bucket: all, at }))
            return !marked && JSON.stringify([found.version.id, ...found.siblings]) === JSON.stringify(heads)
          } catch (error) {
            return TorcError.from(error).code === 'KEY_NOT_FOUND' && (marked || heads.length === 0)
          }
        },
      ),
      { numRuns: 200 },
    )
  },
)
