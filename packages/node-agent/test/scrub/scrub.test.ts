import { systemHasher } from '@torc/protocol/environment/system'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import t from 'tap'
import { BlockIndex } from '../../src/blocks/block-index.js'
import { BlockStore } from '../../src/blocks/block-store.js'
import { brotliCompressor } from '../../src/blocks/brotli-compressor.js'
import { blockFolders } from '../../src/data-directory/data-directory.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { Counts } from '../../src/index/counts.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { migrateIndex } from '../../src/index/schema.js'
import { LeaseIndex } from '../../src/leases/lease-index.js'
import { Scrub } from '../../src/scrub/scrub.js'
import { ScrubRow } from '../../src/scrub/scrub-row.js'
import { recordingLog } from '../support/recording-log.js'
import { VirtualTime } from '../support/virtual-time.js'

const owner = {
  opId: new Uint8Array(16).fill(1),
  bucketId: new Uint8Array(16).fill(7),
  key: Buffer.from('key'),
}
const blockBytes = 1000
const bytesPerSecond = 10_000
const dayMs = 86_400_000

function block(n: number): { bytes: Buffer; hash: Uint8Array; name: string; path: string } {
  const bytes = Buffer.alloc(blockBytes, `block ${n}`)
  const hash = systemHasher.sha256(bytes)
  const name = Buffer.from(hash).toString('hex')
  return { bytes, hash, name, path: `blocks/${name.slice(0, 2)}/${name}` }
}

function bodyOf(bytes: Uint8Array): IncomingBody {
  return {
    ...{ inline: undefined, sha256: undefined, bytes: async () => bytes, discard: () => undefined },
    async *[Symbol.asyncIterator]() {
      yield bytes
    },
  }
}

/** An agent's storage with a scrub on it, on a disk that outlives it. `others`: blocks that other owners can give. */
async function open(disk: MemoryDisk, others = new Map<string, Uint8Array>(), clock = new VirtualTime()) {
  await disk.makeFolders(blockFolders())
  const database = disk.openDatabase('index.sqlite')
  migrateIndex(database, 'memory')
  const counts = new Counts(database)
  const commit = new GroupCommit(database, clock, [counts])
  const index = new BlockIndex(database, counts, new LeaseIndex(database, clock, 1000))
  const blocks = new BlockStore(disk, index, commit, systemHasher, brotliCompressor)
  const asked: string[] = []
  const source = {
    async fetch(hash: Uint8Array) {
      const name = Buffer.from(hash).toString('hex')
      asked.push(name)
      return others.get(name)
    },
  }
  const log = recordingLog()
  const parts = { blocks, index, row: new ScrubRow(database), disk, commit, counts, clock, source, log }
  const scrub = new Scrub(parts, { bytesPerSecond, intervalMs: dayMs })
  const put = async (n: number): Promise<void> => {
    const { hash, bytes } = block(n)
    await blocks.put(hash, bytes.length, owner, bodyOf(bytes))
  }
  const fill = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await put(n)
  }
  return { disk, clock, commit, index, blocks, scrub, log, asked, others, put, fill }
}

t.test('a flipped bit and a lost file are found and repaired, and everything is calm again', async t => {
  const { disk, clock, scrub, blocks, others, asked, fill, log } = await open(new MemoryDisk())
  await fill(20)
  others.set(block(3).name, block(3).bytes).set(block(12).name, block(12).bytes)
  disk.damage(block(3).path, bytes => bytes.fill(bytes.at(500) === 0 ? 1 : 0, 500, 501))
  disk.lose(block(12).path)
  scrub.start()
  await clock.advance(10_000)
  t.match(scrub.report(), { pass: 1, walking: false, blocks: 20, bytes: 20_000, found: 2, repaired: 2 })
  t.match(scrub.report(), { missing: 0, corrupt: 0, repairedEver: 2, bytesPerSecond: 0 })
  t.same(asked, [block(3).name, block(12).name])
  for (const n of [3, 12]) t.same((await blocks.read(block(n).hash)).bytes, block(n).bytes)
  t.equal(scrub.status().state, 'idle')
  t.equal(scrub.status().progress, 'pass 1: done, 20 blocks checked, 2 damaged, 2 repaired')
  t.same(
    log.lines.map(({ message }) => message),
    [
      'a damaged block was repaired from another owner',
      'a damaged block was repaired from another owner',
      'all blocks were checked',
    ],
  )
})

