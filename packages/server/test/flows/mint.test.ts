import { contextOfDot, emptyContext } from '@torc/cluster/clocks/causal-context'
import type { Token } from '@torc/cluster/clocks/token'
import { parsePolicy, type RetentionPolicy } from '@torc/cluster/retention/policy'
import { noAttributes } from '@torc/cluster/state/attributes'
import { headsOf, makeState, stateDigest } from '@torc/cluster/state/key-state'
import { contextAfterWrite, type Version, versionIdOf } from '@torc/cluster/state/version'
import { limits as wireLimits } from '@torc/protocol/limits'
import type { RequestOf } from '@torc/protocol/messages/table'
import t, { type Test } from 'tap'
import type { BucketView } from '../../src/buckets/bucket-record.js'
import { setKeyPolicy } from '../../src/flows/policy-flow.js'
import { write } from '../../src/flows/put-flow.js'
import type { WriteRequest } from '../../src/flows/write-request.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const key = 'key'
const limits = { timeoutMs: undefined, signal: undefined }

function policy(text: string): RetentionPolicy {
  const parsed = parsePolicy(text)
  if (parsed === 'inherit') throw new Error('no policy')
  return parsed
}

function bucketWith(text: string): BucketView {
  return { ...testBucket(), policy: policy(text), policyFrom: 'bucket' }
}

async function put(cluster: FakeCluster, bucket: BucketView, more: Partial<WriteRequest> = {}) {
  const outcome = await write(
    cluster.c,
    await writeOf(cluster.c, bucket, key, more.kind === 'marker' ? '' : 'x', more),
  )
  await new Promise(setImmediate)
  return outcome
}

async function putMany(cluster: FakeCluster, bucket: BucketView, count: number): Promise<Version[]> {
  const versions: Version[] = []
  for (let i = 0; i < count; i++) versions.push((await put(cluster, bucket)).version)
  return versions
}

/** Versions that are there, oldest first, the same on every owner to the byte. */
function held(t: Test, cluster: FakeCluster, bucket: BucketView): string[] {
  const states = cluster.owners(bucket, key).map(owner => owner.stateOf(bucket.id, key))
  const digests = new Set(states.map(state => Buffer.from(stateDigest(state)).toString('hex')))
  t.equal(digests.size, 1, 'all owners have the same state')
  const versions = [...(states[0]?.versions.values() ?? [])]
  return versions.sort((a, b) => a.createdAt - b.createdAt).map(({ id }) => id)
}

const tokenOf = (version: Version): Token => ({
  context: contextAfterWrite(version),
  newest: version.createdAt,
  seq: version.seq,
})
const ids = (versions: readonly Version[]) => versions.map(({ id }) => id)

for (const [text, puts, left] of [
  ['all', 12, 12],
  ['latest', 4, 1],
  ['global:1', 4, 1],
  ['global:5', 5, 5],
  ['global:5', 6, 5],
  ['global:5', 12, 5],
  ['dynamic:8', 8, 8],
  ['dynamic:8', 9, 7],
  ['dynamic:8', 10, 8],
  ['dynamic:8', 11, 7],
  ['dynamic:3', 4, 3],
  ['dynamic:1', 3, 1],
] as const) {
  t.test(`${text}: ${puts} PUTs leave ${left}`, async t => {
    const cluster = fakeCluster()
    const bucket = bucketWith(text)
    const versions = await putMany(cluster, bucket, puts)
    t.strictSame(held(t, cluster, bucket), ids(versions.slice(-left)), 'the newest')
  })
}

t.test('the policy of the key goes before that of the bucket', async t => {
  for (const [own, ofBucket, left] of [
    ['global:2', 'all', 2],
    ['all', 'latest', 6],
    ['latest', 'global:4', 1],
    ['inherit', 'global:4', 4],
  ] as const) {
    const cluster = fakeCluster()
    const bucket = bucketWith(ofBucket)
    await put(cluster, bucket, { policy: parsePolicy(own) })
    await putMany(cluster, bucket, 5)
    t.equal(held(t, cluster, bucket).length, left, `${own} over ${ofBucket}`)
  }
})

