import { randomBytes } from 'node:crypto'
import type { BodyInput, ListEntry, ObjectStore, PutOptions } from '@torc/protocol/store/object-store'
import type { Test } from 'tap'
import { all, named } from '../uploads/conformance.js'

type Listed = Exclude<ListEntry, { readonly prefix: string }>

/** A write whose writer has seen nothing covers nothing, on every implementation. */
export function checkEmptyContexts(t: Test, what: string, connect: () => Promise<ObjectStore>): void {
  const bucket = `empty-contexts-${what}`
  const nothing = { context: '' }
  let store: ObjectStore
  t.before(async () => {
    store = await connect()
    await store.createBucket(bucket)
  })
  const heads = async (key: string): Promise<string[]> => {
    const { versionId, siblings } = await store.head(bucket, key)
    return [versionId, ...siblings].sort()
  }

  t.test(`${what}: whatever is there stays beside it, however the body comes`, async t => {
    const put = (key: string) => (body: BodyInput, options: PutOptions) =>
      store.put(bucket, key, body, options)
    const ways: [
      string,
      (key: string) => Promise<{ readonly versionId: string; readonly createdAt: Date }>,
    ][] = [
      ['in the frame', key => put(key)('small', nothing)],
      ['streamed', key => put(key)(randomBytes(100_000), nothing)],
      ['by hash', key => put(key)(randomBytes(9 * 1024 * 1024), { ...nothing, size: 9 * 1024 * 1024 })],
      ['as a copy', key => store.copy({ bucket, key: 'source' }, bucket, key, nothing)],
      [
        'in parts',
        async key => {
          const { uploadId } = await store.createUpload(bucket, key)
          const part = await store.uploadPart(bucket, key, uploadId, 1, 'x')
          return store.completeUpload(bucket, key, uploadId, [named(part)], nothing)
        },
      ],
    ]
    await store.put(bucket, 'source', 'content')
    for (const [name, write] of ways) {
      await store.put(bucket, name, 'covered')
      const before = await store.put(bucket, name, 'there before')
      const beside = await write(name)
      t.strictSame(await heads(name), [before.versionId, beside.versionId].sort(), name)
      t.ok(beside.createdAt > before.createdAt, `${name}: it is the later one`)
      t.equal((await store.head(bucket, name)).versionId, beside.versionId)
      const { context } = await store.head(bucket, name)
      await store.put(bucket, name, 'merged', { context })
      t.equal((await heads(name)).length, 1, `${name}: what a read shows is covered again`)
    }
  })

  t.test(`${what}: under a new key it is the first version`, async t => {
    const { siblings, seq } = await store.put(bucket, 'new', 'x', nothing)
    t.strictSame({ siblings, seq }, { siblings: [], seq: 1 })
  })

  t.test(`${what}: a marker hides nothing, and a purge takes nothing`, async t => {
    const { versionId } = await store.put(bucket, 'deleted', 'x')
    t.strictSame((await store.delete(bucket, 'deleted', nothing)).removed, [])
    const { marker = '' } = await store.delete(bucket, 'deleted', { ...nothing, marker: true })
    const versions = (await all(store.versions(bucket, { prefix: 'deleted' }))) as Listed[]
    t.match(versions, [
      { versionId: marker, kind: 'marker', siblings: [versionId] },
      { versionId, kind: 'object', siblings: [marker] },
    ])
  })

  t.test(`${what}: it is no condition, and goes with none`, async t => {
    await t.rejects(store.put(bucket, 'k', 'x', { ...nothing, ifNoneMatch: '*' }), { code: 'BAD_REQUEST' })
    await t.rejects(store.put(bucket, 'k', 'x', { context: ' ' }), { code: 'BAD_REQUEST' })
  })
}