t.test('blocks are read at the rate that was set, and faster when an operator waits', async t => {
  const { clock, scrub, fill } = await open(new MemoryDisk())
  await fill(100)
  scrub.start()
  await clock.advance(5_000)
  const { blocks } = scrub.report()
  // 10,000 bytes a second are 10 blocks; the time before the walk goes to looking through the folders.
  t.ok(blocks >= 40 && blocks <= 51, `${blocks} blocks after 5 s`)
  t.ok(Math.abs(scrub.report().bytesPerSecond - bytesPerSecond) < 500, 'and says so')
  t.ok(scrub.report().walking)
  await clock.advance(6_000)
  t.match(scrub.report(), { walking: false, blocks: 100 })
  t.equal(scrub.ask(), 2)
  await clock.advance(1_000)
  t.ok(scrub.report().walking)
  t.match(scrub.report(), { pass: 2, asked: true })
  t.equal(scrub.ask(), 2, 'who asks meanwhile waits for the same pass')
  await clock.advance(1_000)
  t.match(scrub.report(), { walking: false, blocks: 100, pass: 2 })
  t.equal(scrub.ask(), 3, 'and later for a new one')
})

t.test('idle means idle: no file is read until the next pass is due', async t => {
  const disk = new MemoryDisk()
  const { clock, scrub, fill, commit } = await open(disk)
  await fill(3)
  scrub.start()
  await clock.advance(5_000)
  t.equal(scrub.status().state, 'idle')
  let touched = 0
  for (const name of ['readFile', 'list', 'writeFile', 'fileSize'] as const) {
    const original = disk[name].bind(disk) as (...all: unknown[]) => Promise<never>
    Object.assign(disk, {
      [name]: (...all: unknown[]) => {
        touched++
        return original(...all)
      },
    })
  }
  const submit = commit.submit.bind(commit)
  commit.submit = run => {
    touched++
    return submit(run)
  }
  await clock.advance(dayMs / 2)
  t.equal(touched, 0)
  await clock.advance(dayMs / 2)
  t.match(scrub.report(), { pass: 2, blocks: 3 })
  t.ok(touched > 0)
})

t.test('what nobody can give stays reported, is asked for again, and comes back', async t => {
  const { disk, clock, scrub, others, asked, fill, log } = await open(new MemoryDisk())
  await fill(5)
  disk.damage(block(1).path, bytes => bytes.subarray(1))
  disk.lose(block(2).path)
  scrub.start()
  await clock.advance(2_000)
  t.match(scrub.report(), { walking: false, found: 2, repaired: 0, missing: 1, corrupt: 1 })
  t.match(scrub.status().progress, /2 damaged, 0 repaired; 2 damaged now$/)
  t.equal(log.lines.filter(({ level }) => level === 'error').length, 2)
  t.equal(asked.length, 2)
  await clock.advance(60_000)
  const rounds = asked.length
  t.ok(rounds >= 4 && rounds <= 8, `${rounds} requests in a minute`)
  t.equal(log.lines.filter(({ level }) => level === 'error').length, 2, 'said once')
  await clock.advance(3_600_000)
  t.ok(asked.length - rounds <= 20, `${asked.length - rounds} in the next hour`)
  others.set(block(1).name, block(1).bytes)
  await clock.advance(700_000)
  t.match(scrub.report(), { missing: 1, corrupt: 0, repairedEver: 1 })
  others.set(block(2).name, block(2).bytes)
  scrub.ask()
  await clock.advance(30_000)
  t.match(scrub.report(), { missing: 0, corrupt: 0, repairedEver: 2, found: 1, repaired: 1 })
  const calm = asked.length
  await clock.advance(3_600_000)
  t.equal(asked.length, calm, 'nothing is left to ask for')
})

t.test('what other owners give is checked before it is written', async t => {
  const { disk, clock, scrub, others, blocks, fill } = await open(new MemoryDisk())
  await fill(2)
  disk.lose(block(0).path)
  others.set(block(0).name, block(1).bytes)
  scrub.start()
  await clock.advance(2_000)
  t.match(scrub.report(), { found: 1, repaired: 0, missing: 1 })
  t.equal(await disk.fileSize(block(0).path), undefined)
  await t.rejects(blocks.read(block(0).hash), { code: 'CORRUPT' })
})

t.test('a writer that brings a damaged block again heals it', async t => {
  const { disk, clock, scrub, index, fill, put, blocks } = await open(new MemoryDisk())
  await fill(3)
  disk.lose(block(1).path)
  scrub.start()
  await clock.advance(1_000)
  t.match(scrub.report(), { missing: 1 })
  const refer = blocks.refer([block(0).hash, block(1).hash], owner)
  t.same(await refer, [1], 'a copy is told to bring it')
  await put(1)
  await put(1)
  t.match(scrub.report(), { missing: 0, repaired: 0, repairedEver: 1 })
  t.equal(index.damagedAfter(), undefined)
})