t.test('a policy that is set with a PUT prunes with that PUT', async t => {
  const cluster = fakeCluster()
  const bucket = testBucket()
  await putMany(cluster, bucket, 5)
  const last = await put(cluster, bucket, { policy: policy('latest') })
  t.strictSame(held(t, cluster, bucket), [last.version.id])
  await put(cluster, bucket, { policy: 'inherit' })
  await put(cluster, bucket)
  t.equal(held(t, cluster, bucket).length, 3, 'taken away again')
})

t.test('a delete marker at the cap', async t => {
  const cluster = fakeCluster()
  const bucket = bucketWith('global:2')
  const [, second] = await putMany(cluster, bucket, 2)
  const marker = await put(cluster, bucket, { kind: 'marker' })
  t.strictSame(held(t, cluster, bucket), [second?.id, marker.version.id])
})

t.test('a head that the new version does not cover stays', async t => {
  const cluster = fakeCluster()
  const bucket = bucketWith('latest')
  const { version: one } = await put(cluster, bucket)
  const { version: two } = await put(cluster, bucket, {
    token: { context: emptyContext, newest: 0, seq: 0 },
  })
  t.strictSame(held(t, cluster, bucket), [one.id, two.id], 'siblings')
  const answer = await put(cluster, bucket, { token: tokenOf(two) })
  t.strictSame(answer.siblings, [one.id])
  t.strictSame(held(t, cluster, bucket), [one.id, answer.version.id])
  const last = await put(cluster, bucket)
  t.strictSame(held(t, cluster, bucket), [last.version.id], 'a plain PUT covers all that R owners hold')
})

t.test('with a context the reports are read too, but never needed', async t => {
  const cluster = fakeCluster()
  const bucket = bucketWith('global:2')
  const [, second] = await putMany(cluster, bucket, 2)
  cluster.agents.sent.length = 0
  if (second === undefined) throw new Error('no version')
  const third = await put(cluster, bucket, { token: tokenOf(second) })
  t.equal(cluster.agents.sentTo('fetchKey').length, 1)
  t.strictSame(held(t, cluster, bucket), [second.id, third.version.id])
  cluster.agents.fault = ({ name }) => (name === 'fetchKey' ? { kind: 'lost' } : undefined)
  const fourth = await put(cluster, bucket, { token: tokenOf(third.version) })
  t.strictSame(held(t, cluster, bucket), [third.version.id, fourth.version.id])
  t.equal(fourth.version.seq, 4)
  cluster.agents.fault = undefined
  cluster.agents.sent.length = 0
  await put(cluster, testBucket(), { token: tokenOf(fourth.version) })
  t.strictSame(cluster.agents.sentTo('fetchKey'), [], 'not where all versions stay')
})

t.test('what a minter missed counts', async t => {
  const cluster = fakeCluster()
  const bucket = testBucket()
  const [minter, second] = cluster.owners(bucket, key)
  await putMany(cluster, bucket, 2)
  cluster.agents.down.add(minter?.id ?? '')
  const third = await put(cluster, bucket, { policy: policy('global:2') })
  cluster.agents.down.clear()
  t.equal(minter?.stateOf(bucket.id, key).attributes.size, 0, 'it has not heard of the policy')
  const fourth = await put(cluster, bucket)
  t.equal(fourth.mintedBy, minter?.id)
  t.strictSame(
    headsOf(second?.stateOf(bucket.id, key).versions.values() ?? []).map(({ id }) => id),
    [fourth.version.id],
  )
  const left = [...(second?.stateOf(bucket.id, key).versions.values() ?? [])].map(({ id }) => id)
  t.strictSame(new Set(left), new Set([third.version.id, fourth.version.id]))
})

t.test('a key policy that was set later', async t => {
  const cluster = fakeCluster()
  const bucket = testBucket()
  await putMany(cluster, bucket, 4)
  await setKeyPolicy(cluster.c, { bucket, key, policy: policy('latest'), ...limits })
  await new Promise(setImmediate)
  t.equal(held(t, cluster, bucket).length, 4, 'nothing goes before the next PUT')
  const last = await put(cluster, bucket)
  t.strictSame(held(t, cluster, bucket), [last.version.id])
})

