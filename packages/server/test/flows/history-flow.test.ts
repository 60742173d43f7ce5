import { contextOfDots, emptyContext } from '@torc/cluster/clocks/causal-context'
import { makeState } from '@torc/cluster/state/key-state'
import { contextAfterWrite, type Version, versionIdOf } from '@torc/cluster/state/version'
import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { ActorDirectory } from '../../src/flows/actor-directory.js'
import { purge } from '../../src/flows/delete-flow.js'
import { type HistoryRequest, type HistoryVersion, readHistory } from '../../src/flows/history-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const ends = { timeoutMs: undefined, signal: undefined }
const put = async (cluster: FakeCluster, text: string, more = {}) =>
  (await write(cluster.c, await writeOf(cluster.c, bucket, 'key', text, more))).version
const settle = () => new Promise(setImmediate)

async function history(
  cluster: FakeCluster,
  more: Partial<HistoryRequest> = {},
  actors = new ActorDirectory(),
) {
  const request = { bucket, key: 'key', limit: undefined, ...ends, ...more }
  const pages: (readonly HistoryVersion[])[] = []
  for await (const page of readHistory(cluster.c, actors, request)) pages.push(page)
  return pages
}

t.test('what covers what, who minted it, and which are heads', async t => {
  const cluster = fakeCluster()
  const base = await put(cluster, 'base')
  const token = { context: contextAfterWrite(base), newest: 0, seq: 0 }
  const left = await put(cluster, 'left', { token })
  const right = await put(cluster, 'right', { token })
  const shown = async () =>
    (await history(cluster))
      .flat()
      .map(({ version, isLatest, isHead, parents }) => [version.id, isLatest, isHead, parents])
  t.strictSame(await shown(), [
    [right.id, true, true, [base.id]],
    [left.id, false, true, [base.id]],
    [base.id, false, false, []],
  ])
  const merged = await put(cluster, 'merged')
  const marker = await put(cluster, '', { kind: 'marker' })
  t.strictSame(await shown(), [
    [marker.id, true, true, [merged.id]],
    [merged.id, false, false, [right.id, left.id]],
    [right.id, false, false, [base.id]],
    [left.id, false, false, [base.id]],
    [base.id, false, false, []],
  ])
  const minters = (await history(cluster)).flat().map(({ mintedBy }) => mintedBy)
  t.strictSame(new Set(minters), new Set([cluster.owners(bucket, 'key')[0]?.id]))
  t.strictSame(
    (await history(cluster, { limit: 2 })).flat().map(({ version }) => version.id),
    [marker.id, merged.id],
  )
})

t.test('a version that one owner missed is in it', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'one')
  await settle()
  cluster.agents.down.add(cluster.owners(bucket, 'key')[0]?.id ?? '')
  const two = await put(cluster, 'two')
  await settle()
  cluster.agents.down.clear()
  t.strictSame(
    (await history(cluster)).flat().map(({ version, parents }) => [version.id, parents]),
    [
      [two.id, [one.id]],
      [one.id, []],
    ],
  )
})

t.test('no versions', async t => {
  const cluster = fakeCluster()
  await t.rejects(history(cluster), { code: 'KEY_NOT_FOUND', message: 'there is no bucket/key' })
  await put(cluster, 'one')
  await purge(cluster.c, {
    bucket,
    key: 'key',
    versionId: undefined,
    token: undefined,
    retry: false,
    ...ends,
  })
  await t.rejects(history(cluster), { code: 'KEY_NOT_FOUND' })
  cluster.agents.down.add('agent-0').add('agent-1')
  await t.rejects(history(cluster), { code: 'UNAVAILABLE' })
})

