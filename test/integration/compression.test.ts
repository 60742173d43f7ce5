import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { type BlockPlaces, connect, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import t from 'tap'
import { beforeNextLook } from '../harness/patience.js'
import { startCluster } from '../harness/processes/cluster.js'

const mebibyte = 1024 * 1024

const cluster = await startCluster()
t.teardown(() => cluster.stop())
let store: Store

t.before(async () => {
  store = await connect({ servers: [cluster.server], credentials: readCredentials(cluster.credentials) })
  t.teardown(() => store.close())
})

/** Lines as a program logs them: each is other, all are alike. */
function logLines(bytes: number, seed: number): Buffer {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16))
  const lines: string[] = []
  for (let length = 0; length < bytes; ) {
    const id = noise.update(Buffer.alloc(6)).toString('hex')
    const line = `{"time":${1_760_000_000_000 + length},"level":"info","request":"${id}","status":200}\n`
    lines.push(line)
    length += line.length
  }
  return Buffer.from(lines.join('')).subarray(0, bytes)
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function blocksOf(bucket: string, key: string): Promise<BlockPlaces[]> {
  const blocks: BlockPlaces[] = []
  for await (const block of store.blocks(bucket, key)) blocks.push(block)
  return blocks
}

/** The blocks once all their owners have them. */
async function settledBlocks(bucket: string, key: string): Promise<BlockPlaces[]> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const blocks = await blocksOf(bucket, key)
    if (blocks.every(({ owners }) => owners.every(({ state }) => state === 'stored'))) return blocks
    if (performance.now() > deadline) throw new Error(`never: ${JSON.stringify(blocks)}`)
    await beforeNextLook()
  }
}

/** Path of a block's file on an agent. */
function fileOf(agent: string, hash: string): string {
  const data = cluster.agents.find(({ id }) => id === agent)?.data ?? ''
  return join(data, 'blocks', hash.slice(0, 2), hash)
}

async function physicalBytes(): Promise<number> {
  return (await store.status()).physicalBytes ?? Number.NaN
}

async function got(bucket: string, key: string, range?: readonly [number, number]): Promise<Buffer> {
  return Buffer.from(await (await store.get(bucket, key, { range })).bytes())
}

const text = logLines(5 * mebibyte + 999, 1)

t.test('text takes less than its size, and reads and ranges give it back', async t => {
  t.equal((await cluster.torc(['mb', 'logs', '--compression', 'brotli'])).code, 0)
  const before = await store.status()
  await store.put('logs', 'today', text)
  const blocks = await settledBlocks('logs', 'today')
  t.equal(blocks.length, 6)
  const after = await store.status()
  const logical = (after.logicalBytes ?? 0) - (before.logicalBytes ?? 0)
  const physical = (after.physicalBytes ?? 0) - (before.physicalBytes ?? 0)
  t.equal(logical, 3 * text.length)
  t.ok(physical < logical / 2, `${physical} of ${logical}`)
  for (const { hash, size, position, owners } of blocks) {
    for (const { agent } of owners) {
      const file = readFileSync(fileOf(agent, hash))
      if (size <= 4096) t.equal(file.length, size)
      else {
        t.ok(file.length < size / 2)
        t.equal(sha256(brotliDecompressSync(file)), hash)
        t.ok(brotliDecompressSync(file).equals(text.subarray(position * mebibyte, (position + 1) * mebibyte)))
      }
    }
  }
  t.equal(sha256(await got('logs', 'today')), sha256(text))
  const range = [mebibyte - 10, 3 * mebibyte + 10] as const
  t.ok((await got('logs', 'today', range)).equals(text.subarray(range[0], range[1] + 1)))
  const shown = await cluster.torc(['bucket', 'show', 'logs', '--json'])
  t.match(shown.records(), [{ compression: 'brotli' }])
  const status = await cluster.torc(['status'])
  t.match(status.stdout.toString(), /bodies\t\d+\.\d MiB stored in \d+\.\d MiB \(\d+ %\)/)
})

t.test('what does not shrink takes its size', async t => {
  const before = await physicalBytes()
  const noise = randomBytes(3 * mebibyte)
  await store.put('logs', 'noise', noise)
  for (const { hash, size, owners } of await settledBlocks('logs', 'noise'))
    for (const { agent } of owners) t.equal(statSync(fileOf(agent, hash)).size, size)
  t.equal((await physicalBytes()) - before, 3 * noise.length)
  t.ok((await got('logs', 'noise')).equals(noise))
})