t.test('nothing is pruned for a write that is refused', async t => {
  const cluster = fakeCluster()
  const bucket = bucketWith('latest')
  const [one] = await putMany(cluster, bucket, 1)
  cluster.agents.fault = ({ name }) => (name === 'mint' ? { kind: 'refused', code: 'DISK_FULL' } : undefined)
  await t.rejects(put(cluster, bucket), { code: 'DISK_FULL' })
  cluster.agents.fault = ({ name }) => (name === 'fetchKey' ? { kind: 'lost' } : undefined)
  await t.rejects(put(cluster, bucket), { code: 'CLOCK_UNREAD' })
  t.strictSame(held(t, cluster, bucket), [one?.id])
})

t.test('a repeated PUT prunes nothing more', async t => {
  const cluster = fakeCluster()
  const bucket = bucketWith('global:2')
  const versions = await putMany(cluster, bucket, 3)
  const opId = versions[2]?.opId ?? new Uint8Array()
  const again = await put(cluster, bucket, { opId, retry: true })
  t.equal(again.version.id, versionIdOf(opId))
  t.strictSame(held(t, cluster, bucket), ids(versions.slice(1)))
})

t.test('two servers prune at once: the same in the end, whatever arrives first', async t => {
  const cluster = fakeCluster()
  const bucket = bucketWith('global:3')
  await putMany(cluster, bucket, 3)
  const waiting: (() => void)[] = []
  cluster.agents.gate = ({ name }) =>
    name === 'merge' ? new Promise<void>(resolve => waiting.push(resolve)) : undefined
  const both = [put(cluster, bucket), put(cluster, bucket)]
  while (waiting.length < 4) await new Promise(setImmediate)
  for (const go of waiting.reverse()) go()
  const outcomes = await Promise.all(both)
  cluster.agents.gate = undefined
  const left = held(t, cluster, bucket)
  for (const { version } of outcomes) t.ok(left.includes(version.id))
  await put(cluster, bucket)
  t.equal(held(t, cluster, bucket).length, 3)
})

t.test('reports that together are too large for a request are left out', async t => {
  const cluster = fakeCluster({ agents: 5, replicas: 5 })
  const bucket: BucketView = { ...testBucket(5, 4, 3), policy: policy('global:6000') }
  const { version } = await put(cluster, bucket)
  const context = contextOfDot({ actor: version.dot.actor, counter: 20_000 }, 0)
  const versions = Array.from({ length: 8000 }, (_, i) => ({
    ...version,
    dot: { actor: version.dot.actor, counter: 2 * i + 1 },
    // Times far apart take most bytes.
    createdAt: version.createdAt - (8000 - i) * 1_000_000_007,
    id: `old-${i}`,
  }))
  for (const owner of cluster.owners(bucket, key)) {
    const stored = [...owner.keys.values()].find(candidate => candidate.key === key)
    if (stored !== undefined) stored.state = makeState(context, versions, noAttributes)
  }
  const told = (): Uint8Array[] => {
    const mint = cluster.agents.sent.find(({ name }) => name === 'mint')
    return (mint?.head as RequestOf<'mint'> | undefined)?.live ?? []
  }
  cluster.agents.sent.length = 0
  const last = await put(cluster, bucket)
  t.ok(told().length >= 1)
  const left = cluster.owners(bucket, key)[0]?.stateOf(bucket.id, key).versions
  t.equal(left?.size, 6000)
  t.ok(left?.has(`${last.version.dot.actor}:${last.version.dot.counter}`))
  const count = Math.ceil((wireLimits.headBytesMax - 192 * 1024) / 37)
  const blockSizes = new Array<number>(count).fill(640 * 1024)
  const blocks = { inline: undefined, blocks: new Uint8Array(32 * count), blockSizes }
  const request = await writeOf(cluster.c, bucket, key, 'x')
  for (const owner of cluster.owners(bucket, key)) owner.intents.add(versionIdOf(request.opId))
  cluster.agents.sent.length = 0
  const large = { ...request.body, ...blocks, size: count * 640 * 1024 }
  await write(cluster.c, { ...request, body: large })
  t.strictSame(told(), [], 'nor beside a long block list')
})
