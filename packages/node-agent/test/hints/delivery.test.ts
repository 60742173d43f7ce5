import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { fetched } from '../support/agent-harness.js'
import { written } from '../support/key-requests.js'
import { HintCluster } from './hint-fixture.js'

/** Agents 0, 1, 2 own the key, 3 stands in. */
const four = { agents: 4, replicas: 3 }

t.test('an owner that was down gets all that its fallback has, which then forgets it', async t => {
  const cluster = await HintCluster.start(t, four)
  const key = cluster.keyOf([0, 1, 2])
  const before = await cluster.mint(0, key, 'before')
  for (const to of [1, 2]) await cluster.replicate(to, key, before, 'before')
  await cluster.node(2).stop()

  const second = await cluster.mint(0, key, 'second')
  const pruning = await cluster.mint(0, key, 'third', { policy: 'global:2', setPolicy: 'global:2' })
  const { attributes } = (
    await cluster.node(0).server.request('setAttributes', {
      ...{ ...cluster.address, key, clear: [] },
      version: [pruning.version.dot.actor, pruning.version.dot.counter],
      set: [['tag:colour', Buffer.from('red')]],
    })
  ).head
  for (const to of [1, 3]) {
    const hintFor = to === 3 ? [2] : []
    t.match(await cluster.replicate(to, key, second, 'second', hintFor), { outcome: 'stored' })
    await cluster.replicate(to, key, pruning, 'third', hintFor)
    await cluster.merge(to, key, { attributes }, hintFor)
  }
  // The purge of the version before: nobody may bring it back.
  const purge = (await cluster.merge(1, key, { context: second.context })).removed
  t.same(purge?.length, 1)
  for (const to of [0, 3]) await cluster.merge(to, key, { context: second.context }, to === 3 ? [2] : [])

  t.same(await cluster.node(3).hints(), ['2: 1 + 0'])
  t.match(
    (await cluster.node(3).usage()).workers?.find(({ name }) => name.startsWith('hint')),
    {
      progress: /1 keys and 0 blocks wait until it is/,
    },
  )
  await cluster.node(2).start()
  await cluster.until(async () => (await cluster.node(3).hints()).length === 0, 'the hint is delivered')
  const [first, returned] = await Promise.all([0, 2].map(n => cluster.node(n).state(key)))
  t.same(returned?.digest, first?.digest)
  t.same(returned?.records, first?.records)
  t.same(returned?.attributes, first?.attributes)
  t.equal(returned?.records.length, 1)
  t.same((await cluster.node(3).state(key)).digest, first?.digest, 'for those who asked the owner too early')
  await cluster.until(async () => (await cluster.node(3).usage()).keys === 0, 'forgotten')
  t.same((await cluster.node(3).state(key)).records, [])
  t.match(await cluster.node(3).usage(), { keys: 0, versions: 0, bodyBytes: 0, inlineBytes: 0 })
  const dot = [pruning.version.dot.actor, pruning.version.dot.counter] as [string, number]
  const [body] = await fetched(cluster.node(2).server, 'fetchBody', { ...cluster.address, key, dot })
  t.equal(Buffer.from((await body?.body?.bytes(100)) ?? []).toString(), 'third')
})

t.test('a fallback that mints twice, with a delivery between, costs nobody the first version', async t => {
  const cluster = await HintCluster.start(t, four)
  const key = cluster.keyOf([0, 1, 2])
  await cluster.node(2).stop()
  const first = await cluster.mint(3, key, 'one', { hintFor: cluster.idsOf(2) })
  t.ok((first.hints ?? 0) > 0)
  await cluster.node(2).start()
  await cluster.until(async () => (await cluster.node(3).usage()).keys === 0, 'delivered and forgotten')
  await cluster.node(2).stop()
  await cluster.sees(3, 2, 'left')
  const second = await cluster.mint(3, key, 'two', { exact: true, hintFor: cluster.idsOf(2) })
  t.equal(second.version.after, first.version.dot.counter)
  // A newcomer hears of the second one only.
  await cluster.replicate(0, key, second, 'two')
  const heard = await cluster.replicate(0, key, first, 'one')
  t.not(heard.outcome, 'seen', 'stored now, or taken over from another owner before')
  t.equal((await cluster.node(0).state(key)).records.length, 2)
})

