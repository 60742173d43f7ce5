import { randomBytes } from 'node:crypto'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import t, { type Test } from 'tap'
import { connect, RepeatableBody, type Store } from '../../src/index.js'
import { BlockCluster } from '../doubles/block-cluster.js'
import { ScriptedServer, sha256, writeAnswer } from '../doubles/scripted-server.js'

const mebibyte = 1024 * 1024
const size = 20 * mebibyte + 12_345
const bytesMax = 64 * mebibyte

async function* inPieces(bytes: Uint8Array, pieceBytes = 300_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(sha256(bytes)).toString('hex')

const repeatable = (bytes: Uint8Array) => new RepeatableBody(() => inPieces(bytes))

interface Setting {
  readonly cluster: BlockCluster
  readonly servers: readonly ScriptedServer[]
  readonly store: Store
}

async function setting(t: Test, serverCount = 1): Promise<Setting> {
  const cluster = new BlockCluster()
  const servers: ScriptedServer[] = []
  for (let i = 0; i < serverCount; i++) servers.push(await ScriptedServer.start(cluster.handlers))
  const [first] = servers
  if (first === undefined) throw new Error('no server')
  const store = await connect(first.options({ servers: servers.map(({ address }) => address) }))
  t.teardown(async () => {
    await store.close()
    for (const server of servers) await server.stop()
  })
  return { cluster, servers, store }
}

t.test('what the cluster has is proved, what it lacks is sent, equal blocks once', async t => {
  const { cluster, store } = await setting(t)
  const body = randomBytes(size)
  let progress = 0
  const onProgress = (bytes: number): void => {
    progress += bytes
  }
  const first = await store.put('b', 'one', body, { onProgress, contentType: 'text/plain' })
  t.match(first, { size, sha256: hexOf(body), contentType: 'text/plain' })
  t.ok(cluster.objects.get('b/one')?.equals(body))
  t.equal(progress, size)
  t.equal(cluster.sentBytes, size)
  t.equal(cluster.count('putObjectBlock'), 21)

  progress = 0
  await store.put('b', 'two', repeatable(body), { size, onProgress })
  t.equal(progress, size)
  t.equal(cluster.sentBytes, size, 'nothing is sent again')
  const other = Buffer.from(body)
  other.writeUInt8(other.readUInt8(5 * mebibyte) ^ 1, 5 * mebibyte)
  await store.put('b', 'three', inPieces(other), { size })
  t.equal(cluster.sentBytes, size + mebibyte)
  t.ok(cluster.objects.get('b/three')?.equals(other))

  const equal = Buffer.concat(Array(12).fill(randomBytes(mebibyte)))
  await store.put('b', 'equal', equal)
  t.equal(cluster.sentBytes, size + 2 * mebibyte)
  t.ok(cluster.objects.get('b/equal')?.equals(equal))
  await store.put('b', 'text', 'ü'.repeat(5 * mebibyte))
  t.equal(cluster.objects.get('b/text')?.length, 10 * mebibyte)
})

t.test('content-cut buckets: the blocks behind an insertion are the same', async t => {
  const { cluster, store } = await setting(t)
  cluster.cutting = 'content'
  const body = randomBytes(48 * mebibyte)
  await store.put('b', 'one', body)
  t.equal(cluster.sentBytes, body.length)
  const middle = body.length / 2
  const longer = Buffer.concat([body.subarray(0, middle), randomBytes(100), body.subarray(middle)])
  await store.put('b', 'two', longer)
  t.ok(cluster.sentBytes - body.length < 5 * mebibyte, 'a block or two')
  t.ok(cluster.objects.get('b/two')?.equals(longer))
})

t.test('few requests, bounded memory', async t => {
  const { cluster, store } = await setting(t)
  let free: () => void = () => {}
  const held = new Promise<void>(resolve => {
    free = resolve
  })
  cluster.before = name => (name === 'putObjectBlock' ? held : undefined)
  let read = 0
  async function* counted(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for await (const piece of inPieces(bytes, mebibyte)) {
      read += piece.length
      yield piece
    }
  }
  const bodies = [randomBytes(32 * mebibyte), randomBytes(32 * mebibyte)]
  const puts = bodies.map((body, i) => store.put('b', `${i}`, counted(body), { size: body.length }))
  const deadline = performance.now() + 30_000
  while (cluster.count('putObjectBlock') < 24 && performance.now() < deadline) await new Promise(setImmediate)
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  t.equal(cluster.count('putObjectBlock'), 24, 'of both together')
  t.ok(read <= (24 + 2) * mebibyte, `${read / mebibyte} MiB were read`)
  free()
  await Promise.all(puts)
  t.ok(cluster.count('offerBlocks') < 64, 'blocks are offered together')
})

t.test('smaller bodies and those of unknown size go as a stream', async t => {
  const { cluster, servers, store } = await setting(t)
  const streamed: number[] = []
  Object.assign(cluster.handlers, {
    putObject: async ({ body }: { body: { bytes(max: number): Promise<Uint8Array> } }) => {
      const bytes = await body.bytes(bytesMax)
      streamed.push(bytes.length)
      return { head: writeAnswer(bytes) }
    },
  })
  t.equal(servers.length, 1)
  await store.put('b', 'small', randomBytes(limits.uploadByHashBytesMin - 1))
  await store.put('b', 'unknown', inPieces(randomBytes(size)))
  t.strictSame(streamed, [limits.uploadByHashBytesMin - 1, size])
  t.strictSame(cluster.came, [])
})

t.test('a server that does not know how gets a stream of what nobody has read', async t => {
  const bodies: Uint8Array[] = []
  const server = await ScriptedServer.start({
    putObject: async ({ body }) => {
      const bytes = (await body?.bytes(bytesMax)) ?? Buffer.alloc(0)
      bodies.push(bytes)
      return { head: writeAnswer(bytes) }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  const body = randomBytes(size)
  t.match(await store.put('b', 'k', inPieces(body), { size }), { size })
  t.ok(Buffer.from(bodies[0] ?? '').equals(body))
})

t.test('a lost connection: another server goes on where the first was', async t => {
  const { cluster, servers, store } = await setting(t, 2)
  const body = randomBytes(size)
  let sent = 0
  cluster.before = name => {
    if (name === 'putObjectBlock' && ++sent === 10) servers[0]?.cut()
  }
  await store.put('b', 'k', inPieces(body), { size })
  t.ok(cluster.objects.get('b/k')?.equals(body), 'also of a source that can be read once')
  t.ok(sent < 21 + 21, 'only what was under way is sent again')

  let cut = false
  cluster.before = name => {
    if (name !== 'commitBlocks' || cut) return
    cut = true
    for (const server of servers) server.cut()
  }
  await store.put('b', 'again', inPieces(body), { size })
  t.strictSame(
    cluster.came.slice(-2).map(({ name, retry }) => [name, retry]),
    [
      ['commitBlocks', false],
      ['commitBlocks', true],
    ],
  )
})

t.test('blocks that are gone at the commit are stored again, where the body can be read again', async t => {
  const { cluster, store } = await setting(t)
  const body = randomBytes(size)
  let lost = false
  cluster.before = name => {
    if (name !== 'commitBlocks' || lost) return
    lost = true
    for (const hash of [...cluster.blocks.keys()].slice(3, 5)) cluster.blocks.delete(hash)
  }
  let progress = 0
  const onProgress = (bytes: number): void => {
    progress += bytes
  }
  await store.put('b', 'k', repeatable(body), { size, onProgress })
  t.ok(cluster.objects.get('b/k')?.equals(body))
  t.equal(cluster.count('putObjectBlock'), 23)
  t.equal(progress, size, 'each byte is told of once')
  t.equal(cluster.came.at(-1)?.retry, true)

  lost = false
  await t.rejects(store.put('b', 'once', inPieces(body), { size }), {
    code: 'BLOCKS_MISSING',
    hint: /read only once/,
  })
  lost = false
  let reads = 0
  const changing = new RepeatableBody(() => inPieces(reads++ === 0 ? body : randomBytes(size)))
  await t.rejects(store.put('b', 'changing', changing, { size }), {
    code: 'BAD_REQUEST',
    message: /changed/,
  })
  cluster.before = name => {
    if (name === 'commitBlocks') cluster.blocks.clear()
  }
  await t.rejects(store.put('b', 'never', body), { code: 'BLOCKS_MISSING' })
})

t.test('failures end all that is under way, and are the ones to show', async t => {
  const { cluster, store } = await setting(t)
  const body = randomBytes(size)
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield body.subarray(0, 5 * mebibyte)
    throw new TorcError('FILE_ACCESS', 'the disk is on fire')
  }
  await t.rejects(store.put('b', 'k', failing(), { size }), { code: 'FILE_ACCESS' })
  await t.rejects(store.put('b', 'k', inPieces(body), { size: size + 1 }), { code: 'BAD_REQUEST' })
  await t.rejects(store.put('b', 'k', inPieces(body), { size: size - 1 }), { code: 'BAD_REQUEST' })
  await t.rejects(store.put('b', 'k', failing(), { size, signal: AbortSignal.abort() }), {
    code: 'CANCELLED',
  })

  let ended = false
  async function* hanging(): AsyncGenerator<Uint8Array> {
    try {
      yield body.subarray(0, 3 * mebibyte)
      await new Promise(() => {})
    } finally {
      ended = true
    }
  }
  await t.rejects(store.put('b', 'k', hanging(), { size, timeoutMs: 200 }), { code: 'TIMEOUT' })
  t.equal(ended, false, 'who hangs is not waited for')
  const stop = new AbortController()
  cluster.before = name => {
    if (name === 'putObjectBlock') stop.abort()
  }
  await t.rejects(store.put('b', 'k', randomBytes(size), { signal: stop.signal }), { code: 'CANCELLED' })
  cluster.before = () => {
    throw new TorcError('DISK_FULL', 'full')
  }
  await t.rejects(store.put('b', 'k', inPieces(body), { size }), { code: 'DISK_FULL' })
  cluster.before = name => {
    if (name === 'putObjectBlock') throw new TorcError('DISK_FULL', 'full')
  }
  await t.rejects(store.put('b', 'k', inPieces(randomBytes(size)), { size }), { code: 'DISK_FULL' })
  cluster.before = undefined
  t.match(await store.put('b', 'k', body), { size }, 'all places are free again')
})

t.test('memory that its owner changes under way is found out', async t => {
  const { cluster, store } = await setting(t)
  const buffer = Buffer.alloc(mebibyte)
  async function* reusing(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 10; i++) yield buffer.fill(i + 1)
  }
  await t.rejects(store.put('b', 'k', reusing(), { size: 10 * mebibyte }), { code: 'CHECKSUM' })
  t.equal(cluster.objects.size, 0)
})

t.test('a server that answers nonsense', async t => {
  const { cluster, store } = await setting(t)
  Object.assign(cluster.handlers, {
    offerBlocks: () => ({ head: { cutting: 'fixed', lacking: [], challenges: Buffer.alloc(7) } }),
  })
  await t.rejects(store.put('b', 'k', randomBytes(size)), { code: 'PROTOCOL' })
})
