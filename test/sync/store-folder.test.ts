import { createHash } from 'node:crypto'
import { StoreFolder } from '@torc/client/sync/remote/store-folder'
import { checkRemoteFolder, type RemoteWorld } from '@torc/client/test/sync/remote-folder-conformance'
import { systemRandom } from '@torc/protocol/environment/system'
import { makeOperationId } from '@torc/protocol/identifiers/operation-id'
import { limits } from '@torc/protocol/limits'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import t from 'tap'
import { startMemoryCluster } from '../uploads/memory-cluster.js'

const cluster = await startMemoryCluster()
t.teardown(() => cluster.stop())
await cluster.inProcess.createBucket('synced')
await cluster.inProcess.createBucket('another')

let prefixes = 0

/** A prefix that no other test has. */
async function world(store: ObjectStore): Promise<RemoteWorld> {
  const prefix = `folder ${++prefixes}/`
  return {
    derivesIds: true,
    folder: client => new StoreFolder(store, { bucket: 'synced', prefix, client }),
    put: (name, text, context) => store.put('synced', prefix + name, text, { context }),
    delete: async name => (await store.delete('synced', prefix + name, { marker: true })).marker ?? '',
    purge: async (name, versionId) => void (await store.delete('synced', prefix + name, { versionId })),
    expired: async () => (await store.changes('another', { prefix })).cursor,
  }
}

t.test('a prefix in a cluster, in process', async t => {
  checkRemoteFolder(t, () => world(cluster.inProcess))
})

t.test('a prefix in a cluster, over the wire', async t => {
  checkRemoteFolder(t, () => world(cluster.remote))
})

t.test('a large file goes by its blocks, and is copied without them', async t => {
  const bytes = Buffer.alloc(limits.uploadByHashBytesMin + 1000, 'many blocks ')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const content = { kind: 'file', sha256, size: bytes.length, executable: true } as const
  const folder = (await world(cluster.remote)).folder('laptop')
  const body = {
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
    },
  }
  let sent = 0
  const options = {
    ...{ mtimeMs: 1000, context: '', opId: makeOperationId(systemRandom) },
    onProgress: (count: number) => {
      sent += count
    },
  }
  const written = await folder.write('large', content, body, options)
  t.match(written, { sha256, siblings: false })
  t.equal(sent, bytes.length)
  const again = await folder.write('large', content, body, { ...options, retry: true })
  t.equal(again.versionId, written.versionId)
  const [head] = (await folder.look('large'))?.heads ?? []
  if (head === undefined) throw new Error('there is no head')
  t.match(head, { content, mtimeMs: 1000, client: 'laptop' })
  const copied = await folder.copyNew({ name: 'large', head }, 'copy')
  t.equal(copied?.sha256, sha256)
  const pieces: Uint8Array[] = []
  for await (const piece of await folder.read('large', head)) pieces.push(piece)
  t.ok(Buffer.concat(pieces).equals(bytes))
})