t.test('blocks go before the keys, and the fallback keeps no reference', async t => {
  const cluster = await HintCluster.start(t, { ...four, collection: { graceMs: 1e12 } })
  const key = cluster.keyOf([0, 1, 2])
  // Two blocks whose owners are the key's: one that the owner that is down has from before, one that it lacks.
  const blocks: Uint8Array[] = []
  while (blocks.length < 2) {
    const bytes = systemRandom.bytes(20_000)
    const partition = systemHasher.sha256(bytes)[0] ?? 0
    if (
      cluster
        .ownersOf(partition >> 4)
        .sort()
        .join() === '0,1,2'
    )
      blocks.push(bytes)
  }
  const [known = new Uint8Array(), fresh = new Uint8Array()] = blocks
  await cluster.putBlock(2, 'other', systemRandom.bytes(16), known)
  await cluster.node(2).stop()
  const opId = systemRandom.bytes(16)
  const hintFor = cluster.idsOf(2)
  const named = { ...cluster.address, key, opId }
  t.match((await cluster.node(3).server.request('placeIntent', { ...named, hintFor })).head, { fresh: true })
  for (const bytes of blocks) await cluster.putBlock(3, key, opId, bytes, [2])
  const [hashes, sizes] = [blocks.map(bytes => systemHasher.sha256(bytes)), blocks.map(bytes => bytes.length)]
  const again = { ...named, hashes: Buffer.concat(hashes), hintFor }
  t.match((await cluster.node(3).server.request('referBlocks', again)).head.missing, [])
  const size = sizes.reduce((sum, one) => sum + one)
  await cluster.mint(3, key, '', {
    ...{ ...written(Buffer.concat(blocks)), size, opId, hintFor },
    ...{ blocks: Buffer.concat(hashes), blockSizes: sizes },
  })
  t.same(await cluster.node(3).hints(), ['2: 1 + 2'])
  const read = { ...cluster.address, hash: systemHasher.sha256(fresh), asHolder: true }
  const [given] = await fetched(cluster.node(3).server, 'fetchBlock', read)
  t.same(await given?.body?.bytes(1e6), fresh, 'who stands in gives the block')

  await cluster.node(2).start()
  await cluster.until(async () => (await cluster.node(3).hints()).length === 0, 'delivered')
  const question = { ...cluster.address, hashes: Buffer.concat(hashes) }
  const statesAt = async (n: number) =>
    (await fetched(cluster.node(n).server, 'fetchBlockStates', question).catch(() => []))[0]?.head.states
  t.same(await statesAt(2), ['stored', 'stored'])
  t.equal((await cluster.node(2).usage()).blocks, 2)
  t.match(await cluster.node(3).usage(), { blocks: 2, blocksReleasing: 2 }, 'its grace time began')
  t.equal((await cluster.node(2).state(key)).records.length, 1)
})

t.test('a fallback that crashes in the middle goes on where it was', async t => {
  // Slow, so that the crash comes between two units.
  const cluster = await HintCluster.start(t, { ...four, hints: { bytesPerSecond: 20_000 } })
  const keys = Array.from({ length: 100 }, (_, n) => cluster.keyOf([0, 1, 2], n))
  await cluster.node(2).stop()
  for (const key of keys) await cluster.mint(3, key, key.padEnd(500), { hintFor: cluster.idsOf(2) })
  await cluster.node(2).start()
  const left = async () => Number((await cluster.node(3).hints())[0]?.match(/: (\d+)/)?.[1] ?? 0)
  await cluster.until(async () => (await left()) < 100, 'the first unit')
  t.ok((await left()) > 0, 'and not all')
  await cluster.node(3).stop(true)
  await cluster.node(3).start()
  t.ok((await left()) > 0)
  await cluster.until(async () => (await left()) === 0, 'the rest')
  await cluster.until(async () => (await cluster.node(3).usage()).keys === 0, 'forgotten')
  for (const key of keys) {
    t.equal((await cluster.node(2).state(key)).records.length, 1, key)
    t.equal((await cluster.node(3).state(key)).records.length, 0, key)
  }
})

t.test('hints of an owner that a layout relieved go to the present owners', async t => {
  const cluster = await HintCluster.start(t, { agents: 5, replicas: 2 })
  const key = cluster.keyOf([0, 1])
  await cluster.node(1).stop()
  await cluster.mint(4, key, 'x', { hintFor: cluster.idsOf(1) })
  await cluster.sees(4, 1, 'left')
  await cluster.node(1).start()
  await cluster.node(1).stop()
  const partition = cluster.partitionOf(key)
  await cluster.relieve(partition, 1, 2)
  await cluster.until(async () => (await cluster.node(4).hints()).length === 0, 'delivered to others')
  t.equal((await cluster.node(2).state(key, false)).records.length, 1, 'the new owner')
  t.equal((await cluster.node(0).state(key, false)).records.length, 1, 'and the one that stayed')
  await cluster.until(async () => (await cluster.node(4).usage()).keys === 0, 'forgotten')
})
