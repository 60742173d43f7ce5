import { versionIdOf } from '@torc/cluster/state/version'
import t from 'tap'
import { BlockClaim } from '../../src/bodies/block-claim.js'
import { write } from '../../src/flows/put-flow.js'
import { owner } from '../../src/quorum/write-quorum.js'
import { type FakeCluster, fakeCluster, prepared, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const key = 'key'
const opId = Buffer.alloc(16, 1)
const id = versionIdOf(opId)
const body = Buffer.alloc(2_500_000, 'some bytes')

const claimOf = ({ c }: FakeCluster): BlockClaim =>
  new BlockClaim(c, { bucket, key, opId, timeoutMs: undefined, signal: undefined })
const names = ({ agents }: FakeCluster): string[] => agents.sent.map(({ name }) => name)

t.test('the intent is on a disk before the first reference, at the owner that mints', async t => {
  const cluster = fakeCluster()
  const { mintedBy } = await write(cluster.c, await writeOf(cluster.c, bucket, key, body, { opId }))
  t.equal(names(cluster)[0], 'placeIntent')
  t.strictSame(cluster.agents.sentTo('placeIntent'), [mintedBy], 'once')
  t.ok(
    cluster.ids.every((_, i) => cluster.agent(i).intents.size === 0),
    'the mint took it away',
  )
})

t.test('an inline body needs none', async t => {
  const cluster = fakeCluster()
  await write(cluster.c, await writeOf(cluster.c, bucket, key, 'small', { opId }))
  t.strictSame(cluster.agents.sentTo('placeIntent'), [])
})

t.test('it is renewed as time goes on, at the same owner', async t => {
  const cluster = fakeCluster()
  const claim = claimOf(cluster)
  await Promise.all([claim.hold(), claim.hold()])
  t.equal(claim.hold(), undefined)
  const [first = ''] = cluster.agents.sentTo('placeIntent')
  cluster.environment.clock.advance(20_000)
  await claim.hold()
  t.strictSame(cluster.agents.sentTo('placeIntent'), [first, first])
  await claim.secure(owner(first), async () => t.fail('nothing was lost'))
})

t.test('it is placed anew by each layout and stage', async t => {
  const cluster = fakeCluster()
  const layouts = Object.create(cluster.c.layouts) as typeof cluster.c.layouts
  const claim = claimOf({ ...cluster, c: { ...cluster.c, layouts } })
  const current = cluster.c.layouts.require()
  const later = Object.create(current) as typeof current
  Object.defineProperties(layouts, {
    current: { value: current, writable: true },
    require: { value: () => current },
  })
  await claim.hold()
  t.equal(claim.hold(), undefined)
  Object.defineProperty(layouts, 'current', { value: later })
  await claim.hold()
  t.equal(cluster.agents.sentTo('placeIntent').length, 2)
  t.equal(claim.hold(), undefined)
})

t.test('where it had expired, or another owner mints, the references are made again first', async t => {
  const cluster = fakeCluster()
  const claim = claimOf(cluster)
  await claim.hold()
  const [first, second] = cluster.owners(bucket, key)
  if (first === undefined || second === undefined) throw new Error('too few owners')
  first.intents.clear()
  cluster.environment.clock.advance(20_000)
  await claim.hold()
  let again = 0
  const referAgain = async () => {
    t.ok(first.intents.has(id) || second.intents.has(id), 'under an intent')
    again++
  }
  await claim.secure(owner(first.id), referAgain)
  t.equal(again, 1)
  await claim.secure(owner(first.id), referAgain)
  t.equal(again, 1)
  await claim.secure(owner(second.id), referAgain)
  t.equal(again, 2)
  claim.lost()
  await claim.secure(owner(second.id), referAgain)
  t.equal(again, 3)
})

t.test('an owner that is silent is passed over, and one that is back later is not trusted', async t => {
  const cluster = fakeCluster()
  const claim = claimOf(cluster)
  const [first, second] = cluster.owners(bucket, key)
  if (first === undefined || second === undefined) throw new Error('too few owners')
  await claim.hold()
  cluster.environment.clock.advance(20_000)
  cluster.agents.fault = ({ agent }) => (agent === first.id ? { kind: 'lost' } : undefined)
  await claim.hold()
  t.ok(second.intents.has(id))
  let again = 0
  await claim.secure(owner(second.id), async () => void again++)
  t.equal(again, 1, 'what was referred to before is referred to again')
  cluster.agents.fault = ({ name }) => (name === 'placeIntent' ? { kind: 'lost' } : undefined)
  await t.rejects(claimOf(cluster).hold() ?? Promise.resolve(), { code: 'TIMEOUT' })
  cluster.agents.fault = () => ({ kind: 'refused', code: 'STALE_EPOCH' })
  await t.rejects(claimOf(cluster).hold() ?? Promise.resolve(), { code: 'STALE_EPOCH' })
})

t.test('a minter that has lost the intent gets it again, and the version has its blocks', async t => {
  const cluster = fakeCluster()
  const request = await writeOf(cluster.c, bucket, key, body, { opId })
  for (const owner of cluster.owners(bucket, key)) owner.intents.clear()
  cluster.agents.sent.length = 0
  const { version } = await write(cluster.c, request)
  t.equal(version.blocks?.length, 3)
  const sent = names(cluster)
  t.ok(sent.indexOf('placeIntent') < sent.indexOf('referBlocks'))
  t.ok(sent.indexOf('referBlocks') < sent.lastIndexOf('mint'))
})

t.test('a write whose blocks were collected meanwhile fails, and nothing is minted', async t => {
  const cluster = fakeCluster()
  const request = await writeOf(cluster.c, bucket, key, body, { opId })
  for (const i of [0, 1, 2]) {
    cluster.agent(i).intents.clear()
    cluster.agent(i).blocks.clear()
  }
  await t.rejects(write(cluster.c, request), { code: 'UNAVAILABLE', message: /no agent gave a block/ })
  for (const owner of cluster.owners(bucket, key)) t.equal(owner.stateOf(bucket.id, key).versions.size, 0)
})

t.test('too few owners: no block is asked for', async t => {
  const cluster = fakeCluster()
  cluster.agents.down.add('agent-0').add('agent-1')
  await t.rejects(prepared(cluster.c, bucket, body, opId, key), {
    code: 'UNAVAILABLE',
    message: /1 of the key's 3 agents/,
  })
  t.strictSame(cluster.agents.sent, [])
})
