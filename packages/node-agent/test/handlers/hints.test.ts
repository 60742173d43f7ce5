import { hasPartition } from '@torc/cluster/ring/partition-bits'
import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { recordsNow } from '../../src/handlers/key-records.js'
import { HintCluster, membersOf } from '../hints/hint-fixture.js'
import { Holder } from '../hints/holder-fixture.js'
import { fetched } from '../support/agent-harness.js'

/** Agents 0, 1, 2 own the key, 3 stands in for 2, which is down. */
async function standIn(t: Parameters<typeof HintCluster.start>[0], hints = {}) {
  const cluster = await HintCluster.start(t, { agents: 4, replicas: 3, hints })
  const key = cluster.keyOf([0, 1, 2])
  await cluster.node(2).stop()
  return { cluster, key, hintFor: cluster.idsOf(2), fallback: cluster.node(3).server }
}

t.test('who is asked in place of an owner', async t => {
  const { cluster, key, hintFor, fallback } = await standIn(t)
  await t.rejects(cluster.mint(3, key, 'x'), { code: 'NOT_OWNER' })
  await t.rejects(cluster.mint(3, key, 'x', { hintFor: [] }), { code: 'NOT_OWNER' })
  await t.rejects(cluster.mint(3, key, 'x', { hintFor: cluster.idsOf(3) }), { code: 'BAD_REQUEST' })
  await t.rejects(cluster.mint(3, key, 'x', { hintFor: ['a stranger'] }), { code: 'BAD_REQUEST' })
  await t.rejects(cluster.mint(3, key, 'x', { hintFor, epoch: 7 }), { code: 'STALE_EPOCH' })
  const opId = systemRandom.bytes(16)
  await t.rejects(fallback.request('placeIntent', { ...cluster.address, key, opId }), { code: 'NOT_OWNER' })
  // A block that agent 2 owns, so that one of the others does not.
  let hash = systemHasher.sha256(systemRandom.bytes(16))
  while (!cluster.ownersOf((hash[0] ?? 0) >> 4).includes(2))
    hash = systemHasher.sha256(systemRandom.bytes(16))
  const owners = cluster.ownersOf((hash[0] ?? 0) >> 4)
  const [stranger = 0] = [0, 1, 3].filter(n => !owners.includes(n))
  const owner = owners.find(n => n !== 2) ?? 0
  const address = { ...cluster.address, key, opId, hashes: hash }
  const there = cluster.node(stranger).server
  await t.rejects(there?.request('referBlocks', { ...address, hintFor: ['a stranger'] }), {
    code: 'NOT_OWNER',
  })
  await t.rejects(fetched(there, 'fetchBlock', { ...cluster.address, hash }), { code: 'NOT_OWNER' })
  t.match((await there.request('referBlocks', { ...address, hintFor: cluster.idsOf(owner) })).head, {
    missing: [0],
  })
  t.same(await cluster.node(stranger).hints(), [], 'nothing is kept of a block that is not here')
  // An owner keeps no hints: it has what it has for itself.
  const minted = await cluster.mint(0, key, 'x', { hintFor })
  t.equal(minted.hints, undefined)
  t.same(await cluster.node(0).hints(), [])
})

t.test('a write to a fallback tells from which revision on gossip names it', async t => {
  const { cluster, key, hintFor } = await standIn(t)
  const partition = cluster.partitionOf(key)
  const own = async () => {
    const { id, server } = cluster.node(3)
    return (await membersOf(server)).find(member => member.id === id)
  }
  t.equal(hasPartition((await own())?.hints, partition), false)
  const first = await cluster.mint(3, key, 'x', { hintFor })
  t.equal(first.hints, (await own())?.revision)
  t.equal(hasPartition((await own())?.hints, partition), true)
  const second = await cluster.mint(3, key, 'y', { hintFor })
  t.equal(second.hints, first.hints, 'the same partition')
  const retried = await cluster.mint(3, key, 'y', { hintFor, opId: second.version.opId })
  t.match(retried, { repeated: true, hints: first.hints })
  t.same(await cluster.node(3).hints(), ['2: 1 + 0'])
})

t.test('a merge that changes nothing leaves a hint, one that was seen does not', async t => {
  const { cluster, key } = await standIn(t)
  await cluster.node(1).stop()
  const one = await cluster.mint(0, key, 'x')
  await cluster.replicate(3, key, one, 'x', [2])
  const had = await cluster.replicate(3, key, one, 'x', [2, 1])
  t.match(had, { outcome: 'had' })
  t.ok((had.hints ?? 0) > 0)
  t.same((await cluster.node(3).hints()).sort(), ['1: 1 + 0', '2: 1 + 0'])
  const other = cluster.keyOf([0, 1, 2], 1)
  const gone = await cluster.mint(0, other, 'x')
  await cluster.merge(3, other, { context: gone.context }, [2])
  const late = await cluster.replicate(3, other, gone, 'x', [1])
  t.match(late, { outcome: 'seen' })
  t.equal(late.hints, undefined)
  t.same((await cluster.node(3).hints()).sort(), ['1: 1 + 0', '2: 2 + 0'])
  const nothing = await cluster.merge(3, cluster.keyOf([0, 1, 2], 2), {}, [2])
  t.match(nothing, { outcome: 'had' })
  t.match(await cluster.node(3).hints(), ['1: 1 + 0', '2: 2 + 0'], 'of a key that nothing is known of')
})

