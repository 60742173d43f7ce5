import { createHash, randomBytes } from 'node:crypto'
import { TorcError } from '@torc/protocol/errors'
import type { LateFacts } from '@torc/protocol/store/late-facts'
import type { BodyInput, ObjectStore } from '@torc/protocol/store/object-store'
import type { Test } from 'tap'
import { all, named } from '../uploads/conformance.js'

/** From the index to blocks, from the frame to a stream, and to what is offered by hashes. */
const sizes = [0, 5, 17_000, 70_000, 9 * 1024 * 1024]

/** A body as a face reads it: what is learned of it is there once it ended. */
class Watched {
  readonly #md5 = createHash('md5')
  readonly #bytes: Uint8Array
  sealed = 0
  bytesRead = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.#bytes.length; at += 100_000) {
      const piece = this.#bytes.subarray(at, at + 100_000)
      this.#md5.update(piece)
      this.bytesRead += piece.length
      yield piece
    }
  }

  readonly seal = (): LateFacts => {
    this.sealed++
    return { etag: this.#md5.digest('hex'), metadata: [['checksum', String(this.bytesRead)]] }
  }
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

/** What is said of a body before and after it was read becomes the version's, on every implementation. */
export function checkLateFacts(t: Test, what: string, connect: () => Promise<ObjectStore>): void {
  const bucket = `late-${what}`
  let store: ObjectStore
  t.before(async () => {
    store = await connect()
    await store.createBucket(bucket)
  })

  t.test(`${what}: what is learned of a stream comes with its end`, async t => {
    for (const size of sizes) {
      for (const announced of [size, undefined]) {
        const bytes = randomBytes(size)
        const body = new Watched(bytes)
        const options = { seal: body.seal, size: announced, etag: 'before', metadata: [['a', 'b']] as const }
        const put = await store.put(bucket, 'key', body.stream(), options)
        t.equal(put.etag, md5(bytes), `${size} bytes`)
        t.equal(body.sealed, 1)
        const info = await store.head(bucket, 'key')
        t.match(info, { versionId: put.versionId, size, etag: md5(bytes) })
        t.strictSame(info.metadata, [
          ['a', 'b'],
          ['checksum', String(size)],
        ])
        t.equal(md5(await (await store.get(bucket, 'key')).bytes()), md5(bytes))
      }
    }
  })

  t.test(`${what}: and of bytes that are in hand`, async t => {
    for (const size of sizes) {
      const bytes = randomBytes(size)
      const seal = (): LateFacts => ({ etag: md5(bytes), metadata: [['late', 'x']] })
      t.match(await store.put(bucket, 'key', bytes, { seal, metadata: [['a', 'b']] }), { etag: md5(bytes) })
      t.match(await store.head(bucket, 'key'), {
        etag: md5(bytes),
        metadata: [
          ['a', 'b'],
          ['late', 'x'],
        ],
      })
    }
    const posted = await store.post(bucket, 'datum', { seal: () => ({ etag: 'posted' }) })
    t.match(await store.head(bucket, posted.key), { etag: 'posted' })
  })

  t.test(`${what}: a seal that throws fails the write`, async t => {
    const refuse = (): LateFacts => {
      throw new TorcError('CHECKSUM', 'another checksum than was announced')
    }
    for (const size of sizes) {
      for (const body of bodiesOf(randomBytes(size))) {
        const put = store.put(bucket, 'refused', body, { seal: refuse, size })
        await t.rejects(put, { code: 'CHECKSUM', message: /announced/ }, `${size} bytes`)
      }
    }
    await t.rejects(store.head(bucket, 'refused'), { code: 'KEY_NOT_FOUND' })
  })

  t.test(`${what}: facts that no version can have`, async t => {
    const many = Array.from({ length: 40 }, (_, i) => [`n${i}`, ''] as const)
    for (const size of [5, 70_000]) {
      const attempts: [what: string, of: { etag?: string; metadata?: typeof many }][] = [
        ['empty', { etag: '' }],
        ['long', { etag: 'x'.repeat(129) }],
        ['not printable', { etag: 'a\nb' }],
        ['too many pairs together', { metadata: many }],
      ]
      for (const [why, facts] of attempts) {
        for (const body of bodiesOf(randomBytes(size))) {
          const put = store.put(bucket, 'refused', body, { metadata: many, seal: () => facts })
          await t.rejects(put, { code: 'BAD_REQUEST' }, why)
        }
      }
    }
    await t.rejects(store.put(bucket, 'refused', 'x', { etag: 'ü' }), { code: 'BAD_REQUEST' })
    await t.rejects(store.putShared(bucket, 'refused', 'a', { seal: () => ({}) }), { code: 'BAD_REQUEST' })
    await t.rejects(store.head(bucket, 'refused'), { code: 'KEY_NOT_FOUND' })
  })

  t.test(`${what}: a conditional write has them too, and is found by its etag`, async t => {
    const put = (body: string, more: object) => store.put(bucket, 'contested', body, more)
    t.match(await put('1', { ifNoneMatch: '*', seal: () => ({ etag: 'one' }) }), { etag: 'one' })
    await t.rejects(put('2', { ifMatch: 'two' }), { code: 'CONDITION_FAILED' })
    t.match(await put('2', { ifMatch: 'one', etag: 'two', metadata: [['c', 'd']] }), { etag: 'two' })
    t.match(await store.head(bucket, 'contested'), { etag: 'two', metadata: [['c', 'd']] })
  })

  t.test(`${what}: parts, and the object that they become`, async t => {
    const { uploadId } = await store.createUpload(bucket, 'parts', { metadata: [['begun', 'with']] })
    const results = []
    for (const [i, size] of [0, 5, 70_000, 3_000_000].entries()) {
      const bytes = randomBytes(size)
      const body = new Watched(bytes)
      const input = i % 2 === 0 ? body.stream() : bytes
      const seal = i % 2 === 0 ? body.seal : (): LateFacts => ({ etag: md5(bytes) })
      const result = await store.uploadPart(bucket, 'parts', uploadId, i + 1, input, {
        seal,
        metadata: [['part', String(i)]],
      })
      t.equal(result.etag, md5(bytes))
      results.push(result)
    }
    const parts = await all(store.parts(bucket, 'parts', uploadId))
    t.strictSame(
      parts.map(({ etag, metadata }) => [etag, metadata]),
      results.map(({ etag, size }, i) => [
        etag,
        i % 2 === 0
          ? [
              ['part', String(i)],
              ['checksum', String(size)],
            ]
          : [['part', String(i)]],
      ]),
    )
    await t.rejects(
      store.uploadPart(bucket, 'parts', uploadId, 9, 'x', {
        seal: () => {
          throw new TorcError('CHECKSUM', 'no')
        },
      }),
      { code: 'CHECKSUM' },
    )
    t.equal((await all(store.parts(bucket, 'parts', uploadId))).length, 4)
    const done = await store.completeUpload(bucket, 'parts', uploadId, results.map(named), {
      etag: 'together-4',
      metadata: [['ended', 'with']],
    })
    t.equal(done.etag, 'together-4')
    t.match(await store.head(bucket, 'parts'), {
      etag: 'together-4',
      metadata: [
        ['begun', 'with'],
        ['ended', 'with'],
      ],
    })
  })

  t.test(`${what}: a page of parts with much metadata is shorter`, async t => {
    const { uploadId } = await store.createUpload(bucket, 'wordy')
    const metadata = Array.from({ length: 60 }, (_, i) => [`name-${i}`, 'x'.repeat(4000)] as const)
    for (let number = 1; number <= 5; number++)
      await store.uploadPart(bucket, 'wordy', uploadId, number, 'x', { metadata })
    const page = await store.partPage(bucket, 'wordy', uploadId)
    t.ok(page.parts.length < 5 && page.nextPartNumberMarker === page.parts.length)
    const numbers = (await all(store.parts(bucket, 'wordy', uploadId))).map(({ partNumber }) => partNumber)
    t.strictSame(numbers, [1, 2, 3, 4, 5])
    await store.abortUpload(bucket, 'wordy', uploadId)
  })
}

/** As one piece, and as a stream of unknown and of known length. */
function bodiesOf(bytes: Uint8Array): BodyInput[] {
  return [bytes, new Watched(bytes).stream()]
}
