import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { Test } from 'tap'

/** What HTTP faces ask of a bucket, on every implementation. */
export function checkBucketSettings(t: Test, what: string, connect: () => Promise<ObjectStore>): void {
  let store: ObjectStore
  t.before(async () => {
    store = await connect()
  })
  const name = (of: string): string => `${of}-${what}`

  t.test(`${what}: versioning, public read and tags are set, changed and shown`, async t => {
    const bucket = name('faced')
    t.match(await store.createBucket(bucket), { versioning: 'enabled', publicRead: false, tags: {} })
    const tags = { team: 'blau', ['k'.repeat(128)]: 'v'.repeat(256), empty: '' }
    const changed = await store.changeBucket(bucket, { versioning: 'suspended', publicRead: true, tags })
    t.match(changed, { versioning: 'suspended', publicRead: true })
    const shown = await store.headBucket(bucket)
    t.match(shown, { versioning: 'suspended', publicRead: true })
    t.strictSame({ ...shown.tags }, tags)
    await store.changeBucket(bucket, { policy: 'global:3' })
    t.match(
      await store.headBucket(bucket),
      { ...shown, policy: 'global:3', policyFrom: 'bucket' },
      'what is not named stays',
    )
    t.strictSame({ ...(await store.changeBucket(bucket, { tags: {} })).tags }, {})
    const listed = (await store.buckets()).find(one => one.bucket === bucket)
    t.match(listed, { versioning: 'suspended', publicRead: true })
    t.notOk(listed !== undefined && 'tags' in listed)
  })

  t.test(`${what}: versioning is not taken back`, async t => {
    const bucket = name('plain')
    await store.createBucket(bucket, { versioning: 'unversioned' })
    t.match(await store.changeBucket(bucket, { versioning: 'unversioned' }), { versioning: 'unversioned' })
    for (const versioning of ['enabled', 'suspended', 'enabled'] as const) {
      t.match(await store.changeBucket(bucket, { versioning }), { versioning })
      await t.rejects(store.changeBucket(bucket, { versioning: 'unversioned' }), { code: 'BAD_REQUEST' })
    }
    t.match(await store.headBucket(bucket), { versioning: 'enabled' })
  })

  t.test(`${what}: what no bucket can have`, async t => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, '']))
    const large = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`t${i}`, 'x'.repeat(256)]))
    for (const options of [
      { tags: { '': 'x' } },
      { tags: { ['k'.repeat(129)]: '' } },
      { tags: { k: 'v'.repeat(257) } },
      { tags: { 'a\nb': '' } },
      { tags: many },
      { tags: large },
      { versioning: 'on' as never },
      { publicRead: 'yes' as never },
    ])
      await t.rejects(store.createBucket(name('refused'), options), { code: 'BAD_REQUEST' })
    await t.rejects(store.headBucket(name('refused')), { code: 'BUCKET_NOT_FOUND' })
  })
}