t.test('equal blocks of buckets with and without the option are one block', async t => {
  await store.createBucket('plain')
  const before = await physicalBytes()
  t.match(await store.put('plain', 'copy', text), { deduplicatedBytes: text.length })
  const other = logLines(2 * mebibyte, 2)
  await store.put('plain', 'first', other)
  const [block] = await settledBlocks('plain', 'first')
  t.equal(await physicalBytes(), before + 3 * other.length)
  t.match(await store.put('logs', 'second', other), { deduplicatedBytes: other.length })
  const { hash = '', owners = [] } = block ?? {}
  t.equal(statSync(fileOf(owners[0]?.agent ?? '', hash)).size, mebibyte, 'who came first decided how')
  t.ok((await got('logs', 'second')).equals(other))
  t.ok((await got('plain', 'copy')).equals(text))
})

t.test(
  'blocks that are kept compressed are proved by their bytes, and parts of uploads are compressed too',
  async t => {
    const large = logLines(9 * mebibyte, 3)
    const before = await physicalBytes()
    await store.put('logs', 'large', large)
    await settledBlocks('logs', 'large')
    t.ok((await physicalBytes()) - before < (3 * large.length) / 2)
    const again = await store.put('logs', 'large again', large)
    t.match(again, { deduplicatedBytes: large.length, sentBytes: 0 }, 'its hashes and proofs were enough')
    t.equal(sha256(await got('logs', 'large again')), sha256(large))
    const { uploadId } = await store.createUpload('logs', 'in parts')
    const part = logLines(6 * mebibyte, 4)
    const { etag } = await store.uploadPart('logs', 'in parts', uploadId, 1, part)
    const parts = await physicalBytes()
    await store.completeUpload('logs', 'in parts', uploadId, [{ partNumber: 1, etag }])
    for (const { hash, owners } of await settledBlocks('logs', 'in parts'))
      t.ok(statSync(fileOf(owners[0]?.agent ?? '', hash)).size < mebibyte / 2)
    t.ok((await physicalBytes()) - parts < (3 * part.length) / 2)
    t.equal(sha256(await got('logs', 'in parts')), sha256(part))
  },
)

t.test('a bit that flips in a compressed file: readers notice nothing, and it is repaired', async t => {
  const [, block] = await settledBlocks('logs', 'today')
  if (block === undefined) throw new Error('no block')
  const [first, second] = block.owners.map(({ agent }) => fileOf(agent, block.hash))
  if (first === undefined || second === undefined) throw new Error('no owners')
  const whole = readFileSync(first)
  const flip = (path: string): void => {
    const bytes = Buffer.from(whole)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 8
    writeFileSync(path, bytes)
  }
  flip(first)
  t.equal(sha256(await got('logs', 'today')), sha256(text), 'another owner serves it')
  const deadline = performance.now() + 30_000
  while (!existsSync(first) || !readFileSync(first).equals(whole)) {
    if (performance.now() > deadline) throw new Error('never repaired')
    await beforeNextLook()
  }
  flip(second)
  const scrubbed = await cluster.torc(['repair', 'scrub', '--now', '--json'])
  t.equal(scrubbed.code, 0)
  t.match(scrubbed.records(), [{ blocksCorrupt: 0, blocksMissing: 0 }])
  t.ok(readFileSync(second).equals(whole), 'in the form that it had')
  const shown = await cluster.torc(['blocks', 'logs/today', '--json'])
  t.equal(shown.code, 0)
  t.equal(shown.records().length, 6)
  t.match(shown.records()[1], { position: 1, hash: block.hash, size: mebibyte, bucket: 'logs', key: 'today' })
})

t.test('what all copies have lost is shown, block by block', async t => {
  const [block] = await settledBlocks('logs', 'noise')
  if (block === undefined) throw new Error('no block')
  for (const { agent } of block.owners) writeFileSync(fileOf(agent, block.hash), 'torn')
  t.equal((await cluster.torc(['repair', 'scrub', '--now', '--quiet'])).code, 8)
  const shown = await cluster.torc(['blocks', 'logs/noise', '--json'])
  t.equal(shown.code, 8)
  t.match(shown.records()[0], { owners: block.owners.map(({ agent }) => ({ agent, state: 'corrupt' })) })
  t.match(shown.records()[1], { owners: [{ state: 'stored' }, { state: 'stored' }, { state: 'stored' }] })
})
