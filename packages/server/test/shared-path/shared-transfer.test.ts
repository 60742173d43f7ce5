import t from 'tap'
import { storedBody } from '../../src/bodies/stored-body.js'
import { read } from '../../src/flows/get-flow.js'
import type { SharedFiles } from '../../src/shared-path/shared-files.js'
import { writeShared } from '../../src/shared-path/shared-transfer.js'
import { fakeCluster } from '../fakes/fake-cluster.js'
import { begin, bucket, complete, limits, named, sendPart } from '../uploads/support.js'

t.test('an object in parts is checked before its file gets its name', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  const parts = [
    named(await sendPart(cluster, upload, 1, 'ab')),
    named(await sendPart(cluster, upload, 2, 'c')),
  ]
  await complete(cluster, upload, parts)
  const found = await read(cluster.c, { bucket, key: 'key', versionId: undefined, ...limits })
  let file = ''
  const events: string[] = []
  const files: SharedFiles = {
    openToRead: async () => {
      throw new Error('not read')
    },
    openToWrite: async () => ({
      write: async piece => {
        file += Buffer.from(piece).toString()
      },
      commit: async () => void events.push('commit'),
      abort: async () => void events.push('abort'),
    }),
  }
  const body = () => storedBody(cluster.c, found, undefined, limits)
  await writeShared(cluster.c, files, '/copy', body(), found.version)
  t.equal(file, 'abc')
  const other = { ...found.version, partBlocks: [2] }
  await t.rejects(writeShared(cluster.c, files, '/copy', body(), other), { code: 'CORRUPT' })
  t.strictSame(events, ['commit', 'abort'])
})
