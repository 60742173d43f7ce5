import { randomBytes } from 'node:crypto'
import type { ListEntry, ObjectStore, Versioning } from '@torc/protocol/store/object-store'
import type { Test } from 'tap'
import { all, named } from '../uploads/conformance.js'

type Listed = Exclude<ListEntry, { readonly prefix: string }>

/** S3's null versions, on every implementation. */
export function checkNullVersions(t: Test, what: string, connect: () => Promise<ObjectStore>): void {
  let store: ObjectStore
  let bucket = ''
  let buckets = 0
  t.before(async () => {
    store = await connect()
  })
  t.beforeEach(async () => {
    bucket = `null-${what}-${++buckets}`
    await store.createBucket(bucket, { versioning: 'unversioned' })
  })
  const set = (versioning: Versioning) => store.changeBucket(bucket, { versioning })
  const put = (body: string, more = {}) => store.put(bucket, 'k', body, more)
  const text = async (versionId?: string, key = 'k') => (await store.get(bucket, key, { versionId })).text()
  /** Versions of the key, newest first: the first letter of the body (`-` for a marker), and `0` for a null version. */
  const history = async (key = 'k'): Promise<string> => {
    const shown: string[] = []
    for (const entry of (await all(store.versions(bucket, { prefix: key }))) as Listed[]) {
      const body = entry.kind === 'marker' ? '-' : (await text(entry.versionId, key)).slice(0, 1)
      shown.push(`${body}${entry.isNull ? '0' : ''}`)
    }
    return shown.join(' ')
  }

  t.test(`${what}: without versioning what is written replaces what was there`, async t => {
    const first = await put('a')
    t.match(first, { isNull: true })
    t.match(await put('b'), { isNull: true, siblings: [] })
    t.equal(await history(), 'b0')
    const info = await store.head(bucket, 'k', { versionId: 'null' })
    t.match(info, { isNull: true, isLatest: true, kind: 'object' })
    t.match(await all(store.history(bucket, 'k')), [{ isNull: true, versionId: info.versionId }])
    t.match(await all(store.list(bucket)), [{ isNull: true }])
    await t.rejects(store.head(bucket, 'k', { versionId: first.versionId }), { code: 'VERSION_REMOVED' })
    await store.delete(bucket, 'k')
    t.equal(await history(), '', 'a plain delete purges')
    await t.rejects(store.head(bucket, 'k', { versionId: 'null' }), { code: 'VERSION_NOT_FOUND' })
  })

  t.test(`${what}: enabled, suspended, enabled: as AWS has it`, async t => {
    await put('a')
    await set('enabled')
    t.match(await put('b'), { isNull: false })
    await put('c')
    t.equal(await history(), 'c b a0', 'what was there before stays as the null version')
    t.equal(await text('null'), 'a')
    await set('suspended')
    t.match(await put('d'), { isNull: true })
    t.equal(await history(), 'd0 c b', 'and is replaced wherever it is in the history')
    await put('e')
    t.equal(await history(), 'e0 c b')
    await set('enabled')
    await put('f')
    t.equal(await history(), 'f e0 c b')
    t.equal(await text('null'), 'e')
    const deleted = await store.delete(bucket, 'k', { marker: true })
    t.equal(await history(), '- f e0 c b', 'a marker of an enabled bucket is no null version')
    await set('suspended')
    await store.delete(bucket, 'k', { marker: true })
    t.equal(await history(), '-0 - f c b', 'one of a suspended bucket takes its place')
    await t.rejects(store.head(bucket, 'k'), { code: 'KEY_NOT_FOUND' })
    t.match(await store.head(bucket, 'k', { versionId: 'null' }), { kind: 'marker', isNull: true })
    await put('g')
    t.equal(await history(), 'g0 - f c b')
    const gone = await store.delete(bucket, 'k', { versionId: 'null' })
    t.equal(gone.removed.length, 1)
    t.equal(await history(), '- f c b', 'the null version is deleted for good')
    await t.rejects(store.delete(bucket, 'k', { versionId: 'null' }), { code: 'VERSION_NOT_FOUND' })
    t.match(await store.delete(bucket, 'k', { versionId: 'null', retry: true }), { removed: [] })
    await store.delete(bucket, 'k', { versionId: deleted.marker ?? '' })
    t.equal(await text(), 'f', 'the one below is current again')
  })

  t.test(`${what}: bodies in blocks, tags and copies of the null version`, async t => {
    const large = randomBytes(3 * 1024 * 1024)
    await store.put(bucket, 'k', large, { tags: { size: 'large' } })
    await set('enabled')
    await put('b')
    t.equal((await (await store.get(bucket, 'k', { versionId: 'null' })).bytes()).length, large.length)
    const tags = await store.tags(bucket, 'k', { versionId: 'null' })
    t.strictSame({ ...tags.tags }, { size: 'large' })
    await store.setTags(bucket, 'k', { set: { more: '1' } }, { versionId: 'null' })
    const source = { bucket, key: 'k', versionId: 'null' }
    const copied = await store.copy(source, bucket, 'k')
    t.match(copied, { isNull: false, size: large.length, sourceVersionId: tags.versionId })
    t.strictSame({ ...(await store.tags(bucket, 'k')).tags }, { more: '1', size: 'large' })
    await set('suspended')
    await store.copy(source, bucket, 'k', { contentType: 'x/y' })
    const versions = (await all(store.versions(bucket))) as Listed[]
    t.strictSame(
      versions.map(({ isNull, size }) => [isNull, size]),
      [
        [true, large.length],
        [false, large.length],
        [false, 1],
      ],
      'a copy of the null version over its key replaces it',
    )
    t.equal((await (await store.get(bucket, 'k')).bytes()).length, large.length)
  })

  t.test(`${what}: uploads in parts, conditions and posts`, async t => {
    const complete = async (body: string, more = {}): Promise<void> => {
      const { uploadId } = await store.createUpload(bucket, 'k')
      const part = await store.uploadPart(bucket, 'k', uploadId, 1, body)
      await store.completeUpload(bucket, 'k', uploadId, [named(part)], more)
    }
    await complete('a')
    await complete('b')
    t.equal(await history(), 'b0')
    t.match(await put('c', { ifMatch: (await store.head(bucket, 'k')).etag }), { isNull: true })
    t.equal(await history(), 'c0', 'a conditional write replaces it in its proposal')
    await t.rejects(put('d', { ifNoneMatch: '*' }), { code: 'CONDITION_FAILED' })
    t.equal(await history(), 'c0', 'and one that fails does not')
    await store.delete(bucket, 'k', { marker: true })
    t.equal(await history(), '-0')
    await put('e', { ifNoneMatch: '*' })
    t.equal(await history(), 'e0')
    await set('enabled')
    await put('f')
    await set('suspended')
    await put('g', { ifMatch: (await store.head(bucket, 'k')).versionId })
    t.equal(await history(), 'g0 f', 'deep in the history, too')
    await complete('h', { ifMatch: (await store.head(bucket, 'k')).versionId })
    t.equal(await history(), 'h0 f')
    t.match(await store.post(bucket, 'x'), { isNull: true })
  })

  t.test(`${what}: what races stays, until a null version covers it`, async t => {
    await put('a')
    const { context } = await store.head(bucket, 'k')
    const [b, c] = await Promise.all([put('b', { context }), put('c', { context })])
    t.equal((await all(store.versions(bucket))).length, 2)
    t.match(await store.head(bucket, 'k'), { isNull: true, siblings: [String] })
    const newest = (await store.head(bucket, 'k')).versionId
    t.equal((await store.head(bucket, 'k', { versionId: 'null' })).versionId, newest)
    await put('d', { context: b.context })
    t.equal((await all(store.versions(bucket))).length, 2, 'one that covers one of them takes that')
    await store.head(bucket, 'k', { versionId: c.versionId })
    await put('e')
    t.equal(await history(), 'e0')
    await Promise.all(Array.from({ length: 12 }, (_, i) => put(`r${i}`)))
    await put('z')
    t.equal(await history(), 'z0')
  })

  t.test(`${what}: beside a retention policy`, async t => {
    await set('enabled')
    for (const body of ['a', 'b', 'c']) await put(body, { policy: 'global:3' })
    await set('suspended')
    await put('d')
    t.equal(await history(), 'd0 c b', 'the oldest goes for the first null version')
    t.match(
      (await store.policy({ bucket, key: 'k' })).next.map(({ size }) => size),
      [1],
    )
    await put('e')
    t.equal(await history(), 'e0 c b', 'the next one takes its place, and nothing else goes')
    await set('enabled')
    await put('f')
    t.equal(await history(), 'f e0 c')
    await set('suspended')
    await put('g')
    t.equal(await history(), 'g0 f c')
    await put('h', { ifMatch: (await store.head(bucket, 'k')).versionId })
    t.equal(await history(), 'h0 f c')
  })

  t.test(`${what}: restoring adds null versions`, async t => {
    await set('enabled')
    const { createdAt } = await put('a')
    await set('suspended')
    // The time of then has passed before anything else is written.
    while (Date.now() <= createdAt.getTime() + 1) await new Promise(setImmediate)
    await put('b')
    await store.put(bucket, 'later', 'x')
    await all(store.restore(bucket, { at: createdAt }))
    t.equal(await history('k'), 'a0 a')
    t.equal(await history('later'), '-0')
  })
}
