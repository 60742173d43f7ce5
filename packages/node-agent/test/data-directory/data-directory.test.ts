import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { blockFolders, openDataDirectory } from '../../src/data-directory/data-directory.js'
import { markClosed, OpenMark } from '../../src/data-directory/directory-row.js'
import { encodeIdentity } from '../../src/data-directory/identity-file.js'
import type { SqlDatabase } from '../../src/disk/disk.js'
import { FileDisk } from '../../src/disk/file-disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { ManualClock } from '../support/manual-clock.js'
import { seededRandom } from '../support/seeded-random.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const clusterId = '0123456789abcdef0123456789abcdef'
const options = { clusterId, name: 'agent-1', random: seededRandom(1) }
const bytes = (text: string): Uint8Array => Buffer.from(text)

/** A directory that was made and closed in order. */
async function madeDisk(): Promise<{ disk: MemoryDisk; nodeId: string }> {
  const disk = new MemoryDisk('/data')
  const made = await openDataDirectory(disk, options)
  markClosed(made.database)
  await disk.close()
  return { disk, nodeId: made.identity.nodeId }
}

/** The first write of a process. */
function firstWrite(database: SqlDatabase): void {
  const clock = new ManualClock()
  const commit = new GroupCommit(database, clock, [new OpenMark(database)])
  void commit.submit(() => undefined)
  clock.endTurn()
}

t.test('an empty directory becomes a data directory and keeps its identity', async t => {
  const disk = new MemoryDisk('/data')
  const made = await openDataDirectory(disk, options)
  t.match(made, { created: true, unclean: false, identity: { clusterId, state: 'ready', format: 1 } })
  t.match(made.identity.nodeId, /^agent-1-[0-9a-f]{8}$/)
  t.equal((await disk.list('blocks')).length, 256)
  markClosed(made.database)
  await disk.close()
  const again = await openDataDirectory(disk, { ...options, name: 'other', random: seededRandom(2) })
  t.same(again.identity, made.identity)
  t.match(again, { created: false, unclean: false })
  await disk.close()
})

t.test('an end without order is noticed and the index checked', async t => {
  const { disk } = await madeDisk()
  const { database } = await openDataDirectory(disk, options)
  firstWrite(database)
  disk.crash()
  const again = await openDataDirectory(disk, options)
  t.match(again, { unclean: true, created: false })
  markClosed(again.database)
  await disk.close()
  t.match(await openDataDirectory(disk, options), { unclean: false })
  disk.crash()
  t.match(await openDataDirectory(disk, options), { unclean: false }, 'nothing was written')
})

t.test('a crash at any point of the making leaves a directory that opens', async t => {
  for (let turns = 0; turns < 40; turns++) {
    const disk = new MemoryDisk('/data')
    const opening = openDataDirectory(disk, options).then(
      () => true,
      () => false,
    )
    for (let i = 0; i < turns; i++) await Promise.resolve()
    disk.crash()
    await opening
    disk.crash()
    const opened = await openDataDirectory(disk, options)
    t.match(opened.identity, { state: 'ready' }, `after ${turns} turns`)
    await disk.close()
  }
})

t.test('a directory in use is refused', async t => {
  const disk = new MemoryDisk('/data')
  await openDataDirectory(disk, options)
  await t.rejects(openDataDirectory(disk, options), { code: 'DATA_DIRECTORY', message: /in use by process/ })
})

t.test('a foreign directory is refused and left alone', async t => {
  const disk = new MemoryDisk('/data')
  await disk.makeFolders(['photos'])
  await disk.writeFile('notes.txt', [bytes('mine')])
  await t.rejects(openDataDirectory(disk, options), {
    code: 'DATA_DIRECTORY',
    message: '/data is not empty and no data directory of an agent',
  })
  t.same(await disk.list(''), ['notes.txt', 'photos', 'temporary'])
})

t.test('a directory of another cluster is refused', async t => {
  const { disk } = await madeDisk()
  const other = 'f'.repeat(32)
  await t.rejects(openDataDirectory(disk, { ...options, clusterId: other }), {
    code: 'DATA_DIRECTORY',
    message: `/data belongs to cluster ${clusterId}, not to ${other}`,
  })
})

