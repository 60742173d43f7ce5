import { createHash, randomBytes } from 'node:crypto'
import type { NamedPart, PartResult, UploadInfo } from '@torc/protocol/store/multipart'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { Test } from 'tap'

const mebibyte = 1024 * 1024

export function sha256(...pieces: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

/** As a completed object has it. */
export function digestOfParts(parts: readonly Uint8Array[]): string {
  return sha256(...parts.map(part => Buffer.from(sha256(part), 'hex')))
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

export const named = ({ partNumber, etag }: PartResult): NamedPart => ({ partNumber, etag })

/** What every implementation of uploads in parts does; each case has a bucket of its own. */
export function checkUploads(t: Test, what: string, connect: () => Promise<ObjectStore>): void {
  let store: ObjectStore
  let bucket = ''
  let buckets = 0
  t.before(async () => {
    store = await connect()
  })
  t.beforeEach(async () => {
    bucket = `${what}-${++buckets}`
    await store.createBucket(bucket)
  })
  const begin = async (key = 'key'): Promise<string> => (await store.createUpload(bucket, key)).uploadId
  const part = (id: string, number: number, body: Uint8Array | string): Promise<PartResult> =>
    store.uploadPart(bucket, 'key', id, number, body)
  const uploads = (): Promise<UploadInfo[]> => all(store.uploads(bucket))

  t.test(`${what}: parts of all sizes become one object`, async t => {
    const bodies = [5, 17_000, 3 * mebibyte + 7, 0, 1].map(size => randomBytes(size))
    const { uploadId, createdAt } = await store.createUpload(bucket, 'key', {
      contentType: 'film/x',
      metadata: [['a', 'b']],
      policy: 'global:7',
    })
    const results: PartResult[] = []
    // Out of order, and several at once.
    await Promise.all(
      [4, 2, 0, 3, 1].map(async i => {
        const body = bodies[i] ?? Buffer.alloc(0)
        const result = await part(uploadId, i + 1, body)
        t.match(result, {
          partNumber: i + 1,
          size: body.length,
          sha256: sha256(body),
          sentBytes: body.length,
        })
        results[i] = result
      }),
    )
    t.match(await uploads(), [{ bucket, key: 'key', uploadId, createdAt, state: 'open' }])
    t.match(
      await all(store.parts(bucket, 'key', uploadId)),
      results.map(({ partNumber, etag, size, sha256 }) => ({ partNumber, etag, size, sha256 })),
    )
    await t.rejects(store.head(bucket, 'key'), { code: 'KEY_NOT_FOUND' }, 'nothing shows before')

    const done = await store.completeUpload(bucket, 'key', uploadId, results.map(named))
    const whole = Buffer.concat(bodies)
    const digest = digestOfParts(bodies)
    t.match(done, {
      ...{ bucket, key: 'key', size: whole.length, sha256: digest, contentType: 'film/x' },
      ...{ etag: `${digest.slice(0, 32)}-5`, deduplicatedBytes: whole.length, sentBytes: 0 },
    })
    const object = await store.get(bucket, 'key')
    t.strictSame(
      object.parts,
      bodies.map(body => body.length),
    )
    t.match(object, { versionId: done.versionId, metadata: [['a', 'b']], etag: done.etag })
    t.equal(sha256(await object.bytes()), sha256(whole))
    t.match(await store.policy({ bucket, key: 'key' }), { policy: 'global:7', from: 'object' })
    t.strictSame(await uploads(), [])
    await t.rejects(all(store.parts(bucket, 'key', uploadId)), { code: 'UPLOAD_NOT_FOUND' })

    const borders = [0, 5, 17_005, 3 * mebibyte + 17_012]
    for (const border of borders) {
      for (const [first, last] of [
        [Math.max(0, border - 3), border + 2],
        [border, undefined],
      ] as const) {
        if (first >= whole.length) continue
        const range = last === undefined ? ([first] as const) : ([first, last] as const)
        const read = await (await store.get(bucket, 'key', { range })).bytes()
        const wanted = whole.subarray(first, last === undefined ? undefined : last + 1)
        t.equal(sha256(read), sha256(wanted), `${first}-${last ?? ''}`)
      }
    }
  })

  t.test(`${what}: a part that is sent again replaces the one before`, async t => {
    const id = await begin()
    const before = await part(id, 1, 'old')
    const after = await part(id, 1, 'new')
    const second = await part(id, 3, '!')
    t.equal((await all(store.parts(bucket, 'key', id))).length, 2)
    await t.rejects(store.completeUpload(bucket, 'key', id, [named(before)]), {
      code: 'INVALID_PART',
      details: { partNumber: 1 },
    })
    await store.completeUpload(bucket, 'key', id, [named(after), named(second)])
    t.equal(await (await store.get(bucket, 'key')).text(), 'new!')
  })

  t.test(`${what}: what cannot be completed`, async t => {
    const id = await begin()
    const one = await part(id, 1, 'one')
    const two = await part(id, 2, 'two')
    const bad: [string, NamedPart[]][] = [
      ['no part', []],
      ['out of order', [named(two), named(one)]],
      ['twice', [named(one), named(one)]],
      ['another etag', [named(one), { partNumber: 2, etag: one.etag }]],
      ['behind the last', [named(one), { partNumber: 3, etag: one.etag }]],
      [
        'before the first that is there',
        [
          { partNumber: 1, etag: one.etag },
          { ...named(two), etag: '' },
        ],
      ],
    ]
    for (const [name, parts] of bad)
      await t.rejects(store.completeUpload(bucket, 'key', id, parts), { code: 'INVALID_PART' }, name)
    for (const number of [0, 10_001, -1])
      await t.rejects(part(id, number, 'x'), { code: 'BAD_REQUEST' }, `part ${number}`)
    await t.rejects(store.head(bucket, 'key'), { code: 'KEY_NOT_FOUND' })
    // All of that left the upload as it was; not all parts need be taken.
    await store.completeUpload(bucket, 'key', id, [named(two)])
    t.equal(await (await store.get(bucket, 'key')).text(), 'two')
  })

  t.test(`${what}: uploads that are not there`, async t => {
    const id = await begin()
    const last = await part(id, 10_000, 'x')
    const gone = { code: 'UPLOAD_NOT_FOUND' }
    for (const [key, uploadId] of [
      ['key', 'unknown'],
      ['key', 'a'.repeat(26)],
      ['other', id],
      ['key', `x\0${id}`],
    ] as const) {
      const source = { bucket, key: 'key' }
      await t.rejects(store.uploadPart(bucket, key, uploadId, 1, 'x'), gone)
      await t.rejects(store.copyPart(bucket, key, uploadId, 1, source), gone)
      await t.rejects(store.partPage(bucket, key, uploadId), gone)
      await t.rejects(store.completeUpload(bucket, key, uploadId, [named(last)]), gone)
      await t.rejects(store.abortUpload(bucket, key, uploadId), gone)
    }
    await t.rejects(store.createUpload('none', 'key'), { code: 'BUCKET_NOT_FOUND' })
    await t.rejects(all(store.uploads('none')), { code: 'BUCKET_NOT_FOUND' })
    await store.completeUpload(bucket, 'key', id, [named(last)])
    await t.rejects(store.completeUpload(bucket, 'key', id, [named(last)]), gone, 'completed twice')
    await t.rejects(part(id, 1, 'x'), gone)
  })

  t.test(`${what}: a retry finds what the first attempt made`, async t => {
    const opIds = Array.from({ length: 3 }, () => randomBytes(16))
    const [created, written, completed] = opIds
    const { uploadId } = await store.createUpload(bucket, 'key', { opId: created })
    t.equal((await store.createUpload(bucket, 'key', { opId: created, retry: true })).uploadId, uploadId)
    const one = await store.uploadPart(bucket, 'key', uploadId, 1, 'one', { opId: written })
    const same = await store.uploadPart(bucket, 'key', uploadId, 1, 'one', { opId: written, retry: true })
    t.strictSame(named(same), named(one))
    const done = await store.completeUpload(bucket, 'key', uploadId, [named(one)], { opId: completed })
    const again = await store.completeUpload(bucket, 'key', uploadId, [named(one)], {
      ...{ opId: completed, retry: true },
    })
    t.equal(again.versionId, done.versionId)
    t.equal((await all(store.versions(bucket))).length, 1)
    await store.abortUpload(bucket, 'key', uploadId, { retry: true })
  })

  t.test(`${what}: an abort removes everything and leaves the key alone`, async t => {
    await store.put(bucket, 'key', 'as it was')
    const ids = [await begin(), await begin()]
    for (const id of ids) await part(id, 1, 'x')
    await store.abortUpload(bucket, 'key', ids[0] ?? '')
    t.match(await uploads(), [{ uploadId: ids[1] }])
    t.equal(await (await store.get(bucket, 'key')).text(), 'as it was')
    await t.rejects(store.abortUpload(bucket, 'key', ids[0] ?? ''), { code: 'UPLOAD_NOT_FOUND' })
    await t.rejects(part(ids[0] ?? '', 2, 'x'), { code: 'UPLOAD_NOT_FOUND' })
  })

  t.test(`${what}: a bucket with an upload is not empty`, async t => {
    const id = await begin()
    await part(id, 1, 'x')
    await t.rejects(store.deleteBucket(bucket), { code: 'BUCKET_NOT_EMPTY', hint: /uploads/ })
    await store.deleteBucket(bucket, { force: true })
    await store.createBucket(bucket)
    t.strictSame(await uploads(), [])
    await t.rejects(part(id, 2, 'x'), { code: 'UPLOAD_NOT_FOUND' })
    await store.deleteBucket(bucket)
  })

  t.test(`${what}: with a context it covers just that`, async t => {
    const { context } = await store.put(bucket, 'key', 'one')
    const id = await begin()
    const only = await part(id, 1, 'two')
    const { versionId } = await store.put(bucket, 'key', 'meanwhile')
    const done = await store.completeUpload(bucket, 'key', id, [named(only)], { context })
    t.strictSame(done.siblings, [versionId])
    const other = await begin()
    const again = await part(other, 1, 'x')
    await t.rejects(store.completeUpload(bucket, 'key', other, [named(again)], { context: 'wrong' }), {
      code: 'BAD_REQUEST',
    })
  })

  t.test(`${what}: copies keep the parts, and parts may be copies`, async t => {
    const body = randomBytes(2 * mebibyte + 5)
    const plain = await store.put(bucket, 'large', body)
    await store.put(bucket, 'small', 'small')
    const id = await begin()
    const whole = await store.copyPart(bucket, 'key', id, 1, { bucket, key: 'large' })
    t.match(whole, { size: body.length, sha256: sha256(body), sourceVersionId: plain.versionId })
    t.match(whole, { deduplicatedBytes: body.length, sentBytes: 0 })
    const range = [10, mebibyte + 9] as const
    const middle = await store.copyPart(bucket, 'key', id, 2, { bucket, key: 'large' }, { range })
    const small = await store.copyPart(bucket, 'key', id, 3, { bucket, key: 'small' })
    const wrong = { range: [9, 20] as const }
    await t.rejects(store.copyPart(bucket, 'key', id, 4, { bucket, key: 'small' }, wrong), {
      code: 'BAD_REQUEST',
    })
    await t.rejects(store.copyPart(bucket, 'key', id, 4, { bucket, key: 'none' }), { code: 'KEY_NOT_FOUND' })
    const done = await store.completeUpload(bucket, 'key', id, [whole, middle, small].map(named))
    const parts = [body, body.subarray(10, mebibyte + 10), Buffer.from('small')]
    const expected = Buffer.concat(parts)
    t.equal(done.sha256, digestOfParts(parts))

    const copied = await store.copy({ bucket, key: 'key' }, bucket, 'copy')
    t.match(copied, { sha256: done.sha256, etag: done.etag, size: expected.length })
    const object = await store.get(bucket, 'copy')
    t.strictSame(object.parts, [body.length, mebibyte, 5])
    t.equal(sha256(await object.bytes()), sha256(expected))

    const other = await begin('nested')
    const all = await store.copyPart(bucket, 'nested', other, 1, { bucket, key: 'copy' })
    t.match(all, { size: expected.length, sha256: sha256(expected), sentBytes: 0 })
    await store.completeUpload(bucket, 'nested', other, [named(all)])
    const nested = await store.get(bucket, 'nested')
    t.strictSame(nested.parts, [expected.length])
    t.equal(sha256(await nested.bytes()), sha256(expected))
  })

  t.test(`${what}: pages of parts`, async t => {
    const id = await begin()
    const numbers = [1, 2, 5, 9_999, 10_000]
    for (const number of numbers) await part(id, number, String(number))
    const seen: number[][] = []
    let partNumberMarker: number | undefined
    do {
      const page = await store.partPage(bucket, 'key', id, { limit: 2, partNumberMarker })
      seen.push(page.parts.map(({ partNumber }) => partNumber))
      partNumberMarker = page.nextPartNumberMarker
    } while (partNumberMarker !== undefined)
    t.strictSame(seen, [[1, 2], [5, 9_999], [10_000]])
    const behind = await store.partPage(bucket, 'key', id, { partNumberMarker: 10_000 })
    t.strictSame(behind, { parts: [], nextPartNumberMarker: undefined })
    const beyond = store.partPage(bucket, 'key', id, { partNumberMarker: 10_001 })
    await t.rejects(beyond, { code: 'BAD_REQUEST' })
  })

  t.test(`${what}: pages of uploads, by key and id, with markers, prefix and delimiter`, async t => {
    const keys = ['a', 'a/1', 'a/2', 'a/2', 'b', 'c/x/1', 'c/y', 'ä', 'k'.repeat(1024)]
    const made: string[] = []
    for (const key of keys) made.push(`${key} ${(await store.createUpload(bucket, key)).uploadId}`)
    const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
    const text = ({ key, uploadId }: UploadInfo): string => `${key} ${uploadId}`
    t.strictSame((await uploads()).map(text), [...made].sort(order))
    const paged: string[] = []
    let marker: { key: string; uploadId?: string | undefined } | undefined
    do {
      const page = await store.uploadPage(bucket, { limit: 2, marker })
      t.ok(page.uploads.length <= 2)
      paged.push(...page.uploads.map(text))
      marker = page.nextMarker
    } while (marker !== undefined)
    t.strictSame(paged, [...made].sort(order))
    const afterKey = await store.uploadPage(bucket, { marker: { key: 'a/2' } })
    t.strictSame(
      afterKey.uploads.map(({ key }) => key),
      ['b', 'c/x/1', 'c/y', keys.at(-1), 'ä'],
    )
    const under = await store.uploadPage(bucket, { prefix: 'c/', delimiter: '/' })
    t.strictSame([under.prefixes, under.uploads.map(({ key }) => key)], [['c/x/'], ['c/y']])

    const grouped: string[] = []
    marker = undefined
    do {
      const page = await store.uploadPage(bucket, { delimiter: '/', limit: 1, marker })
      grouped.push(...page.prefixes, ...page.uploads.map(({ key }) => key))
      marker = page.nextMarker
    } while (marker !== undefined)
    t.strictSame(grouped, ['a', 'a/', 'b', 'c/', keys.at(-1), 'ä'])
  })
}
