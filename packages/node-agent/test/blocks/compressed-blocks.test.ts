import { createCipheriv } from 'node:crypto'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { systemEnvironment, systemHasher } from '@torc/protocol/environment/system'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import t, { type Test } from 'tap'
import { blockEncoding } from '../../src/blocks/block-encoding.js'
import { BlockIndex } from '../../src/blocks/block-index.js'
import { BlockStore } from '../../src/blocks/block-store.js'
import { brotliCompressor } from '../../src/blocks/brotli-compressor.js'
import { blockFolders } from '../../src/data-directory/data-directory.js'
import type { Disk } from '../../src/disk/disk.js'
import { FileDisk } from '../../src/disk/file-disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { Counts } from '../../src/index/counts.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { migrateIndex } from '../../src/index/schema.js'
import { LeaseIndex } from '../../src/leases/lease-index.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const size = 200_000
const owner = (n: number) => ({
  opId: new Uint8Array(16).fill(n),
  bucketId: new Uint8Array(16).fill(7),
  key: Buffer.from('key'),
})

function blockOf(bytes: Buffer) {
  const hash = systemHasher.sha256(bytes)
  const name = Buffer.from(hash).toString('hex')
  return { bytes, hash, path: `blocks/${name.slice(0, 2)}/${name}` }
}

const text = blockOf(Buffer.alloc(size, Array.from({ length: 5000 }, (_, i) => `line ${i} of it\n`).join('')))
const noise = blockOf(
  createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(size)),
)

function bodyOf(bytes: Uint8Array): IncomingBody & { discarded: boolean } {
  return {
    ...{ inline: undefined, sha256: undefined, discarded: false, bytes: async () => bytes },
    discard() {
      this.discarded = true
    },
    async *[Symbol.asyncIterator]() {
      yield bytes.subarray(0, 1000)
      yield bytes.subarray(1000)
    },
  }
}

async function open(disk: Disk) {
  await disk.makeFolders(blockFolders())
  const database = disk.openDatabase('index.sqlite')
  migrateIndex(database, 'test')
  const counts = new Counts(database)
  const { clock } = systemEnvironment
  const commit = new GroupCommit(database, clock, [counts])
  const leases = new LeaseIndex(database, clock, 1000)
  const index = new BlockIndex(database, counts, leases)
  const store = new BlockStore(disk, index, commit, systemHasher, brotliCompressor)
  const put = async (n: number, { bytes, hash }: typeof text, compress: boolean) => {
    const body = bodyOf(bytes)
    const had = await store.put(hash, bytes.length, owner(n), body, { compress })
    t.equal(body.discarded, had)
    return had
  }
  return { disk, store, index, counts, leases, commit, put }
}

const disks = {
  'memory disk': async () => new MemoryDisk(),
  'file disk': async (t: Test) => FileDisk.open(temporaryFolder(t)),
} as const