t.test('a directory of a newer format is refused', async t => {
  const { disk, nodeId } = await madeDisk()
  await disk.writeFile('identity.json', [encodeIdentity({ format: 9, clusterId, nodeId, state: 'ready' })])
  await t.rejects(openDataDirectory(disk, options), { code: 'DATA_DIRECTORY', message: /has format 9/ })
  await disk.close()
  const second = await madeDisk()
  second.disk.openDatabase('index.sqlite').pragma('user_version = 99')
  await second.disk.close()
  await t.rejects(openDataDirectory(second.disk, options), {
    code: 'DATA_DIRECTORY',
    message: /has version 99/,
  })
})

t.test('a directory that lost a part is refused', async t => {
  const parts: [string, RegExp][] = [
    ['identity.json', /has lost its identity\.json/],
    ['index.sqlite', /has lost its index\.sqlite/],
  ]
  for (const [part, message] of parts) {
    const { disk } = await madeDisk()
    disk.lose(part)
    await t.rejects(openDataDirectory(disk, options), { code: 'DATA_DIRECTORY', message })
    t.notOk((await disk.list('')).includes(part), 'nothing was made in its place')
  }
})

t.test('a damaged directory is refused', async t => {
  const first = await madeDisk()
  first.disk.damage('identity.json', found => found.subarray(0, 20))
  await t.rejects(openDataDirectory(first.disk, options), {
    code: 'DATA_DIRECTORY',
    message: /identity\.json is damaged/,
  })
  const second = await madeDisk()
  second.disk.damage('index.sqlite', found => found.fill(0x55, 0, 100))
  await t.rejects(openDataDirectory(second.disk, options), {
    code: 'DATA_DIRECTORY',
    message: /index .* is damaged/,
  })
  const third = await madeDisk()
  firstWrite((await openDataDirectory(third.disk, options)).database)
  third.disk.crash()
  third.disk.damage('index.sqlite', found => found.fill(0x55, 8192, found.length))
  await t.rejects(openDataDirectory(third.disk, options), {
    code: 'DATA_DIRECTORY',
    message: /index .* is damaged/,
  })
})

t.test('an index that lost its contents, or is another one, is no new index', async t => {
  const { disk } = await madeDisk()
  disk.damage('index.sqlite', () => new Uint8Array(0))
  await t.rejects(openDataDirectory(disk, options), {
    code: 'DATA_DIRECTORY',
    message: /index .* is damaged: .*empty/,
  })
  const folder = temporaryFolder(t)
  const other = temporaryFolder(t)
  for (const path of [folder, other]) {
    const made = await FileDisk.open(path)
    await openDataDirectory(made, { ...options, random: systemRandom })
    await made.close()
  }
  copyFileSync(join(other, 'index.sqlite'), join(folder, 'index.sqlite'))
  const swapped = await FileDisk.open(folder)
  await t.rejects(openDataDirectory(swapped, options), {
    code: 'DATA_DIRECTORY',
    message: /belongs to agent-1-/,
  })
  await swapped.close()
  for (const contents of ['', 'no database at all'.repeat(100)]) {
    writeFileSync(join(other, 'index.sqlite'), contents)
    const lost = await FileDisk.open(other)
    await t.rejects(openDataDirectory(lost, options), { code: 'DATA_DIRECTORY', message: /is damaged/ })
    await lost.close()
  }
})

t.test('torn files of the last process are removed', async t => {
  const { disk } = await madeDisk()
  const opened = await openDataDirectory(disk, options)
  t.equal(opened.temporariesRemoved, 0)
  firstWrite(opened.database)
  const write = disk.writeFile('blocks/aa/torn', [bytes('torn block')])
  disk.crash()
  await t.rejects(write)
  t.match(await openDataDirectory(disk, options), { temporariesRemoved: 1, unclean: true })
  t.same(await disk.list('blocks/aa'), [])
})

t.test('one folder of blocks for each first byte', async t => {
  t.equal(blockFolders().length, 256)
  t.equal(blockFolders()[10], 'blocks/0a')
})
