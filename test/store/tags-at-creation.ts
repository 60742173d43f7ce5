import { randomBytes } from 'node:crypto'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { Test } from 'tap'
import { named } from '../uploads/conformance.js'

/** Tags that a version is made with are there from the first, on every implementation. */
export function checkTagsAtCreation(t: Test, what: string, connect: () => Promise<ObjectStore>): void {
  const bucket = `tags-${what}`
  let store: ObjectStore
  t.before(async () => {
    store = await connect()
    await store.createBucket(bucket)
  })
  const tags = async (key: string, versionId?: string): Promise<unknown> => ({
    ...(await store.tags(bucket, key, { versionId })).tags,
  })

  t.test(`${what}: every way to store a body takes tags`, async t => {
    const given = { colour: 'grün', ['k'.repeat(128)]: 'v'.repeat(256), empty: '' }
    for (const size of [0, 5, 20_000, 9 * 1024 * 1024]) {
      await store.put(bucket, 'key', randomBytes(size), { tags: given })
      t.strictSame(await tags('key'), given, `${size} bytes`)
    }
    const posted = await store.post(bucket, 'datum', { tags: given })
    t.strictSame(await tags(posted.key), given)
    await store.put(bucket, 'contested', 'x', { tags: given, ifNoneMatch: '*' })
    t.strictSame(await tags('contested'), given)
    const { uploadId } = await store.createUpload(bucket, 'parts', { tags: given })
    const part = await store.uploadPart(bucket, 'parts', uploadId, 1, 'x')
    await store.completeUpload(bucket, 'parts', uploadId, [named(part)])
    t.strictSame(await tags('parts'), given)
    await store.put(bucket, 'key', 'without')
    t.strictSame(await tags('key'), {}, 'they are the version’s, not the key’s')
  })

  t.test(`${what}: they change as other tags do`, async t => {
    const { versionId } = await store.put(bucket, 'changing', '1', { tags: { a: '1', b: '2' } })
    await store.setTags(bucket, 'changing', { set: { a: '3', c: '4' }, clear: ['b'] })
    t.strictSame(await tags('changing'), { a: '3', c: '4' })
    await store.put(bucket, 'changing', '2', { tags: { a: '5' } })
    t.strictSame(await tags('changing'), { a: '5' })
    t.strictSame(await tags('changing', versionId), { a: '3', c: '4' })
    await store.setTags(bucket, 'changing', { set: { b: 'again' } }, { versionId })
    t.strictSame(await tags('changing', versionId), { a: '3', b: 'again', c: '4' })
  })

  t.test(`${what}: a copy has those that the source has then, or other ones`, async t => {
    const first = await store.put(bucket, 'source', '1', { tags: { a: '1', b: '2' } })
    await store.setTags(bucket, 'source', { set: { a: 'now' }, clear: ['b'] })
    const copy = (more: object, versionId?: string) =>
      store.copy({ bucket, key: 'source', versionId }, bucket, 'copy', more)
    await copy({})
    t.strictSame(await tags('copy'), { a: 'now' })
    await copy({ tags: { other: '1' } })
    t.strictSame(await tags('copy'), { other: '1' })
    await copy({ tags: {} })
    t.strictSame(await tags('copy'), {})
    await store.put(bucket, 'source', '2')
    await copy({})
    t.strictSame(await tags('copy'), {})
    await copy({}, first.versionId)
    t.strictSame(await tags('copy'), { a: 'now' })
  })

  t.test(`${what}: tags that no version can have`, async t => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`t${i}`, '']))
    const refused = { code: 'BAD_REQUEST' }
    for (const tags of [{ '': 'x' }, { 'a\nb': 'x' }, { a: 'x'.repeat(1025) }, many]) {
      await t.rejects(store.put(bucket, 'refused', 'x', { tags }), refused)
      await t.rejects(store.createUpload(bucket, 'refused', { tags }), refused)
      await t.rejects(store.copy({ bucket, key: 'source' }, bucket, 'refused', { tags }), refused)
    }
    await t.rejects(store.head(bucket, 'refused'), { code: 'KEY_NOT_FOUND' })
  })
}
