import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { filled, run } from '../doubles/run.js'

t.test('a tree goes in and comes back', async t => {
  const directory = t.testdir({
    tree: { 'a.txt': 'a', deep: { er: { 'b.bin': 'b'.repeat(200_000) } }, empty: '' },
  })
  symlinkSync('/etc/passwd', join(directory, 'tree', 'link'))
  const store = await filled({ 'b/x': '' })
  const put = await run(['put', '--recursive', 'tree', 'b/in'], { store, directory })
  t.equal(put.code, 0)
  t.match(put.out, 'stored 3 files, 195 KiB, under b/in/')
  t.match(put.err, /skipped .*link/)
  t.same([...(store.held.get('b')?.keys() ?? [])].sort(), ['in/a.txt', 'in/deep/er/b.bin', 'in/empty', 'x'])
  const get = await run(['get', '--recursive', 'b/in', 'out'], { store, directory })
  t.equal(get.code, 0)
  t.match(get.out, 'wrote 3 files')
  t.equal(readFileSync(join(directory, 'out/deep/er/b.bin'), 'utf8'), 'b'.repeat(200_000))
  t.equal(readFileSync(join(directory, 'out/empty'), 'utf8'), '')
  const json = await run(['put', '--recursive', 'tree', 'b', '--json', '--content-type', 'x/y'], {
    store,
    directory,
  })
  t.equal(json.io.records.length, 3)
  t.match(json.io.records[0], { bucket: 'b', contentType: 'x/y' })
  t.equal((await run(['get', '--recursive', 'b/none', 'out'], { store, directory })).code, 3)
  t.equal((await run(['put', '--recursive', 'tree/a.txt', 'b'], { store, directory })).code, 2)
  t.equal((await run(['put', '--recursive', 'none', 'b'], { store, directory })).code, 3)
  t.equal((await run(['put', '--recursive', 'tree', 'nobucket'], { store, directory })).code, 3)
})

t.test('no key of a server can lead out of the chosen directory', async t => {
  const directory = t.testdir({ out: {}, outside: { victim: 'untouched' } })
  symlinkSync(join(directory, 'outside'), join(directory, 'out', 'linked'))
  symlinkSync(join(directory, 'outside', 'victim'), join(directory, 'out', 'victim'))
  const store = await filled({ 'b/good': 'good', 'b/victim': 'replaces the link' })
  store.hostileKeys = [
    '/etc/torc-evil',
    '../evil',
    'a/../../evil',
    'nul\0',
    'linked/evil',
    './evil',
    'a//evil',
    'ends/',
    '..',
    '.',
  ]
  const { code, err } = await run(['get', '--recursive', 'b', 'out'], { store, directory })
  t.equal(code, 1, 'the failures are told')
  t.match(err, "can't be a path below a directory")
  t.match(err, 'it is not a directory')
  t.same(readdirSync(join(directory, 'outside')), ['victim'])
  t.equal(readFileSync(join(directory, 'outside', 'victim'), 'utf8'), 'untouched')
  t.equal(existsSync(join(directory, 'evil')), false)
  t.equal(existsSync('/etc/torc-evil'), false)
  t.equal(readFileSync(join(directory, 'out', 'good'), 'utf8'), 'good')
  t.equal(lstatSync(join(directory, 'out', 'victim')).isSymbolicLink(), false)
  t.same(
    readdirSync(join(directory, 'out')).sort(),
    ['good', 'linked', 'victim'],
    'no temporary file is left',
  )
})

t.test('a key that is both file and folder fails alone', async t => {
  const directory = t.testdir({})
  const store = await filled({ 'b/a': 'file', 'b/a/b': 'below', 'b/c': 'c' })
  const { code, io } = await run(['get', '--recursive', 'b', 'out', '--json'], { store, directory })
  t.not(code, 0)
  t.equal(io.records.length, 2)
  t.equal(io.errors.length, 1)
  t.equal(readFileSync(join(directory, 'out/c'), 'utf8'), 'c')
})

t.test('a file that can not be read does not stop the others', async t => {
  const directory = t.testdir({ tree: { a: 'a', gone: 'x', z: 'z' } })
  const store = await filled({ 'b/x': '' })
  const original = store.put.bind(store)
  store.put = async (bucket, key, body, options) => {
    if (key === 'gone') throw new TorcError('TOO_LARGE', 'too large')
    return original(bucket, key, body, options)
  }
  const { code, err, out } = await run(['put', '--recursive', 'tree', 'b'], { store, directory })
  t.equal(code, 2)
  t.match(err, join(directory, 'tree', 'gone'))
  t.match(out, 'stored 2 files')
})

t.test('a failure that concerns all stops at once', async t => {
  const directory = t.testdir({ tree: {} })
  for (let file = 0; file < 200; file++) writeFileSync(join(directory, 'tree', String(file)), 'x')
  const store = await filled({ 'b/x': '' })
  store.put = async () => {
    throw new TorcError('DENIED', 'no')
  }
  const { code, io } = await run(['put', '--recursive', 'tree', 'b', '--json'], { store, directory })
  t.equal(code, 4)
  t.equal(io.errors.length, 1)
})

t.test('special targets of get', async t => {
  const directory = t.testdir({ real: 'old' })
  symlinkSync(join(directory, 'real'), join(directory, 'link'))
  mkdirSync(join(directory, 'folder'))
  const store = await filled({ 'b/k': 'new' })
  t.equal((await run(['get', 'b/k', 'link'], { store, directory })).code, 0)
  t.equal(lstatSync(join(directory, 'link')).isSymbolicLink(), true, 'a link that the user named stays')
  t.equal(readFileSync(join(directory, 'real'), 'utf8'), 'new')
  t.equal((await run(['get', 'b/k', '/dev/null'], { store, directory })).code, 0)
  t.equal(lstatSync('/dev/null').isCharacterDevice(), true, 'a device is not replaced')
  t.equal((await run(['get', 'b/k', 'folder'], { store, directory })).code, 2)
})
