import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FolderRoot } from '../../src/sync/local/folder-root.js'
import { RulesFile } from '../../src/sync/local/rules-file.js'
import { type Watch, type WatchOptions, watchFolder } from '../../src/sync/local/watch.js'
import { type DiskUnderTest, makeDisk } from './disk-under-test.js'
import { entryOf, file, nothingKnown, told } from './folder-under-test.js'

/** Marks that came, and a way to wait until they are enough. */
class Marks {
  #seen = new Set<string>()
  #waiting: (() => void) | undefined

  readonly onMark = (path: string): void => {
    this.#seen.add(path)
    this.#waiting?.()
  }

  /** Those since the last call. */
  take(): readonly string[] {
    const seen = Array.from(this.#seen).sort()
    this.#seen = new Set()
    return seen
  }

  has(path: string): boolean {
    return this.#seen.has(path)
  }

  async until(isEnough: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isEnough())) {
      await new Promise<void>(resolve => {
        this.#waiting = resolve
      })
    }
  }
}

async function watched(t: Test): Promise<DiskUnderTest & { readonly marks: Marks }> {
  const subject = await makeDisk(t)
  const marks = new Marks()
  const stop = await subject.folder.watch(marks.onMark)
  t.teardown(stop)
  return { ...subject, marks }
}

t.test('a folder that is moved in arrives by marks and scans of these alone', async t => {
  const { folder, marks, directory } = await watched(t)
  const outside = join(directory, '../outside')
  for (let count = 0; count < 500; count++) {
    const parent = join(outside, 'moved', `${count % 7}`, `${count % 5}`)
    mkdirSync(parent, { recursive: true })
    writeFileSync(join(parent, `${count}`), `${count}`)
  }
  renameSync(join(outside, 'moved'), join(directory, 'here'))
  const found = new Map<string, string>()
  await marks.until(async () => {
    const scan = await folder.scanAt(marks.take(), nothingKnown)
    for (const [name, hash] of Object.entries(told(scan))) found.set(name, hash)
    return Array.from(found.keys()).filter(name => !name.endsWith('/')).length === 500
  })
  t.same(Object.fromEntries(found), told(await folder.scan(nothingKnown)))
})

t.test('a save by rename is one change of one file', async t => {
  const { folder, person, marks } = await watched(t)
  person.write('text.txt', 'old')
  await marks.until(() => marks.has('text.txt'))
  const before = await folder.scan(nothingKnown)
  marks.take()
  person.write('.text.txt.swp', 'new')
  person.rename('.text.txt.swp', 'text.txt')
  await marks.until(() => marks.has('text.txt'))
  const scan = await folder.scanAt(marks.take(), { known: name => before.entries.get(name) })
  t.strictSame(Array.from(scan.entries.keys()), ['text.txt'])
  t.equal(entryOf(scan, 'text.txt').content.sha256, file('new').sha256)
})

t.test('edits, removals, links, modes and folders are marked', async t => {
  const { person, marks } = await watched(t)
  const marked = async (path: string, work: () => void): Promise<void> => {
    marks.take()
    work()
    // A mark of a folder means all below it: what was put into a new one before it was watched is not told by itself.
    const above = path.split('/').map((_, depth, parts) => parts.slice(0, depth + 1).join('/'))
    await marks.until(() => above.some(each => marks.has(each)))
    t.pass(path)
  }
  await marked('a', () => person.write('a', '1'))
  await marked('a', () => person.write('a', '2'))
  await marked('a', () => person.chmod('a', true))
  await marked('d', () => person.makeFolder('d/e'))
  await marked('d/e/f', () => person.write('d/e/f', '1'))
  await marked('d/l', () => person.link('d/l', 'e'))
  await marked('a', () => person.remove('a'))
  await marked('d', () => person.remove('d'))
})

t.test('what is ours or ignored is not watched; other rules hold at once', async t => {
  const { folder, person, marks, directory } = await watched(t)
  person.write('.torcignore', 'node_modules/\n')
  await marks.until(() => marks.has(''))
  marks.take()
  person.write('node_modules/a', '1')
  writeFileSync(join(directory, '.torc-sync/tmp/x'), 'ours')
  person.write('seen', '1')
  await marks.until(() => marks.has('seen'))
  t.notOk(marks.take().some(path => path.includes('/')))
  t.ok(folder.ignores('node_modules/a'))
  person.write('.torcignore', '')
  await marks.until(() => marks.has(''))
  person.write('node_modules/a', 'edited')
  await marks.until(() => marks.has('node_modules/a'))
})

t.test('where the system watches no more, one message tells so and all is scanned', async t => {
  const { directory } = await makeDisk(t)
  const root = await FolderRoot.open(directory)
  let asked: WatchOptions | undefined
  const open: Watch = async options => {
    asked = options
    options.onError(Object.assign(new Error('no space'), { code: 'ENOSPC' }))
    return { close: async () => {} }
  }
  const marks: string[] = []
  const warnings: string[] = []
  const stop = await watchFolder(
    root.path,
    new RulesFile(root),
    path => marks.push(path),
    message => warnings.push(message),
    open,
  )
  asked?.onError(Object.assign(new Error('too many'), { code: 'EMFILE' }))
  asked?.onPath('a/b')
  t.strictSame(marks, ['', '', 'a/b'])
  t.match(warnings, [/can't be watched|not all of .*max_user_watches/])
  t.equal(warnings.length, 1)
  await stop()
})

t.test('nothing is marked once the watcher is stopped', async t => {
  const { folder, person } = await makeDisk(t)
  const marks: string[] = []
  const stop = await folder.watch(path => marks.push(path))
  await stop()
  person.write('a', '1')
  const other = new Marks()
  t.teardown(await folder.watch(other.onMark))
  person.write('b', '1')
  await other.until(() => other.has('b'))
  t.strictSame(marks, [])
})