t.test('a reader that stumbles over a damaged block has it repaired at once', async t => {
  const { disk, clock, scrub, others, asked, blocks, fill } = await open(new MemoryDisk())
  await fill(10)
  scrub.start()
  await clock.advance(5_000)
  t.equal(scrub.status().state, 'idle')
  const { hash, path, name, bytes } = block(4)
  disk.damage(path, found => found.fill(1, 0, 1))
  others.set(name, bytes)
  const reads = [1, 2, 3].map(() => blocks.read(hash))
  for (const read of reads) await t.rejects(read, { code: 'CORRUPT' })
  await clock.advance(1)
  t.same(asked, [name], 'once')
  t.same((await blocks.read(hash)).bytes, bytes)
  t.match(scrub.report(), { pass: 1, found: 0, repairedEver: 1, corrupt: 0 })
})

t.test('a restart goes on where the pass was', async t => {
  const disk = new MemoryDisk()
  const clock = new VirtualTime()
  const first = await open(disk, undefined, clock)
  await first.fill(100)
  first.scrub.start()
  await clock.advance(4_000)
  const { blocks: before, pass } = first.scrub.report()
  t.ok(before > 0 && before < 100)
  await first.scrub.stop()
  first.commit.close()
  await disk.close()

  const second = await open(disk, undefined, clock)
  t.match(second.scrub.report(), { pass, blocks: before, walking: true })
  second.scrub.start()
  await clock.advance(20_000)
  t.match(second.scrub.report(), { pass, blocks: 100, bytes: 100_000, walking: false })
})

t.test('a crash checks again what was not kept, and nothing else', async t => {
  const disk = new MemoryDisk()
  const clock = new VirtualTime()
  const first = await open(disk, undefined, clock)
  await first.fill(600)
  first.scrub.start()
  await clock.advance(45_000)
  const { blocks: before } = first.scrub.report()
  disk.crash()
  const second = await open(disk, undefined, clock)
  const { blocks: kept, walking } = second.scrub.report()
  t.ok(walking)
  t.ok(kept > 250 && kept <= before, `${kept} of ${before} were kept`)
})

t.test('files that no row knows go; what is being written stays', async t => {
  const disk = new MemoryDisk()
  const { clock, scrub, blocks, index, fill, put, log } = await open(disk)
  await fill(2)
  const [stray, late] = [block(50), block(51)]
  await disk.writeFile(stray.path, [stray.bytes])
  await disk.writeFile(`${stray.path}.note`, [Buffer.from('of a person')])
  await disk.writeFile(`blocks/00/${'f'.repeat(64)}`, [Buffer.from('elsewhere')])
  // A write that has put its file there and not yet its row: its body ends when the test says so.
  let go = (): void => undefined
  const gate = new Promise<void>(resolve => {
    go = resolve
  })
  const original = disk.writeFile.bind(disk)
  disk.writeFile = async (path, pieces) => {
    await original(path, pieces)
    if (path === late.path) await gate
  }
  const writing = put(51)
  await clock.advance(1)
  t.equal(await disk.fileSize(late.path), blockBytes, 'the file is there')
  t.equal(index.sizeOf(late.hash), undefined, 'its row is not')
  scrub.start()
  await clock.advance(1_000)
  t.equal(await disk.fileSize(stray.path), undefined)
  t.equal(await disk.fileSize(late.path), blockBytes)
  go()
  await writing
  await clock.advance(5_000)
  t.same((await blocks.read(late.hash)).bytes, late.bytes)
  t.equal(await disk.fileSize(`${stray.path}.note`), 11)
  t.equal(await disk.fileSize(`blocks/00/${'f'.repeat(64)}`), 9)
  t.match(log.lines, [{ message: 'removed block files that no row knew', facts: { files: 1 } }])
})

t.test('a full disk stops neither checking nor reporting', async t => {
  const { disk, clock, scrub, others, fill } = await open(new MemoryDisk())
  await fill(10)
  others.set(block(7).name, block(7).bytes)
  disk.lose(block(7).path)
  disk.setFreeBytes(-1_000_000)
  scrub.start()
  await clock.advance(5_000)
  t.match(scrub.report(), { walking: false, found: 1, repaired: 0, blocks: 10 })
  disk.setFreeBytes(1_000_000)
  scrub.ask()
  await clock.advance(5_000)
  t.match(scrub.report(), { walking: false, found: 1, repaired: 1, missing: 0 })
})