t.test('twelve thousand versions come in pages that fit a message, in order', async t => {
  const cluster = fakeCluster()
  const last = await put(cluster, 'first')
  await settle()
  const versions: Version[] = [last]
  for (let i = 1; i < 12_000; i++) {
    const before = versions.at(-1) ?? last
    const opId = Buffer.alloc(16, 9)
    opId.writeUInt32BE(i)
    versions.push({
      ...last,
      dot: { actor: last.dot.actor, counter: last.dot.counter + i },
      after: before.dot.counter,
      context: contextAfterWrite(before),
      createdAt: last.createdAt + i,
      seq: i + 1,
      opId,
      id: versionIdOf(opId),
    })
  }
  for (const owner of cluster.owners(bucket, 'key'))
    for (const stored of owner.keys.values()) stored.state = makeState(emptyContext, versions)
  const pages = await history(cluster)
  t.ok(pages.every(page => page.length <= limits.listLimitMax))
  t.ok(pages.length >= 12)
  const all = pages.flat()
  t.equal(all.length, 12_000)
  t.ok(all.every(({ version }, i) => version.id === versions[11_999 - i]?.id))
  t.ok(all.every(({ parents }, i) => parents[0] === versions[11_998 - i]?.id && parents.length < 2))
  t.strictSame((await history(cluster, { limit: 3 })).flat().length, 3)
})

t.test('a page with many parents is shorter', async t => {
  const cluster = fakeCluster()
  const token = { context: emptyContext, newest: 0, seq: 0 }
  const first = await put(cluster, 'first', { token })
  await settle()
  // Each of forty versions covers the same five hundred siblings.
  const siblings: Version[] = []
  for (let i = 0; i < 540; i++) {
    const opId = Buffer.alloc(16, 7)
    opId.writeUInt32BE(i)
    const dot = { actor: first.dot.actor, counter: 1000 + i }
    const context = i < 500 ? emptyContext : contextOfDots(siblings.slice(0, 500).map(v => v.dot))
    const after = dot.counter - 1
    siblings.push({
      ...first,
      dot,
      after,
      context,
      createdAt: first.createdAt + i,
      opId,
      id: versionIdOf(opId),
    })
  }
  for (const owner of cluster.owners(bucket, 'key'))
    for (const stored of owner.keys.values()) stored.state = makeState(emptyContext, siblings)
  const pages = await history(cluster)
  t.ok(pages.length > 1)
  t.equal(pages.flat().length, 540)
  t.equal(pages[0]?.[0]?.parents.length, 500)
})

t.test('an agent that minted for the first time since the agents told is asked at once', async t => {
  const cluster = fakeCluster()
  const actors = new ActorDirectory()
  await put(cluster, 'one')
  const [owner] = cluster.owners(bucket, 'key')
  await history(cluster, {}, actors)
  const version = [...(owner?.keys.values() ?? [])].flatMap(({ state }) => [...state.versions.values()])[0]
  if (owner === undefined || version === undefined) throw new Error('nothing was written')
  const actor = 'ffffffffffffffff' as typeof version.dot.actor
  const newer = { ...version, dot: { actor, counter: 1 }, after: 0 }
  for (const { keys } of cluster.owners(bucket, 'key'))
    for (const stored of keys.values()) stored.state = makeState(emptyContext, [newer])
  const before = cluster.agents.sentTo('fetchUsage').length
  t.strictSame((await history(cluster, {}, actors)).flat()[0]?.mintedBy, undefined, 'no agent has it')
  t.equal(cluster.agents.sentTo('fetchUsage').length, before + 3)
  await history(cluster, {}, actors)
  t.equal(cluster.agents.sentTo('fetchUsage').length, before + 3, 'but not each time')
})

t.test('agents tell their actors once, and again when an unknown one shows after a while', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'one')
  const actors = new ActorDirectory()
  await Promise.all([history(cluster, {}, actors), history(cluster, {}, actors)])
  t.equal(cluster.agents.sentTo('fetchUsage').length, 3)
  await history(cluster, {}, actors)
  t.equal(cluster.agents.sentTo('fetchUsage').length, 3)

  // The minter does not answer: its versions show all the same, and it is not asked each time.
  const minter = cluster.owners(bucket, 'key')[0]?.id
  cluster.agents.fault = ({ agent, name }) =>
    agent === minter && name === 'fetchUsage' ? { kind: 'lost' } : undefined
  const others = new ActorDirectory()
  t.strictSame(
    (await history(cluster, {}, others)).flat().map(({ mintedBy }) => mintedBy),
    [undefined],
  )
  cluster.agents.sent.length = 0
  await history(cluster, {}, others)
  t.equal(cluster.agents.sentTo('fetchUsage').length, 0)
  cluster.agents.fault = undefined
  cluster.environment.clock.advance(5_000)
  t.strictSame(
    (await history(cluster, {}, others)).flat().map(({ mintedBy }) => mintedBy),
    [minter],
  )
})