for (const [name, makeDisk] of Object.entries(disks)) {
  t.test(`${name}: text is stored in a part of its size, noise as it is, and both come back`, async t => {
    const { disk, store, index, counts, put } = await open(await makeDisk(t))
    t.teardown(() => disk.close())
    t.equal(await put(1, text, true), false)
    t.equal(await put(1, noise, true), false)
    const stored = (await disk.fileSize(text.path)) ?? size
    t.ok(stored < size / 4)
    t.equal(await disk.fileSize(noise.path), size)
    t.match(index.find(text.hash), { size, storedSize: stored, encoding: blockEncoding.brotli })
    t.match(index.find(noise.hash), { size, storedSize: size, encoding: blockEncoding.plain })
    t.match(counts.values, { blocks: 2, blockBytes: 2 * size, storedBytes: size + stored })
    t.ok(text.bytes.equals((await store.read(text.hash)).bytes))
    t.ok(noise.bytes.equals((await store.read(noise.hash)).bytes))
    t.same(await store.refer([text.hash, noise.hash], owner(2)), [], 'both are hits')
    t.match(await store.check(text.hash), { state: 'sound', bytesRead: stored, known: true })
    const challenge = new Uint8Array(32).fill(3)
    for (const check of [false, true]) {
      const proof = systemHasher.sha256(challenge, text.bytes)
      t.same(await store.prove(text.hash, size, challenge, check), proof, 'of the bytes, not of the file')
      t.equal(await store.prove(text.hash, stored, challenge, check), undefined)
    }
  })

  t.test(`${name}: who stores a block first decides how, for all`, async t => {
    const { disk, store, index, put } = await open(await makeDisk(t))
    t.teardown(() => disk.close())
    t.equal(await put(1, text, false), false)
    t.equal(await put(2, text, true), true)
    t.equal(await disk.fileSize(text.path), size)
    t.match(index.find(text.hash), { encoding: blockEncoding.plain })
    t.equal(index.referencesOf(text.hash).length, 2)
    await disk.deleteFile(text.path)
    t.equal(await put(3, text, true), false, 'a writer brings it again')
    t.equal(await disk.fileSize(text.path), size, 'as it was')
    t.ok(text.bytes.equals((await store.read(text.hash)).bytes))
  })

  t.test(`${name}: a damaged compressed file is found, is no hit, and is repaired in its form`, async t => {
    const { disk, store, index, counts, put } = await open(await makeDisk(t))
    t.teardown(() => disk.close())
    await put(1, text, true)
    const whole = (await disk.readFile(text.path)) ?? Buffer.of()
    const flipped = Buffer.from(whole)
    flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 16
    const bomb = brotliCompressSync(Buffer.alloc(64 * 1024 * 1024))
    for (const bad of [flipped, whole.subarray(0, 100), Buffer.of(), bomb, text.bytes, noise.bytes]) {
      await disk.writeFile(text.path, [bad])
      await t.rejects(store.read(text.hash), { code: 'CORRUPT' })
      t.match(await store.check(text.hash), { state: 'corrupt', known: false })
      t.equal(index.stateOf(text.hash), 'corrupt')
      t.equal(await store.prove(text.hash, size, new Uint8Array(32), true), undefined)
      t.same(await store.refer([text.hash], owner(2)), [0])
      await t.rejects(store.repair(text.hash, noise.bytes), { code: 'CHECKSUM' })
      t.equal(await store.repair(text.hash, text.bytes), true)
      t.ok(Buffer.from(whole).equals((await disk.readFile(text.path)) ?? Buffer.of()))
      t.same(await store.refer([text.hash], owner(2)), [])
    }
    await disk.writeFile(text.path, [flipped])
    t.equal(await put(3, text, false), false, 'a writer heals it')
    t.ok(Buffer.from(whole).equals((await disk.readFile(text.path)) ?? Buffer.of()))
    t.match(counts.values, { blocks: 1, storedBytes: whole.length })
  })

  t.test(`${name}: a sound file of another size than its row says is sound, and the row follows`, async t => {
    const { disk, store, index, counts, put, leases, commit } = await open(await makeDisk(t))
    t.teardown(() => disk.close())
    await put(1, text, true)
    // As another version of the codec would make it, by a repair that a crash cut off before its row.
    const other = brotliCompressSync(text.bytes)
    await disk.writeFile(text.path, [other])
    t.ok(text.bytes.equals(brotliDecompressSync(other)))
    t.same(await store.refer([text.hash], owner(2)), [0], 'asked for again, to be sure')
    t.ok(text.bytes.equals((await store.read(text.hash)).bytes))
    const before = index.find(text.hash)
    t.match(await store.check(text.hash), { state: 'sound', bytesRead: other.length })
    t.match(index.find(text.hash), { storedSize: other.length, damage: 0 })
    t.equal(counts.values.storedBytes, other.length)
    t.same(await store.refer([text.hash], owner(1)), [])
    await commit.submit(() => {
      const [lease] = leases.due(Number.MAX_SAFE_INTEGER)
      if (lease !== undefined) throw new Error('not due yet')
      leases.release(owner(1))
      for (const one of leases.due(9)) {
        leases.condemn([one])
        leases.drop(one)
      }
    })
    if (before === undefined) throw new Error('no block')
    t.equal(await store.collect(before), true, 'with a row of before')
    t.match(counts.values, { blocks: 0, blockBytes: 0, storedBytes: 0 })
    t.equal(await disk.fileSize(text.path), undefined)
  })
}
