import { systemHasher } from '@torc/protocol/environment/system'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import fc from 'fast-check'
import t from 'tap'
import { blockEncoding, decodeBlock } from '../../src/blocks/block-encoding.js'
import { BlockIndex } from '../../src/blocks/block-index.js'
import { BlockStore } from '../../src/blocks/block-store.js'
import { immediateCompressor } from '../../src/blocks/immediate-compressor.js'
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

const owner = { opId: new Uint8Array(16), bucketId: new Uint8Array(16), key: Buffer.from('key') }
const blocks = Array.from({ length: 6 }, (_, n) => {
  // Some are large enough to be compressed.
  const bytes = Buffer.alloc((n % 2 === 0 ? 100 : 5_000) + n, `block ${n}`)
  const hash = systemHasher.sha256(bytes)
  const name = Buffer.from(hash).toString('hex')
  return { bytes, hash, name, path: `blocks/${name.slice(0, 2)}/${name}` }
})

/** A body whose bytes come over a few turns of the event loop. */
function slowBody(bytes: Uint8Array): IncomingBody {
  return {
    ...{ inline: undefined, sha256: undefined, bytes: async () => bytes, discard: () => undefined },
    async *[Symbol.asyncIterator]() {
      for (const piece of [bytes.subarray(0, 50), bytes.subarray(50)]) {
        await new Promise<void>(resolve => setImmediate(resolve))
        yield piece
      }
    },
  }
}

/**
 * Reading and writing take time from now on, after they took effect: what is done on the strength of them comes late.
 * Returns a reader that takes none.
 */
function slowDown(disk: MemoryDisk, clock: VirtualTime): (path: string) => Promise<Uint8Array | undefined> {
  let calls = 0
  const late = async <T>(result: T, msMax: number): Promise<T> => {
    await new Promise<void>(resolve => clock.after((++calls * 7919) % msMax, resolve))
    return result
  }
  const read = disk.readFile.bind(disk)
  disk.readFile = async (path, room) => late(await read(path, room), 100)
  const write = disk.writeFile.bind(disk)
  disk.writeFile = async (path, pieces) => late(await write(path, pieces), 500)
  return read
}

async function start(disk: MemoryDisk, clock: VirtualTime) {
  await disk.makeFolders(blockFolders())
  await disk.removeTemporaries()
  const database = disk.openDatabase('index.sqlite')
  migrateIndex(database, 'memory')
  const counts = new Counts(database)
  const commit = new GroupCommit(database, clock, [counts])
  const index = new BlockIndex(database, counts, new LeaseIndex(database, clock, 1000))
  const store = new BlockStore(disk, index, commit, systemHasher, immediateCompressor)
  // Other owners have every block.
  const source = {
    fetch: async (hash: Uint8Array) => blocks.find(block => Buffer.compare(block.hash, hash) === 0)?.bytes,
  }
  const row = new ScrubRow(database)
  const log = recordingLog()
  const parts = { blocks: store, index, row, disk, commit, counts, clock, source, log }
  const scrub = new Scrub(parts, { bytesPerSecond: 5_000 })
  scrub.start()
  return { scrub, store, index, log }
}

const block = fc.integer({ min: 0, max: blocks.length - 1 })
const event = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('put', 'put compressed', 'read', 'damage', 'lose', 'stray'),
      block,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('crash', 'ask'), block: fc.constant(0) }),
  },
  // Long enough for what was begun to end, or too short for it.
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait'), block: fc.integer({ min: 1, max: 400 }) }),
  },
)

t.test('whatever crosses whatever: in the end each row has its file, each file its row', async t => {
  const property = fc.asyncProperty(
    fc.array(event, { maxLength: 40, size: 'max' }),
    fc.boolean(),
    async (all, harm) => {
      const events = harm ? all : all.filter(({ kind }) => kind !== 'damage' && kind !== 'lose')
      const disk = new MemoryDisk()
      const clock = new VirtualTime()
      const contents = slowDown(disk, clock)
      let agent = await start(disk, clock)
      const acknowledged = new Set<number>()
      let life = 0
      for (const { kind, block: n } of events) {
        const target = blocks[n]
        if (kind === 'wait') await clock.advance(n)
        else if (kind === 'ask') agent.scrub.ask()
        else if (kind === 'crash') {
          life++
          disk.crash()
          agent = await start(disk, clock)
        } else if (target === undefined) continue
        else if (kind === 'put' || kind === 'put compressed') {
          const begun = life
          const { hash, bytes } = target
          // What a crash cuts off fails in its own way, or never answers: nobody was told that it is there.
          agent.store.put(hash, bytes.length, owner, slowBody(bytes), { compress: kind !== 'put' }).then(
            () => void (begun === life && acknowledged.add(n)),
            () => undefined,
          )
        }
        // A reader of a lost or damaged block fails, as it should: what counts is what the scrub makes of it.
        else if (kind === 'read') agent.store.read(target.hash).catch(() => undefined)
        else if (kind === 'lose') disk.lose(target.path)
        else if (kind === 'damage') {
          if ((await disk.fileSize(target.path)) !== undefined)
            disk.damage(target.path, bytes => bytes.fill((bytes[9] ?? 0) ^ 8, 9, 10))
        } else if ((await disk.fileSize(target.path)) === undefined)
          // A stray file that a crash cuts off: nobody was told of it.
          void disk.writeFile(target.path, [target.bytes]).catch(() => undefined)
      }
      await clock.advance(60_000)
      agent.scrub.ask()
      await clock.advance(60_000)
      const files = new Set((await Promise.all(blockFolders().map(folder => disk.list(folder)))).flat())
      for (const [n, { hash, bytes, name, path }] of blocks.entries()) {
        const known = agent.index.find(hash) !== undefined
        if (acknowledged.has(n) && !known) throw new Error(`block ${n} was acknowledged and has no row`)
        if (files.has(name) !== known) throw new Error(`block ${n}: row ${known}, file ${files.has(name)}`)
        const file = (await contents(path)) ?? Buffer.of()
        const encoding = agent.index.find(hash)?.encoding ?? blockEncoding.plain
        const found = await decodeBlock(immediateCompressor, encoding, file, bytes.length)
        if (known && !bytes.equals(found ?? Buffer.of())) throw new Error('other bytes')
        if (known && agent.index.find(hash)?.storedSize !== file.length) throw new Error('another size')
      }
      const { missing, corrupt, walking, repairedEver } = agent.scrub.report()
      if (!harm && repairedEver > 0) throw new Error(`${repairedEver} repaired that nothing had harmed`)
      const failures = agent.log.lines.filter(({ level }) => level === 'error')
      if (failures.length > 0) throw new Error(JSON.stringify(failures))
      if (missing + corrupt > 0 || walking) throw new Error(`${missing} missing, ${corrupt} corrupt`)
      if (agent.scrub.status().state !== 'idle') throw new Error(agent.scrub.status().state)
    },
  )
  await t.resolves(fc.assert(property, { numRuns: 150 }))
})
