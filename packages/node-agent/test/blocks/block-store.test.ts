import { systemHasher } from '@torc/protocol/environment/system'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import t from 'tap'
import { BlockIndex } from '../../src/blocks/block-index.js'
import { BlockStore } from '../../src/blocks/block-store.js'
import { immediateCompressor } from '../../src/blocks/immediate-compressor.js'
import { blockFolders } from '../../src/data-directory/data-directory.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { Counts } from '../../src/index/counts.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { migrateIndex } from '../../src/index/schema.js'
import { LeaseIndex } from '../../src/leases/lease-index.js'
import { ManualClock } from '../support/manual-clock.js'

const short = Buffer.from('a block of bytes')
/** Large enough to be compressed, where that is asked for. */
const long = Buffer.alloc(20_000, short)
const longHash = systemHasher.sha256(long)
const shortHash = systemHasher.sha256(short)
const owner = (n: number) => ({
  opId: new Uint8Array(16).fill(n),
  bucketId: new Uint8Array(16).fill(7),
  key: Buffer.from('key'),
})

function pathOf(hash: Uint8Array): string {
  const name = Buffer.from(hash).toString('hex')
  return `blocks/${name.slice(0, 2)}/${name}`
}

function bodyOf(...pieces: Uint8Array[]): IncomingBody & { discarded: boolean } {
  return {
    inline: undefined,
    sha256: undefined,
    discarded: false,
    bytes: async () => Buffer.concat(pieces),
    discard() {
      this.discarded = true
    },
    async *[Symbol.asyncIterator]() {
      yield* pieces
    },
  }
}

async function open(disk: MemoryDisk) {
  await disk.makeFolders(blockFolders())
  const database = disk.openDatabase('index.sqlite')
  migrateIndex(database, 'memory')
  const counts = new Counts(database)
  const clock = new ManualClock()
  const commit = new GroupCommit(database, clock, [counts])
  const index = new BlockIndex(database, counts, new LeaseIndex(database, clock, 1000))
  const store = new BlockStore(disk, index, commit, systemHasher, immediateCompressor)
  /** Lets the disk and the group commit go on until the put is over. */
  const put = async (
    n: number,
    body: IncomingBody,
    hash: Uint8Array = shortHash,
    size = short.length,
    compress = false,
  ): Promise<boolean> => {
    let over = false
    const result = store.put(hash, size, owner(n), body, { compress }).finally(() => {
      over = true
    })
    result.catch(() => undefined)
    while (!over) {
      clock.endTurn()
      await Promise.resolve()
    }
    return result
  }
  return { store, index, counts, put, clock }
}

t.test('each write that needs a block has a reference, once', async t => {
  const { store, index, counts, put } = await open(new MemoryDisk())
  t.equal(await put(1, bodyOf(short.subarray(0, 3), short.subarray(3))), false)
  const body = bodyOf(short)
  t.equal(await put(2, body), true)
  t.equal(body.discarded, true, 'its bytes need not come')
  t.equal(await put(2, bodyOf(short)), true)
  t.same(
    index.referencesOf(shortHash).map(({ opId }) => opId[0]),
    [1, 2],
  )
  t.match(counts.values, { blocks: 1, blockBytes: short.length })
  t.same((await store.read(shortHash)).bytes, short)
})

for (const { what, bytes, hash, compress } of [
  { what: 'plain', bytes: short, hash: shortHash, compress: false },
  { what: 'compressed', bytes: long, hash: longHash, compress: true },
]) {
  t.test(
    `${what}: a crash at any point leaves the block whole or not there, never a row without a file`,
    async t => {
      for (let turns = 0; turns < 40; turns++) {
        const disk = new MemoryDisk()
        const { store, clock } = await open(disk)
        let state = 'under way'
        store.put(hash, bytes.length, owner(1), bodyOf(bytes), { compress }).then(
          () => {
            state = 'acknowledged'
          },
          () => {
            state = 'failed'
          },
        )
        const turn = async (): Promise<void> => {
          clock.endTurn()
          await Promise.resolve()
        }
        for (let i = 0; i < turns; i++) await turn()
        const before = state
        disk.crash()
        while (state === 'under way') await turn()
        const again = await open(disk)
        await disk.removeTemporaries()
        if (before === 'acknowledged')
          t.same((await again.store.read(hash)).bytes, bytes, `acknowledged after ${turns} turns`)
        else if (again.index.sizeOf(hash) !== undefined) t.same((await again.store.read(hash)).bytes, bytes)
        else await t.rejects(again.store.read(hash), { code: 'UNAVAILABLE' })
        const known = again.index.sizeOf(hash) !== undefined
        t.equal(await again.put(1, bodyOf(bytes), hash, bytes.length, compress), known)
        t.ok(((await disk.fileSize(pathOf(hash))) ?? 0) <= (compress ? 1000 : bytes.length))
      }
    },
  )
}

t.test('a body of another length or with other bytes is refused', async t => {
  const { put, index } = await open(new MemoryDisk())
  await t.rejects(put(1, bodyOf(short, short)), { code: 'CHECKSUM', message: /longer/ })
  await t.rejects(put(1, bodyOf(short.subarray(1))), { code: 'CHECKSUM', message: /ended after/ })
  await t.rejects(put(1, bodyOf(Buffer.alloc(short.length))), { code: 'CHECKSUM', message: /another hash/ })
  t.equal(index.sizeOf(shortHash), undefined)
})
