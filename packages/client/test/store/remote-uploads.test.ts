import { createHash } from 'node:crypto'
import { TorcError } from '@torc/protocol/errors'
import type { Handlers } from '@torc/protocol/exchange/exchange'
import t, { type Test } from 'tap'
import { connect, type Store } from '../../src/index.js'
import { ScriptedServer, versionAnswer, writeAnswer } from '../doubles/scripted-server.js'

const opId = Buffer.from('0123456789abcdef')
const id = 'u'.repeat(26)
const createdAt = 1_767_323_045_678_000
const made = new Date('2026-01-02T03:04:05.678Z')
const sha256 = (...pieces: Uint8Array[]): Buffer =>
  pieces.reduce((hash, piece) => hash.update(piece), createHash('sha256')).digest()

async function connected(t: Test, handlers: Handlers): Promise<{ store: Store; server: ScriptedServer }> {
  const server = await ScriptedServer.start(handlers)
  const store = await connect(server.options())
  t.teardown(async () => {
    await store.close()
    await server.stop()
  })
  return { store, server }
}

const partAnswer = (partNumber: number, bytes: Uint8Array) => ({
  ...{ partNumber, etag: 'x-t', size: bytes.length, sha256: sha256(bytes) },
  ...{ deduplicatedBytes: 3, sentBytes: bytes.length },
})

t.test('what is said of an upload travels, and again after a lost answer', async t => {
  const heads: object[] = []
  const { store, server } = await connected(t, {
    createUpload: ({ head }) => {
      heads.push(head)
      if (heads.length === 1) server.cut()
      return { head: { uploadId: id, createdAt } }
    },
  })
  const options = { contentType: 'x/y', metadata: [['a', 'b']] as const, policy: 'latest' }
  const created = await store.createUpload('b', 'k', { ...options, opId })
  t.strictSame(created, { bucket: 'b', key: 'k', uploadId: id, createdAt: made })
  t.match(heads[0], { bucket: 'b', key: 'k', ...options, opId })
  t.match(heads[1], { ...options, opId, retry: true })
  await store.createUpload('b', 'k')
  t.strictSame(Object.keys(heads[2] ?? {}).sort(), ['bucket', 'key', 'opId'])
})

t.test('a part: small ones in the frame, streams, and what the server stored is checked', async t => {
  const heads: object[] = []
  let stored: Buffer | undefined
  const { store } = await connected(t, {
    uploadPart: async ({ head, body }) => {
      heads.push(head)
      const bytes = Buffer.from((await body?.bytes(1_000_000)) ?? Buffer.alloc(0))
      return { head: partAnswer(head.partNumber, stored ?? bytes) }
    },
  })
  const small = await store.uploadPart('b', 'k', id, 7, 'abc', { opId })
  const hex = sha256(Buffer.from('abc')).toString('hex')
  t.strictSame(small, {
    ...{ partNumber: 7, etag: 'x-t', size: 3, sha256: hex, deduplicatedBytes: 3, sentBytes: 3 },
  })
  t.match(heads[0], { bucket: 'b', key: 'k', uploadId: id, partNumber: 7, opId, size: 3 })
  async function* pieces() {
    yield Buffer.alloc(100_000, 'a')
    yield Buffer.alloc(100_000, 'b')
  }
  let sent = 0
  const onProgress = (bytes: number) => {
    sent += bytes
  }
  t.equal((await store.uploadPart('b', 'k', id, 1, pieces(), { size: 200_000, onProgress })).size, 200_000)
  t.equal(sent, 200_000)
  async function* failing() {
    yield Buffer.alloc(100_000)
    throw new TorcError('FILE_ACCESS', 'the disk is on fire')
  }
  await t.rejects(store.uploadPart('b', 'k', id, 1, failing()), { code: 'FILE_ACCESS' })
  stored = Buffer.from('other')
  await t.rejects(store.uploadPart('b', 'k', id, 1, 'abc'), { code: 'CHECKSUM' })
})