t.test('readers ask a holder as such, and get what it has', async t => {
  const { cluster, key, hintFor, fallback } = await standIn(t)
  const { version, record } = await cluster.mint(3, key, 'body', { hintFor })
  const read = { ...cluster.address, key }
  await t.rejects(fetched(fallback, 'fetchKey', { ...read, want: 'heads' }), { code: 'NOT_OWNER' })
  const [heads] = await fetched(fallback, 'fetchKey', { ...read, want: 'heads', asHolder: true })
  t.match(heads?.head.heads, [record])
  t.equal(Buffer.from((await heads?.body?.bytes(9)) ?? []).toString(), 'body')
  const elsewhere = cluster.keyOf([0, 1, 2], 1)
  const [none] = await fetched(fallback, 'fetchKey', {
    ...{ ...cluster.address, key: elsewhere },
    ...{ want: 'state', asHolder: true },
  })
  t.match(none?.head, { digest: new Uint8Array(16) }, 'nothing is known of others')
  const dot: [string, number] = [version.dot.actor, version.dot.counter]
  const [body] = await fetched(fallback, 'fetchBody', { ...read, dot, asHolder: true })
  t.equal(Buffer.from((await body?.body?.bytes(9)) ?? []).toString(), 'body')
  const operations = [key, elsewhere].map(name => ({
    ...{ bucketId: cluster.address.bucketId, key: name },
    opId: version.opId,
  }))
  const { bucketId: _, ...addressed } = cluster.address
  const ask = { ...addressed, operations }
  await t.rejects(fetched(fallback, 'fetchOperations', ask), { code: 'NOT_OWNER' })
  const [known] = await fetched(fallback, 'fetchOperations', { ...ask, asHolder: true })
  t.same(known?.head.known, ['version', 'none'])
})

t.test('a listing of hints has only the keys that hints are held of', async t => {
  const { cluster, hintFor } = await standIn(t)
  const keys = [0, 1, 2, 3].map(n => cluster.keyOf([0, 1, 2], n)).sort()
  for (const key of keys) await cluster.mint(3, key, 'x', { hintFor })
  // Two owners lack the first: it comes once.
  const again = { hintFor: cluster.idsOf(1, 2) }
  await cluster.mint(3, keys[0] ?? '', 'y', again)
  const own = [0, 1].map(n => cluster.keyOf([0, 1, 3], n))
  for (const key of own) await cluster.mint(3, key, 'x')
  const page = async (fields = {}) => {
    const request = { ...cluster.address, limit: 100, onlyHints: true, ...fields }
    const answers = await fetched(cluster.node(3).server, 'fetchRange', request)
    return answers.flatMap(({ head }) => head.keys)
  }
  t.same(
    (await page()).map(({ key }) => key),
    keys,
  )
  t.equal((await page({ versions: true }))[0]?.versions?.length, 1)
  t.same(
    (await page({ after: keys[1], limit: 1 })).map(({ key }) => key),
    keys.slice(2, 3),
  )
  t.same((await page({ prefix: keys[1] })).map(({ key }) => key)[0], keys[1])
  t.equal((await page({ prefix: 'none' })).length, 0)
  t.equal((await page({ onlyHints: false })).length, 6)
})

t.test('a fallback that is full says so, and has done nothing', async t => {
  const { cluster, key, hintFor, fallback } = await standIn(t, { bytesMax: 5_000 })
  await cluster.mint(3, key, 'x'.repeat(3_000), { hintFor })
  const before = await cluster.node(3).state(key)
  const refused = { code: 'UNAVAILABLE', message: /hints of 4024 bytes and takes 5000/ }
  await t.rejects(cluster.mint(3, key, 'y'.repeat(3_000), { hintFor }), refused)
  const one = await cluster.mint(0, key, 'z')
  await t.rejects(cluster.replicate(3, key, one, 'z', [2]), refused)
  const opId = systemRandom.bytes(16)
  const intent = { ...cluster.address, key, opId, hintFor }
  await t.rejects(fallback.request('placeIntent', intent), refused)
  t.same((await cluster.node(3).state(key)).digest, before.digest)
  const own = cluster.keyOf([0, 1, 3])
  await t.resolves(cluster.mint(3, own, 'x'.repeat(3_000)), 'what it owns needs no room for hints')
})

t.test('a read over several turns fails where its key is forgotten meanwhile', async t => {
  const holder = await Holder.open()
  for (let n = 0; n < 300; n++) await holder.write('a', String(n))
  const { index, commit } = holder.context
  const name = holder.name('a')
  const read = () => {
    const known = index.find(name.bucketId, name.key)
    if (known === undefined) throw new Error('the key is not here')
    return { known, others: recordsNow(index, known, 'all').others }
  }
  t.equal([...read().others].length, 299, 'all but the head')
  const { known, others } = read()
  const rest = others[Symbol.iterator]()
  t.equal(rest.next().done, false)
  await commit.submit(() => index.drop(name, known))
  // What the context covers and nobody shows would be taken for removed.
  t.throws(() => rest.next(), { code: 'UNAVAILABLE' })
})
