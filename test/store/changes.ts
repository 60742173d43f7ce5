import type { Change, ChangeBatch } from '@torc/protocol/store/changes'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { Test } from 'tap'

const shortly = ({ key, type, versionId }: Change): string => `${type} ${key} ${versionId}`

/** All batches up to one that has nothing more, from a cursor on; the changes once each. */
async function readAll(store: ObjectStore, bucket: string, cursor: string, prefix = '') {
  const told = new Set<string>()
  let batch: ChangeBatch
  let from = cursor
  do {
    batch = await store.changes(bucket, { cursor: from, prefix, limit: 3 })
    for (const change of batch.changes) told.add(shortly(change))
    from = batch.cursor
  } while (batch.more || batch.changes.length > 0)
  return { told: [...told], cursor: from, reset: batch.reset }
}

/** The feed of changes, on every implementation. */
export function checkChanges(t: Test, what: string, connect: () => Promise<ObjectStore>): void {
  let store: ObjectStore
  t.before(async () => {
    store = await connect()
  })
  const name = (of: string): string => `${of}-${what}`

  t.test(`${what}: what came and went behind a cursor, also where nobody waited`, async t => {
    const bucket = name('watched')
    await store.createBucket(bucket)
    await store.put(bucket, 'before', 'x')
    const { cursor, changes, reset, more } = await store.changes(bucket)
    t.strictSame([changes, reset, more], [[], false, false])
    const one = await store.put(bucket, 'a/1', 'x')
    const two = await store.put(bucket, 'b/1', 'x')
    const marked = await store.delete(bucket, 'a/1', { marker: true })
    const gone = await store.delete(bucket, 'b/1')
    const read = await readAll(store, bucket, cursor)
    t.strictSame(read.told, [
      `put a/1 ${one.versionId}`,
      `put b/1 ${two.versionId}`,
      `marker a/1 ${marked.marker}`,
      ...gone.removed.map(id => `remove b/1 ${id}`),
    ])
    t.strictSame((await readAll(store, bucket, read.cursor)).told, [])
    t.equal((await readAll(store, bucket, cursor)).told.length, 4, 'a cursor may be used again')
  })

  t.test(`${what}: whoever waits is woken, and hears of one prefix only`, async t => {
    const bucket = name('waited')
    await store.createBucket(bucket)
    const prefix = 'p/'
    const { cursor } = await store.changes(bucket, { prefix })
    const waiting = store.changes(bucket, { prefix, cursor, waitMs: 60_000 })
    await store.put(bucket, 'other', 'x')
    const { versionId } = await store.put(bucket, 'p/1', 'x')
    const batch = await waiting
    t.strictSame(batch.changes.map(shortly), [`put p/1 ${versionId}`])
    t.ok(batch.changes[0]?.createdAt instanceof Date)
    await t.rejects(store.changes(bucket, { cursor, prefix: 'q/' }), { code: 'BAD_REQUEST' })
    await t.rejects(store.changes(bucket, { cursor: 'x!' }), { code: 'BAD_REQUEST' })
    await t.rejects(store.changes(name('nowhere')), { code: 'BUCKET_NOT_FOUND' })
  })

  t.test(`${what}: a bucket that was made again is another one`, async t => {
    const bucket = name('again')
    await store.createBucket(bucket)
    const { cursor } = await store.changes(bucket)
    await store.deleteBucket(bucket)
    await store.createBucket(bucket)
    const { reset, cursor: next, changes } = await store.changes(bucket, { cursor })
    t.strictSame([reset, changes], [true, []])
    const { versionId } = await store.put(bucket, 'k', 'x')
    t.strictSame((await readAll(store, bucket, next)).told, [`put k ${versionId}`])
  })

  t.test(`${what}: watch goes on and on`, async t => {
    const bucket = name('followed')
    await store.createBucket(bucket)
    const controller = new AbortController()
    const told: string[] = []
    let begun: () => void = () => {}
    const hasBegun = new Promise<void>(resolve => {
      begun = resolve
    })
    const watching = (async () => {
      for await (const { changes } of store.watch(bucket, { signal: controller.signal })) {
        begun()
        told.push(...changes.map(({ key }) => key))
        if (told.length >= 5) break
      }
    })()
    await hasBegun
    for (const key of ['1', '2', '3', '4', '5']) await store.put(bucket, key, 'x')
    await watching
    t.strictSame(told, ['1', '2', '3', '4', '5'])
    const stopped = (async () => {
      for await (const { changes } of store.watch(bucket, { signal: controller.signal }))
        if (changes.length === 0) controller.abort()
    })()
    await t.rejects(stopped, { code: 'CANCELLED' })
  })
}
