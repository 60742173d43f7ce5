import { randomBytes } from 'node:crypto'
import type { BlockPlaces } from '@torc/protocol/store/blocks'
import { blockPlacesOf } from '@torc/protocol/store/blocks'
import t from 'tap'
import { environment, start } from '../fakes/running-server.js'

t.test('blocks of a version: the same over the wire and in process', async t => {
  const { server, client } = await start(t)
  const { store } = server
  const x = await client()
  await x.request('initLayout', { agents: 3, replicas: 3 })
  await store.createBucket('b')
  const body = randomBytes(1024 * 1024 + 1)
  const { versionId } = await store.put('b', 'large', body)
  const inProcess: BlockPlaces[] = []
  for await (const block of store.blocks('b', 'large')) inProcess.push(block)
  const overWire: BlockPlaces[] = []
  for await (const { head } of x.fetch('fetchObjectBlocks', { bucket: 'b', key: 'large', versionId }))
    overWire.push(...blockPlacesOf('b', 'large', head))
  t.match(inProcess, [
    {
      ...{ bucket: 'b', key: 'large', versionId, position: 0, size: 1024 * 1024 },
      hash: Buffer.from(environment.hasher.sha256(body.subarray(0, 1024 * 1024))).toString('hex'),
      owners: [{ state: 'stored' }, { state: 'stored' }, { state: String }],
    },
    { position: 1, size: 1 },
  ])
  t.same(
    overWire.map(({ position, hash }) => [position, hash]),
    inProcess.map(({ position, hash }) => [position, hash]),
  )
  await t.rejects(store.blocks('b', 'none')[Symbol.asyncIterator]().next(), { code: 'KEY_NOT_FOUND' })
})
