import { TorcError } from '@torc/protocol/errors'
import t, { type Test } from 'tap'
import type { Disk } from '../../src/disk/disk.js'
import { temporaryFolder } from '../../src/disk/disk.js'

/** What every Disk must do. `open` gives a handle on the same storage each time. */
export function diskConformance(
  name: string,
  storage: (t: Test) => Promise<{ open(): Promise<Disk> }>,
): void {
  const bytes = (text: string): Uint8Array => Buffer.from(text)
  const text = (found: Uint8Array | undefined): string | undefined =>
    found === undefined ? undefined : Buffer.from(found).toString()

  t.test(`${name}: files are written whole, replaced, read, listed and deleted`, async t => {
    const disk = await (await storage(t)).open()
    t.equal(await disk.readFile('a/b/c'), undefined)
    t.equal(await disk.fileSize('a/b/c'), undefined)
    t.same(await disk.list('a'), [])
    await disk.makeFolders(['a/b', 'a/d'])
    await disk.makeFolders(['a/b'])
    await disk.writeFile('a/b/c', [bytes('one '), bytes(''), bytes('two')])
    t.equal(text(await disk.readFile('a/b/c')), 'one two')
    t.equal(await disk.fileSize('a/b/c'), 7)
    await disk.writeFile('a/b/c', [bytes('three')])
    t.equal(text(await disk.readFile('a/b/c')), 'three')
    await disk.writeFile('a/b/empty', [])
    t.equal(await disk.fileSize('a/b/empty'), 0)
    t.same(await disk.list('a/b'), ['c', 'empty'])
    t.same(await disk.list('a'), ['b', 'd'])
    t.equal(await disk.deleteFile('a/b/c'), true)
    t.equal(await disk.deleteFile('a/b/c'), false)
    t.same(await disk.list('a/b'), ['empty'])
    t.same(await disk.list(temporaryFolder), [], 'no temporary file stays')
    await disk.close()
  })

  t.test(`${name}: many writes at once all land`, async t => {
    const opened = await storage(t)
    const disk = await opened.open()
    await disk.makeFolders(['x', 'y'])
    const names = Array.from({ length: 40 }, (_, i) => `${i % 2 === 0 ? 'x' : 'y'}/${i}`)
    await Promise.all(names.map(path => disk.writeFile(path, [bytes(path)])))
    await disk.close()
    const again = await opened.open()
    for (const path of names) t.equal(text(await again.readFile(path)), path)
    await again.close()
  })

  t.test(`${name}: a write into a missing folder fails and leaves nothing`, async t => {
    const disk = await (await storage(t)).open()
    await t.rejects(disk.writeFile('none/such', [bytes('x')]), TorcError)
    t.equal(await disk.readFile('none/such'), undefined)
    t.same(await disk.list(temporaryFolder), [])
    await disk.close()
  })

  t.test(`${name}: databases keep what was committed`, async t => {
    const opened = await storage(t)
    const disk = await opened.open()
    const database = disk.openDatabase('x.sqlite')
    database.exec('CREATE TABLE t (a, b)')
    database.prepare('INSERT INTO t VALUES (?, ?)').run(2 ** 40 + 1, bytes('blob'))
    database.pragma('user_version = 7')
    t.ok((await disk.list('')).includes('x.sqlite'))
    await disk.close()
    const again = await opened.open()
    const database2 = again.openDatabase('x.sqlite')
    t.equal(database2.pragma('user_version', { simple: true }), 7)
    t.same(database2.prepare('SELECT a FROM t').all(), [{ a: 2 ** 40 + 1 }])
    t.equal(database2.pragma('synchronous', { simple: true }), 2, 'commits are fsynced')
    await again.close()
    const last = await opened.open()
    t.equal(await last.deleteFile('x.sqlite'), true)
    t.equal(last.openDatabase('x.sqlite').pragma('user_version', { simple: true }), 0, 'a new one')
    await last.close()
  })

  t.test(`${name}: one holder at a time, and closing gives the lock back`, async t => {
    const opened = await storage(t)
    const first = await opened.open()
    await first.lock()
    const second = await opened.open()
    await t.rejects(second.lock(), { code: 'DATA_DIRECTORY', message: new RegExp(`process ${process.pid}`) })
    await first.close()
    const third = await opened.open()
    await third.lock()
    await third.close()
    await second.close()
  })

  t.test(`${name}: leftovers of writes are removed`, async t => {
    const disk = await (await storage(t)).open()
    await disk.makeFolders([temporaryFolder])
    await disk.writeFile(`${temporaryFolder}/left`, [bytes('torn')])
    t.equal(await disk.removeTemporaries(), 1)
    t.same(await disk.list(temporaryFolder), [])
    t.equal(await disk.removeTemporaries(), 0)
    t.ok((await disk.freeBytes()) > 0)
    await disk.close()
  })
}
