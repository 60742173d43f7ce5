import t from 'tap'
import { temporaryFolder } from '../../src/disk/disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { diskConformance } from './disk-conformance.js'

// One MemoryDisk is the storage and every handle on it; closing it gives the lock back.
diskConformance('memory disk', async () => {
  const disk = new MemoryDisk()
  return { open: async () => disk }
})

const bytes = (text: string): Uint8Array => Buffer.from(text)

t.test('a crash loses what was not durable and keeps what was', async t => {
  const disk = new MemoryDisk()
  await disk.makeFolders(['f'])
  await disk.writeFile('f/kept', [bytes('kept')])
  const database = disk.openDatabase('x.sqlite')
  database.exec('CREATE TABLE t (a)')
  database.prepare('INSERT INTO t VALUES (1)').run()
  database.exec('BEGIN')
  database.prepare('INSERT INTO t VALUES (2)').run()
  const lost = disk.writeFile('f/lost', [bytes('lost')])
  const replaced = disk.writeFile('f/kept', [bytes('newer')])
  disk.crash()
  await t.rejects(lost)
  await t.rejects(replaced)
  t.equal(database.open, false)
  t.same(disk.openDatabase('x.sqlite').prepare('SELECT a FROM t').all(), [{ a: 1 }])
  t.equal(await disk.readFile('f/lost'), undefined)
  t.same(await disk.readFile('f/kept'), bytes('kept'))
  t.ok((await disk.list(temporaryFolder)).length > 0, 'torn files stay behind')
  t.equal(await disk.removeTemporaries(), 2)
})

t.test(
  'a database whose commits do not wait for the medium goes back in a crash, and not in a close',
  async t => {
    const disk = new MemoryDisk()
    const open = () => {
      const database = disk.openDatabase('x.sqlite')
      database.pragma('synchronous = OFF')
      return database
    }
    const numbers = () => disk.openDatabase('x.sqlite').prepare('SELECT a FROM t').pluck().all()
    const first = open()
    first.exec('CREATE TABLE t (a)')
    disk.flush()
    first.exec('INSERT INTO t VALUES (1)')
    disk.flush()
    first.exec('INSERT INTO t VALUES (2)')
    disk.crash()
    t.same(numbers(), [1], 'as it was flushed last')
    disk.crash()
    open().exec('INSERT INTO t VALUES (3)')
    disk.crash()
    t.same(numbers(), [1], 'as it was opened')
    await disk.close()
    open().exec('INSERT INTO t VALUES (4)')
    await disk.close()
    t.same(numbers(), [1, 4])
  },
)

t.test('at every point of a write a crash leaves the old file or the new one', async t => {
  for (let turns = 0; turns < 8; turns++) {
    const disk = new MemoryDisk()
    await disk.makeFolders(['f'])
    await disk.writeFile('f/a', [bytes('old')])
    const write = disk.writeFile('f/a', [bytes('new')]).then(
      () => true,
      () => false,
    )
    for (let i = 0; i < turns; i++) await Promise.resolve()
    disk.crash()
    const done = await write
    const found = Buffer.from((await disk.readFile('f/a')) ?? bytes('')).toString()
    t.ok(found === 'new' || (!done && found === 'old'), `after ${turns} turns`)
  }
})

t.test('a full disk refuses files and rows, and frees again', async t => {
  const disk = new MemoryDisk()
  await disk.makeFolders(['f'])
  const database = disk.openDatabase('x.sqlite')
  database.exec('CREATE TABLE t (a)')
  disk.setFreeBytes(0)
  await t.rejects(disk.writeFile('f/a', [bytes('x')]), { code: 'DISK_FULL' })
  const insert = database.prepare('INSERT INTO t VALUES (?)')
  t.throws(() => insert.run(Buffer.alloc(100_000)), { code: 'SQLITE_FULL' })
  disk.setFreeBytes(Number.POSITIVE_INFINITY)
  insert.run(Buffer.alloc(100_000))
  await disk.writeFile('f/a', [bytes('x')])
  t.same(await disk.readFile('f/a'), bytes('x'))
})

t.test('damage and loss behind its back', async t => {
  const disk = new MemoryDisk()
  await disk.makeFolders(['f'])
  await disk.writeFile('f/a', [bytes('abc')])
  disk.damage('f/a', found => found.fill(0))
  t.same(await disk.readFile('f/a'), Buffer.alloc(3))
  disk.lose('f/a')
  t.equal(await disk.readFile('f/a'), undefined)
  t.throws(() => disk.damage('f/a', found => found))
})

t.test('a copy has what was there, and goes its own way', async t => {
  const disk = new MemoryDisk()
  await disk.makeFolders(['folder'])
  await disk.writeFile('folder/file', [Buffer.from('then')])
  const database = disk.openDatabase('open.sqlite')
  database.exec('CREATE TABLE x (n INTEGER); INSERT INTO x VALUES (1)')
  const copy = disk.copy()
  database.exec('INSERT INTO x VALUES (2)')
  await disk.writeFile('folder/file', [Buffer.from('later')])
  t.same(Buffer.from((await copy.readFile('folder/file')) ?? []).toString(), 'then')
  t.same(copy.openDatabase('open.sqlite').prepare('SELECT n FROM x').pluck().all(), [1])
  await copy.close()
  await disk.close()
  t.same(disk.copy().openDatabase('open.sqlite').prepare('SELECT n FROM x').pluck().all(), [1, 2])
})
