import type { ListEntry, ObjectStore } from '@torc/protocol/store/object-store'
import type { Test } from 'tap'
import { all, named } from '../uploads/conformance.js'

type Listed = Exclude<ListEntry, { readonly prefix: string }>

/** A listing with details tells what a HEAD of each entry tells, on every implementation. */
export function checkListingDetails(t: Test, what: string, connect: () => Promise<ObjectStore>): void {
  const bucket = `details-${what}`
  let store: ObjectStore
  t.before(async () => {
    store = await connect()
    await store.createBucket(bucket)
  })
  const listed = async (of: 'keys' | 'versions', more = {}): Promise<Listed[]> => {
    const options = { ...more, details: true }
    return (await all(
      of === 'keys' ? store.list(bucket, options) : store.versions(bucket, options),
    )) as Listed[]
  }

  t.test(`${what}: what a HEAD shows`, async t => {
    const metadata = [
      ['mtime', '1700000000.5'],
      ['mode', '100755'],
    ] as const
    await store.put(bucket, 'heads/one', 'first')
    await store.put(bucket, 'heads/one', 'second', { metadata, contentType: 'text/plain' })
    await store.put(bucket, 'heads/two', '')
    const { uploadId } = await store.createUpload(bucket, 'heads/three')
    const part = await store.uploadPart(bucket, 'heads/three', uploadId, 1, 'part')
    await store.completeUpload(bucket, 'heads/three', uploadId, [named(part)])
    for (const of of ['keys', 'versions'] as const) {
      const entries = await listed(of, { prefix: 'heads/' })
      t.equal(entries.length, of === 'keys' ? 3 : 4)
      for (const { key, versionId, ...entry } of entries) {
        const { clock, degraded, ...head } = await store.head(bucket, key, of === 'keys' ? {} : { versionId })
        t.strictSame({ key, versionId, ...entry }, head, `${of}: ${key}`)
      }
    }
    const [entry] = (await all(store.list(bucket, { prefix: 'heads/' }))) as Listed[]
    t.notOk(entry !== undefined && ('context' in entry || 'sha256' in entry), 'only where it is asked for')
    t.strictSame(await listed('keys', { delimiter: '/' }), [{ bucket, prefix: 'heads/' }])
  })

  t.test(`${what}: a write with the context of an entry covers all that there was`, async t => {
    await store.put(bucket, 'twins', 'one')
    await store.put(bucket, 'twins', 'two', { context: '' })
    const [entry] = await listed('keys', { prefix: 'twins' })
    t.equal(entry?.siblings.length, 1)
    const meanwhile = await store.put(bucket, 'twins', 'three', { context: '' })
    const merged = await store.put(bucket, 'twins', 'merged', { context: entry?.context })
    t.strictSame(merged.siblings, [meanwhile.versionId])
  })

  t.test(`${what}: an edit beside a later deletion is listed, as the marker`, async t => {
    const { versionId } = await store.put(bucket, 'edited', 'x')
    const { marker } = await store.delete(bucket, 'edited', { context: '', marker: true })
    t.strictSame(await all(store.list(bucket, { prefix: 'edited' })), [])
    t.match(await listed('keys', { prefix: 'edited' }), [
      { key: 'edited', kind: 'marker', versionId: marker, siblings: [versionId] },
    ])
    const [entry] = await listed('keys', { prefix: 'edited' })
    await store.delete(bucket, 'edited', { context: entry?.context, marker: true })
    t.strictSame(await listed('keys', { prefix: 'edited' }), [], 'nothing is left to see')
  })
}
