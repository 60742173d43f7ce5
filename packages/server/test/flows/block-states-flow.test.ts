import { createCipheriv } from 'node:crypto'
import { versionIdOf } from '@torc/cluster/state/version'
import t from 'tap'
import { type BlockPage, blockStates } from '../../src/flows/block-states-flow.js'
import { write } from '../../src/flows/put-flow.js'
import type { WriteRequest } from '../../src/flows/write-request.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const mebibyte = 1024 * 1024
const ends = { timeoutMs: undefined, signal: undefined }
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

async function pagesOf(
  { c }: FakeCluster,
  key: string,
  versionId?: string,
  bucket = testBucket(),
): Promise<BlockPage[]> {
  const pages: BlockPage[] = []
  for await (const page of blockStates(c, { bucket, key, versionId, ...ends })) pages.push(page)
  return pages
}

/** The id of a version with these bytes, on all its owners. */
async function put(
  { c }: FakeCluster,
  key: string,
  bytes: Uint8Array,
  more: Partial<WriteRequest> = {},
): Promise<string> {
  const { version } = await write(c, await writeOf(c, testBucket(), key, bytes, more))
  await new Promise(setImmediate)
  return version.id
}

const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(3 * mebibyte + 5),
)

t.test('each block with what its owners say, in order; who is silent is unknown', async t => {
  const cluster = fakeCluster()
  const { agents } = cluster
  const id = await put(cluster, 'key', noise)
  const [page] = await pagesOf(cluster, 'key')
  t.equal(page?.versionId, id)
  t.same(
    page?.blocks.map(({ position, size }) => [position, size]),
    [mebibyte, mebibyte, mebibyte, 5].map((size, position) => [position, size]),
  )
  for (const { owners } of page?.blocks ?? [])
    t.same(
      owners.map(([, state]) => state),
      ['stored', 'stored', 'stored'],
    )
  const [block] = page?.blocks ?? []
  if (block === undefined) throw new Error('no block')
  const [first = '', second = '', third = ''] = block.owners.map(([agent]) => agent)
  agents.agents.get(first)?.blocks.delete(hexOf(block.hash))
  agents.agents.get(second)?.blocks.set(hexOf(block.hash), Buffer.from('other bytes'))
  agents.fault = ({ name, agent }) =>
    name === 'fetchBlockStates' && agent === third ? { kind: 'lost' } : undefined
  await put(cluster, 'key', Buffer.from('small'))
  const [changed] = await pagesOf(cluster, 'key', id.slice(0, 12))
  t.same(changed?.blocks[0]?.owners, [
    [first, 'absent'],
    [second, 'corrupt'],
    [third, 'unknown'],
  ])
  agents.fault = undefined
  agents.down.add(third)
  const asked = agents.sentTo('fetchBlockStates').length
  const [without] = await pagesOf(cluster, 'key', id)
  t.same(without?.blocks[0]?.owners[2], [third, 'unknown'])
  t.equal(agents.sentTo('fetchBlockStates').length, asked + 2, 'one question for each agent that is there')
  agents.fault = ({ name }) =>
    name === 'fetchBlockStates' ? { kind: 'refused', code: 'CANCELLED' } : undefined
  await t.rejects(pagesOf(cluster, 'key', id), { code: 'CANCELLED' })
})

t.test('a body without blocks is one page without any; a key that is not there is not found', async t => {
  const cluster = fakeCluster()
  const versionId = await put(cluster, 'small', Buffer.from('x'))
  t.same(await pagesOf(cluster, 'small'), [{ versionId, blocks: [] }])
  await t.rejects(pagesOf(cluster, 'none'), { code: 'KEY_NOT_FOUND' })
})

t.test('many blocks come in several pages, each of which fits a frame', async t => {
  const cluster = fakeCluster()
  const opId = cluster.environment.random.bytes(16)
  for (const agent of cluster.agents.agents.values()) agent.intents.add(versionIdOf(opId))
  const hashes = Array.from({ length: 2500 }, (_, i) =>
    cluster.environment.hasher.sha256(Buffer.from([i, i >> 8])),
  )
  const body = {
    ...{ size: 2500, sha256: new Uint8Array(32), inline: undefined, claim: undefined, deduplicatedBytes: 0 },
    ...{ blocks: Buffer.concat(hashes), blockSizes: hashes.map(() => 1) },
  }
  await put(cluster, 'large', Buffer.from('x'), { opId, body })
  const pages = await pagesOf(cluster, 'large')
  t.same(
    pages.map(({ blocks }) => blocks.length),
    [1024, 1024, 452],
  )
  const shown = pages.flatMap(({ blocks }) => blocks)
  t.same(
    shown.map(({ hash }) => hexOf(hash)),
    hashes.map(hexOf),
  )
  t.same(shown[2000]?.position, 2000)
  t.same(
    shown[2499]?.owners.map(([, state]) => state),
    ['absent', 'absent', 'absent'],
  )
})