t.test('copies of parts, completion and abort', async t => {
  const heads: Record<string, unknown>[] = []
  const note = (head: object): void => void heads.push(head as Record<string, unknown>)
  const { store, server } = await connected(t, {
    copyPart: ({ head }) => {
      note(head)
      return { head: { ...partAnswer(head.partNumber, Buffer.from('x')), sourceVersionId: 'v' } }
    },
    completeUpload: ({ head }) => {
      note(head)
      if (heads.length === 3) server.cut()
      return { head: writeAnswer(Buffer.from('x')) }
    },
    abortUpload: ({ head }) => {
      note(head)
      return { head: {} }
    },
  })
  const source = { bucket: 'from', key: 'old', versionId: 'v1' }
  const copied = await store.copyPart('b', 'k', id, 2, source, { range: [5], opId })
  t.match(copied, { partNumber: 2, sourceVersionId: 'v' })
  const wire = { sourceBucket: 'from', sourceKey: 'old', sourceVersionId: 'v1', range: [5, -1] }
  t.match(heads[0], { bucket: 'b', key: 'k', uploadId: id, partNumber: 2, opId, ...wire })
  await store.copyPart('b', 'k', id, 2, { bucket: 'b', key: 'k' })
  t.notOk('range' in (heads[1] ?? {}))

  const parts = [
    { partNumber: 1, etag: 'a' },
    { partNumber: 2, etag: 'b' },
  ]
  const done = await store.completeUpload('b', 'k', id, parts, { context: 'token', opId })
  t.match(done, { bucket: 'b', key: 'k', versionId: 'a'.repeat(26) })
  t.match(heads[2], {
    uploadId: id,
    parts: [
      [1, 'a'],
      [2, 'b'],
    ],
    context: 'token',
    opId,
  })
  t.match(heads[3], { opId, retry: true })
  await store.abortUpload('b', 'k', id)
  t.strictSame(heads[4], { bucket: 'b', key: 'k', uploadId: id })
})

t.test('pages', async t => {
  const heads: object[] = []
  const { store } = await connected(t, {
    listParts: ({ head }) => {
      heads.push(head)
      const part = { partNumber: 3, etag: 'x', size: 1, sha256: sha256(Buffer.from('x')), createdAt }
      return { head: { parts: [part], nextPartNumberMarker: 3 } }
    },
    listUploads: ({ head }) => {
      heads.push(head)
      const uploads = [
        { key: 'k', uploadId: id, createdAt },
        { key: 'l', uploadId: id, createdAt, ending: true },
      ]
      return { head: { uploads, prefixes: ['p/'], nextKeyMarker: 'l', nextUploadIdMarker: id } }
    },
  })
  const page = await store.partPage('b', 'k', id, { partNumberMarker: 2, limit: 5_000 })
  const hex = sha256(Buffer.from('x')).toString('hex')
  t.strictSame(page, {
    parts: [{ partNumber: 3, etag: 'x', size: 1, sha256: hex, metadata: [], createdAt: made }],
    nextPartNumberMarker: 3,
  })
  t.strictSame(heads[0], { bucket: 'b', key: 'k', uploadId: id, partNumberMarker: 2, limit: 1000 })
  const marker = { key: 'a', uploadId: id }
  const found = await store.uploadPage('b', { prefix: 'k', delimiter: '/', marker, limit: 7 })
  t.strictSame(found, {
    uploads: [
      { bucket: 'b', key: 'k', uploadId: id, createdAt: made, state: 'open' },
      { bucket: 'b', key: 'l', uploadId: id, createdAt: made, state: 'ending' },
    ],
    prefixes: ['p/'],
    nextMarker: { key: 'l', uploadId: id },
  })
  t.strictSame(heads[1], {
    ...{ bucket: 'b', prefix: 'k', delimiter: '/', keyMarker: 'a', uploadIdMarker: id, limit: 7 },
  })
  await store.uploadPage('b', { prefix: '', marker: { key: 'a' } })
  t.strictSame(heads[2], { bucket: 'b', keyMarker: 'a' })
})

t.test('a whole object in parts is checked by the digests of its parts', async t => {
  const parts = [Buffer.alloc(90_000, 'a'), Buffer.alloc(0), Buffer.from('end')]
  const whole = Buffer.concat(parts)
  const digest = sha256(...parts.map(part => sha256(part)))
  let bytes = whole
  const { store } = await connected(t, {
    getObject: ({ head: { range } }) => {
      const answer = versionAnswer(whole, { sha256: digest, parts: parts.map(({ length }) => length) })
      if (range === undefined) return { head: answer, body: bytes }
      return { head: { ...answer, range }, body: bytes.subarray(range[0], range[1] + 1) }
    },
  })
  const object = await store.get('b', 'k')
  t.strictSame(object.parts, [90_000, 0, 3])
  t.ok(Buffer.from(await object.bytes()).equals(whole))
  t.equal(await (await store.get('b', 'k', { range: [89_999, 90_002] })).text(), 'aend')
  bytes = Buffer.from(whole)
  bytes[5] = 0
  await t.rejects((await store.get('b', 'k')).bytes(), { code: 'CHECKSUM' })
})
