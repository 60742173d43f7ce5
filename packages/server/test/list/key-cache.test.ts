import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { makeState } from '@torc/cluster/state/key-state'
import { contextAfterWrite, type Version, versionIdOf } from '@torc/cluster/state/version'
import t from 'tap'
import { Deadline } from '../../src/core/deadline.js'
import { place } from '../../src/core/placement.js'
import { write } from '../../src/flows/put-flow.js'
import { KeyCache } from '../../src/list/key-cache.js'
import { type ListRequest, listPage } from '../../src/list/list-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket(3, 2, 2)

/** Puts a history of `count` versions on all owners of a key. */
async function longHistory(cluster: FakeCluster, key: string, count: number): Promise<void> {
  const { version: first } = await write(cluster.c, await writeOf(cluster.c, bucket, key, ''))
  await new Promise(setImmediate)
  const versions: Version[] = [first]
  for (let i = 1; i < count; i++) {
    const before = versions.at(-1) ?? first
    const opId = Buffer.alloc(16, 9)
    opId.writeUInt32BE(i)
    const dot = { actor: first.dot.actor, counter: first.dot.counter + i }
    const context = contextAfterWrite(before)
    const createdAt = first.createdAt + i
    versions.push({
      ...first,
      dot,
      after: before.dot.counter,
      context,
      createdAt,
      opId,
      id: versionIdOf(opId),
    })
  }
  for (const owner of cluster.owners(bucket, key))
    for (const stored of owner.keys.values())
      if (stored.key === key) stored.state = makeState(emptyContext, versions)
}

/** Reads of whole states. */
const statesRead = (cluster: FakeCluster) =>
  cluster.agents.sent.filter(({ name, head }) => {
    const { want, versionId } = head as { want?: string; versionId?: string }
    return name === 'fetchKey' && want === 'state' && versionId === undefined
  }).length

t.test('the pages of a long history read it twice, and then ask whether it changed', async t => {
  const cluster = fakeCluster()
  await longHistory(cluster, 'key', 3500)
  await write(cluster.c, await writeOf(cluster.c, bucket, 'next', ''))
  await new Promise(setImmediate)
  cluster.agents.sent.length = 0
  const cache = new KeyCache()
  const request: ListRequest = {
    bucket,
    what: 'versions',
    prefix: '',
    delimiter: undefined,
    limit: 500,
    startAfter: undefined,
    token: undefined,
    timeoutMs: undefined,
    signal: undefined,
  }
  const seen: string[] = []
  let token: string | undefined
  do {
    const page = await listPage(cluster.c, { ...request, token }, cache)
    for (const entry of page.entries) if ('key' in entry) seen.push(`${entry.key} ${entry.version.createdAt}`)
    token = page.token
    // A write between the pages: what was there is neither missed nor shown twice.
    if (seen.length === 1500) await write(cluster.c, await writeOf(cluster.c, bucket, 'key', ''))
    await new Promise(setImmediate)
  } while (token !== undefined)
  t.equal(seen.length, 3501)
  t.equal(new Set(seen).size, 3501)
  t.equal(seen.at(-1)?.startsWith('next'), true)
  t.equal(statesRead(cluster), 2 * 2, 'once by two owners, and once more after the change')
})

t.test('short histories, and owners that differ, are read again', async t => {
  const cluster = fakeCluster()
  const { c, agents } = cluster
  const cache = new KeyCache()
  const deadline = new Deadline(c.environment.clock, undefined)
  await longHistory(cluster, 'short', 10)
  await longHistory(cluster, 'long', 1200)
  const [first] = cluster.owners(bucket, 'long').map(({ id }) => id)
  for (const key of ['short', 'long']) {
    agents.sent.length = 0
    await cache.read(c, place(c, bucket, key), deadline)
    t.equal((await cache.read(c, place(c, bucket, key), deadline)).versions.size, key === 'short' ? 10 : 1200)
    t.equal(statesRead(cluster), key === 'short' ? 4 : 2)
  }
  // An owner misses a write: the other's is in the answer at once.
  agents.fault = ({ agent, name }) => (name === 'merge' && agent === first ? { kind: 'lost' } : undefined)
  agents.down.add(first ?? '')
  await write(c, await writeOf(c, bucket, 'long', ''))
  await new Promise(setImmediate)
  agents.down.clear()
  agents.sent.length = 0
  for (let i = 0; i < 2; i++)
    t.equal((await cache.read(c, place(c, bucket, 'long'), deadline)).versions.size, 1201)
  t.equal(statesRead(cluster), 4)
})

t.test('what is kept is bounded: the key that was used longest ago goes', async t => {
  const cluster = fakeCluster({ agents: 1, replicas: 1 })
  const { c } = cluster
  const cache = new KeyCache()
  const deadline = new Deadline(c.environment.clock, undefined)
  for (const key of ['a', 'b', 'c']) await longHistory(cluster, key, 15_000)
  const read = (key: string) => cache.read(c, place(c, testBucket(1, 1, 1), key), deadline)
  for (const key of ['a', 'b', 'a', 'c']) await read(key)
  cluster.agents.sent.length = 0
  await read('a')
  await read('c')
  t.equal(statesRead(cluster), 0)
  await read('b')
  t.equal(statesRead(cluster), 1)
})
