import { randomBytes } from 'node:crypto'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { connect, RepeatableBody, type Store } from '../../src/index.js'
import { ScriptedServer, sha256, versionAnswer, writeAnswer } from '../doubles/scripted-server.js'

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const bytesMax = 64 * 1024 * 1024

t.test('put sends bytes, strings and streams with their digest', async t => {
  const heads: { size?: number; sha256?: Uint8Array; opId: Uint8Array }[] = []
  const server = await ScriptedServer.start({
    putObject: async ({ head, body }) => {
      heads.push(head)
      const bytes = (await body?.bytes(bytesMax)) ?? Buffer.alloc(0)
      if (body?.sha256 !== undefined) t.same(body.sha256, sha256(bytes), 'END carries the digest')
      return { head: writeAnswer(bytes, { contentType: head.contentType ?? 'none' }) }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())

  const text = await store.put('photos', 'a/b', 'héllo', { contentType: 'text/plain' })
  t.equal(text.size, 6)
  t.equal(text.contentType, 'text/plain')
  t.same(text.clock, { '00000000000000aa': 1 })
  t.same(text.vectorClocks, { 'agent-1': { '00000000000000aa': 1 } })
  t.equal(text.createdAt.toISOString(), '2026-01-02T03:04:05.678Z')
  t.same(heads[0]?.sha256, sha256(Buffer.from('héllo')))

  const empty = await store.put('photos', 'empty', new Uint8Array())
  t.equal(empty.size, 0)

  const large = randomBytes(limits.inlineBodyBytesMax * 5 + 17)
  let progress = 0
  const onProgress = (count: number): void => {
    progress += count
  }
  t.equal((await store.put('photos', 'large', large, { onProgress })).size, large.length)
  t.equal(progress, large.length)

  progress = 0
  const streamed = await store.put('photos', 'stream', inPieces(large, 10_000), {
    onProgress,
    size: large.length,
  })
  t.equal(streamed.size, large.length)
  t.equal(progress, large.length)
  t.equal(heads.at(-1)?.size, large.length)
  t.equal(heads.at(-1)?.sha256, undefined)
  t.equal(new Set(heads.map(({ opId }) => Buffer.from(opId).toString('hex'))).size, heads.length)
})

t.test('a source that fails is the error that the caller sees', async t => {
  const server = await ScriptedServer.start({
    putObject: async ({ body }) => ({ head: writeAnswer((await body?.bytes(bytesMax)) ?? Buffer.alloc(0)) }),
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(100_000)
    throw new TorcError('FILE_ACCESS', 'the disk is on fire')
  }
  await t.rejects(store.put('photos', 'a', failing()), {
    code: 'FILE_ACCESS',
    message: 'the disk is on fire',
  })
  const short = inPieces(Buffer.alloc(1000), 100)
  await t.rejects(store.put('photos', 'a', short, { size: 2000 }), { code: 'BAD_REQUEST' })
  await t.rejects(store.put('photos', 'a', 7 as never), { code: 'BAD_REQUEST' })
  t.equal((await store.put('photos', 'a', 'works still')).size, 11)
})

t.test('an answer about other bytes than were sent is CHECKSUM', async t => {
  const server = await ScriptedServer.start({
    putObject: () => ({ head: writeAnswer(Buffer.from('other')) }),
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  await t.rejects(store.put('photos', 'a', 'bytes'), { code: 'CHECKSUM' })
})

async function serving(
  t: { teardown(run: () => Promise<void>): void },
  answers: (versionId: string | undefined) => Buffer,
): Promise<Store> {
  const server = await ScriptedServer.start({
    getObject: ({ head }) => {
      const bytes = answers(head.versionId)
      if (head.range === undefined) {
        const body = bytes.length > limits.inlineBodyBytesMax ? { stream: inPieces(bytes, 50_000) } : bytes
        return { head: versionAnswer(answers(undefined)), body }
      }
      const [first, end] = head.range
      const from = first < 0 ? bytes.length + first : first
      const last = end < 0 ? bytes.length - 1 : end
      return { head: { ...versionAnswer(bytes), range: [from, last] }, body: bytes.subarray(from, last + 1) }
    },
  })
  const store = await connect(server.options())
  t.teardown(async () => {
    await store.close()
    await server.stop()
  })
  return store
}

t.test('get gives the body as a stream, bytes, text or JSON', async t => {
  const small = Buffer.from('{"answer":42}')
  const store = await serving(t, () => small)
  t.same(await (await store.get('b', 'k')).json(), { answer: 42 })
  t.equal(await (await store.get('b', 'k')).text(), small.toString())
  t.same(await (await store.get('b', 'k')).bytes(), small)
  const object = await store.get('b', 'k')
  t.equal(object.size, small.length)
  t.equal(object.context, 'token')
  await object.bytes()
  await t.rejects(object.bytes(), { code: 'BAD_REQUEST' }, 'a body is read once')
  t.equal(await (await store.get('b', 'k', { range: [1, 6] })).text(), '"answe')
  t.equal(await (await store.get('b', 'k', { range: [-3] })).text(), '42}')
})

t.test('a large body comes in pieces and is checked at its end', async t => {
  const large = randomBytes(1_000_000)
  const store = await serving(t, () => large)
  const pieces: Uint8Array[] = []
  for await (const piece of (await store.get('b', 'k')).body) pieces.push(piece)
  t.ok(pieces.length > 1)
  t.ok(Buffer.concat(pieces).equals(large))
  t.same(await (await store.get('b', 'k')).bytes(), large)
})

t.test('a body with another digest or length is CHECKSUM', async t => {
  const good = randomBytes(300_000)
  const bad = Buffer.from(good)
  bad[150_000] = (bad[150_000] ?? 0) ^ 1
  const server = await ScriptedServer.start({
    getObject: ({ head }) => {
      const body = head.key === 'flipped' ? bad : good.subarray(0, 200_000)
      return { head: versionAnswer(good), body: { stream: inPieces(body, 64_000) } }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  const read = async (key: string): Promise<void> => {
    for await (const _ of (await store.get('b', key)).body);
  }
  await t.rejects(read('flipped'), { code: 'CHECKSUM' })
  await t.rejects(read('short'), { code: 'CHECKSUM' })
  await t.rejects(
    store.get('b', 'flipped').then(object => object.bytes()),
    { code: 'CHECKSUM' },
  )
})

t.test('a download goes on where a lost connection left it', async t => {
  const large = randomBytes(2_000_000)
  const ranges: unknown[] = []
  const server = await ScriptedServer.start({
    getObject: ({ head }) => {
      ranges.push(head.range)
      const from = head.range?.[0] ?? 0
      async function* stream(): AsyncGenerator<Uint8Array> {
        for (let at = from; at < large.length; at += 100_000) {
          if (head.range === undefined && at >= 1_000_000) return server.cut()
          yield large.subarray(at, at + 100_000)
        }
      }
      const range: [number, number] = [from, large.length - 1]
      return {
        head: { ...versionAnswer(large), ...(head.range === undefined ? {} : { range }) },
        body: { stream: stream() },
      }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  t.ok(Buffer.from(await (await store.get('b', 'k')).bytes()).equals(large))
  t.equal(ranges.length, 2)
  t.match(ranges[1], [Number, large.length - 1])
})

t.test('listings ask page by page and stop at the limit', async t => {
  const asked: { limit?: number; token?: string }[] = []
  const keys = Array.from({ length: 2500 }, (_, index) => `key-${String(index).padStart(5, '0')}`)
  const server = await ScriptedServer.start({
    listKeys: ({ head }) => {
      asked.push(head)
      const from = Number(head.token ?? 0)
      const page = keys.slice(from, from + (head.limit ?? 1000))
      const entries = page.map(key => ({ key, versionId: 'v', size: 1, etag: 'e', createdAt: 1000 }))
      const next = from + page.length
      return { head: { entries, ...(next < keys.length ? { token: String(next) } : {}) } }
    },
    listVersions: () => ({ head: { entries: [{ prefix: 'a/' }] } }),
    fetchBucket: async function* () {
      yield { head: { items: [{ key: 'a', versionId: 'v1', size: 1, agents: ['agent-1'] }] } }
      yield {
        head: {
          items: [{ key: 'b', versionId: 'v2', size: 2, agents: ['agent-2'] }],
          missing: [7],
          silent: ['agent-3'],
        },
      }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  const listed: string[] = []
  for await (const entry of store.list('b')) if ('key' in entry) listed.push(entry.key)
  t.same(listed, keys)
  t.equal(asked.length, 3)
  asked.length = 0
  let some = 0
  for await (const _ of store.list('b', { limit: 1200 })) some++
  t.equal(some, 1200)
  t.same(
    asked.map(({ limit }) => limit),
    [1000, 200],
  )
  for await (const entry of store.versions('b')) t.same(entry, { bucket: 'b', prefix: 'a/' })

  const found: string[] = []
  const gathering = async (): Promise<void> => {
    for await (const { key } of store.fetch('b')) found.push(key)
  }
  await t.rejects(gathering(), { code: 'PARTIAL', message: /agent-3/ })
  t.same(found, ['a', 'b'])
})

t.test('a put whose connection broke is sent again with the same operation id', async t => {
  const attempts: { opId: string; retry: boolean | undefined }[] = []
  const server = await ScriptedServer.start({
    putObject: async ({ head, body }) => {
      attempts.push({ opId: Buffer.from(head.opId).toString('hex'), retry: head.retry })
      const bytes = (await body?.bytes(bytesMax)) ?? Buffer.alloc(0)
      if (attempts.length === 1) server.cut()
      return { head: writeAnswer(bytes) }
    },
    deleteObject: ({ head }) => {
      attempts.push({ opId: Buffer.from(head.opId).toString('hex'), retry: head.retry })
      if (attempts.length === 1) throw new TorcError('INDETERMINATE', 'not enough acks')
      return { head: { removed: [], context: 'token' } }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  const check = (): void => {
    t.equal(attempts.length, 2)
    t.equal(attempts[0]?.opId, attempts[1]?.opId)
    t.equal(attempts[0]?.retry, undefined)
    t.equal(attempts[1]?.retry, true)
    attempts.length = 0
  }
  await store.put('b', 'k', 'bytes')
  check()
  const large = randomBytes(400_000)
  await store.put('b', 'k', new RepeatableBody(() => inPieces(large, 50_000)))
  check()
  await store.delete('b', 'k')
  check()
  // What was read of a plain stream is gone.
  await t.rejects(store.put('b', 'k', inPieces(large, 50_000)), { code: 'INDETERMINATE' })
  t.equal(attempts.length, 1)
})

t.test('answers that pass are retried a few times, others are not', async t => {
  let asked = 0
  const server = await ScriptedServer.start({
    headObject: ({ head }) => {
      asked++
      if (head.key === 'passing' && asked === 3) return { head: versionAnswer(Buffer.alloc(0)) }
      throw new TorcError(head.key === 'missing' ? 'KEY_NOT_FOUND' : 'UNAVAILABLE', 'no')
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  await store.head('b', 'passing')
  t.equal(asked, 3)
  asked = 0
  await t.rejects(store.head('b', 'missing'), { code: 'KEY_NOT_FOUND', exitCode: 3 })
  t.equal(asked, 1)
  asked = 0
  await t.rejects(store.head('b', 'never'), { code: 'UNAVAILABLE', exitCode: 5 })
  t.equal(asked, 4)
})

t.test('abort and timeout end a call', async t => {
  const reached: (() => void)[] = []
  const server = await ScriptedServer.start({
    headObject: () => {
      for (const tell of reached.splice(0)) tell()
      return new Promise(() => {})
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => server.cut())
  const controller = new AbortController()
  const arrived = new Promise<void>(resolve => reached.push(resolve))
  const call = store.head('b', 'k', { signal: controller.signal })
  await arrived
  controller.abort()
  await t.rejects(call, { code: 'CANCELLED' })
  await t.rejects(store.head('b', 'k', { signal: controller.signal }), { code: 'CANCELLED' })
  await t.rejects(store.head('b', 'k', { timeoutMs: 50 }), { code: 'TIMEOUT' })
})

t.test('buckets, layout and status are passed on', async t => {
  const bucket = {
    bucket: 'b',
    createdAt: 1_000_000,
    replicas: 3,
    readQuorum: 2,
    writeQuorum: 2,
    strict: false,
    policy: 'all',
  }
  const layout = {
    epoch: 1,
    partitions: 256,
    replicas: 3,
    agents: [{ id: 'agent-1', zone: '', capacity: 5, partitions: 256 }],
  }
  const asked: object[] = []
  const server = await ScriptedServer.start({
    putBucket: ({ head }) => {
      asked.push(head)
      return { head: bucket }
    },
    getBucket: () => ({ head: bucket }),
    deleteBucket: ({ head }) => {
      asked.push(head)
      return { head: {} }
    },
    listBuckets: () => ({ head: { buckets: [bucket] } }),
    initLayout: () => ({ head: { epoch: 1, agents: ['agent-1'], replicas: 3, partitions: 256 } }),
    getLayout: () => ({ head: layout }),
    getStatus: () => ({
      head: { epoch: 1, partitions: 256, replicas: 3, healthy: true, problems: [], members: [], buckets: 1 },
    }),
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  const info = {
    ...bucket,
    createdAt: new Date(1000),
    policyFrom: 'bucket',
    cutting: 'fixed',
    compression: 'none',
    versioning: 'enabled',
    publicRead: false,
  }
  t.same(await store.createBucket('b', { replicas: 3, strict: true }), { ...info, tags: {} })
  t.same(await store.headBucket('b'), { ...info, tags: {} })
  t.same(await store.buckets(), [info])
  await store.deleteBucket('b', { force: true })
  t.same(asked, [
    { bucket: 'b', replicas: 3, strict: true },
    { bucket: 'b', force: true },
  ])
  t.same(await store.initLayout({ agents: 1 }), layout)
  t.match(await store.status(), { healthy: true, members: [], buckets: 1 })
})

t.test('blocks of a version come frame by frame', async t => {
  const asked: object[] = []
  const server = await ScriptedServer.start({
    async *fetchObjectBlocks({ head }) {
      asked.push(head)
      const block = { hash: new Uint8Array(32).fill(0xab), size: 7 }
      const owners: [string, 'stored' | 'unknown'][] = [
        ['agent-1', 'stored'],
        ['agent-2', 'unknown'],
      ]
      yield { head: { versionId: 'v1', blocks: [{ position: 0, ...block, owners }] } }
      yield { head: { versionId: 'v1', blocks: [{ position: 1, ...block, owners: [] }] } }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  const blocks: object[] = []
  for await (const block of store.blocks('b', 'k', { versionId: 'v' })) blocks.push(block)
  const block = { bucket: 'b', key: 'k', versionId: 'v1', size: 7, hash: 'ab'.repeat(32) }
  const owners = [
    { agent: 'agent-1', state: 'stored' },
    { agent: 'agent-2', state: 'unknown' },
  ]
  t.same(blocks, [
    { ...block, position: 0, owners },
    { ...block, position: 1, owners: [] },
  ])
  t.same(asked, [{ bucket: 'b', key: 'k', versionId: 'v' }])
})

t.test('a bucket that a lost attempt made or removed is no conflict', async t => {
  const bucket = {
    bucket: 'b',
    createdAt: 1,
    replicas: 3,
    readQuorum: 2,
    writeQuorum: 2,
    strict: false,
    policy: 'all',
  }
  let there = false
  const server = await ScriptedServer.start({
    putBucket: () => {
      if (there) throw new TorcError('BUCKET_EXISTS', 'there is a bucket b')
      there = true
      server.cut()
      return { head: bucket }
    },
    getBucket: () => ({ head: bucket }),
    deleteBucket: () => {
      if (!there) throw new TorcError('BUCKET_NOT_FOUND', 'there is no bucket b')
      there = false
      server.cut()
      return { head: {} }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  t.equal((await store.createBucket('b')).replicas, 3)
  await t.rejects(store.createBucket('b'), { code: 'BUCKET_EXISTS' })
  await store.deleteBucket('b')
  await t.rejects(store.deleteBucket('b'), { code: 'BUCKET_NOT_FOUND' })
})
