import { spawnSync } from 'node:child_process'
import fs, { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DiskFolder } from '../../src/sync/local/disk-folder.js'
import { diskOptions, makeDisk } from './disk-under-test.js'
import { bodyOf, entryOf, file, nothingKnown, told } from './folder-under-test.js'

const gone = { code: 'SYNC_ROOT_GONE' }

/** As somebody whom permissions stop, which they don't do to root. */
async function asAnybody(t: Test, work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'torc-denied-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const isRoot = process.geteuid?.() === 0
  if (isRoot) {
    fs.chownSync(directory, 65534, 65534)
    process.seteuid?.(65534)
  }
  try {
    await work(directory)
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

t.test('only a directory can be synced', async t => {
  const directory = t.testdir({ file: '', taken: { '.torc-sync': 'a file' }, real: {} })
  symlinkSync('real', join(directory, 'way'))
  await t.rejects(DiskFolder.open(join(directory, 'none'), diskOptions), { code: 'FILE_NOT_FOUND' })
  await t.rejects(DiskFolder.open(join(directory, 'file'), diskOptions), { code: 'CONFIG' })
  await t.rejects(DiskFolder.open(join(directory, 'taken'), diskOptions), { code: 'FILE_ACCESS' })
  const folder = await DiskFolder.open(join(directory, 'way'), diskOptions)
  t.equal(folder.path, join(directory, 'real'))
  await folder.checkRoot()
})

t.test('a folder that was replaced or emptied is noticed before anything is concluded from it', async t => {
  const { folder, person, directory } = await makeDisk(t)
  person.write('a', '1')
  const { fingerprint } = entryOf(await folder.scan(nothingKnown), 'a')
  renameSync(directory, `${directory}-away`)
  await t.rejects(folder.scan(nothingKnown), gone)
  await t.rejects(folder.checkRoot(), gone)
  mkdirSync(directory)
  await t.rejects(folder.scan(nothingKnown), gone, 'as where a disk is not mounted')
  await t.rejects(folder.scanAt(['a'], nothingKnown), gone)
  await t.rejects(folder.remove('a', fingerprint), gone, 'that it is not there is no removal')
  await t.rejects(folder.write('b', file('x'), 1, bodyOf('x'), undefined), gone)
  t.strictSame(person.list(), [])
  rmSync(directory, { recursive: true })
  renameSync(`${directory}-away`, directory)
  await folder.checkRoot()
  rmSync(join(directory, '.torc-sync'), { recursive: true })
  await t.rejects(folder.scan(nothingKnown), gone)
})

t.test('a folder that goes while it is walked is noticed', async t => {
  const { folder, person, directory, onStep } = await makeDisk(t)
  person.write('a', '1')
  onStep(step => {
    if (step === 'look') renameSync(directory, `${directory}-away`)
  })
  await t.rejects(folder.scan(nothingKnown), gone)
})

t.test('names that are no text are refused, with all that is below', async t => {
  const { folder, person, directory } = await makeDisk(t)
  const bytes = (...parts: (string | number)[]): Buffer =>
    Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))))
  writeFileSync(bytes(`${directory}/caf`, 0xe9, '.txt'), 'latin 1')
  mkdirSync(bytes(`${directory}/dir`, 0xff))
  writeFileSync(bytes(`${directory}/dir`, 0xff, '/inside'), '')
  person.write('\ufffd is a letter', '1')
  person.write('e\u0301 and \u00e9 \u{1f600}', '1')
  const scan = await folder.scan(nothingKnown)
  t.strictSame(Array.from(scan.entries.keys()).sort(), ['e\u0301 and \u00e9 \u{1f600}', '\ufffd is a letter'])
  t.strictSame(scan.refused.map(({ name }) => name).sort(), ['caf\\xe9.txt', 'dir\\xff'])
  for (const { reason, hint } of scan.refused) t.match([reason, hint], [/UTF-8/, /Rename/])
})

t.test('pipes, sockets and too long names are refused; nothing waits for a writer', async t => {
  const { folder, person, directory } = await makeDisk(t)
  spawnSync('mkfifo', [join(directory, 'pipe')])
  const server = createServer()
  // A path of a socket is short.
  const at = process.cwd()
  process.chdir(directory)
  await new Promise<void>(resolve => server.listen('socket', resolve))
  process.chdir(at)
  t.teardown(() => new Promise(resolve => server.close(resolve)))
  const long = `${'d'.repeat(250)}/`.repeat(4)
  person.write(`${long}${'f'.repeat(20)}`, 'fits: 1024 bytes')
  person.write(`${long}${'f'.repeat(21)}`, 'does not')
  person.makeFolder(`${long}${'e'.repeat(20)}/below`)
  const { refused, entries } = await folder.scan(nothingKnown)
  t.strictSame(refused.map(({ name, reason }) => [name.replace(long, 'long/'), reason]).sort(), [
    [`long/${'e'.repeat(20)}/`, 'its path has more than 1024 bytes'],
    [`long/${'f'.repeat(21)}`, 'its path has more than 1024 bytes'],
    ['pipe', 'it is a pipe'],
    ['socket', 'it is a socket'],
  ])
  t.ok(entries.has(`${long}${'f'.repeat(20)}`))
  t.match((await folder.scanAt(['pipe'], nothingKnown)).refused, [{ name: 'pipe' }])
})

t.test('what may not be read is refused, and what is below counts neither as there nor as gone', t =>
  asAnybody(t, async directory => {
    const folder = await DiskFolder.open(directory, diskOptions)
    const at = (path: string): string => join(directory, path)
    for (const name of ['closed', 'unsearchable', 'open']) mkdirSync(at(name))
    for (const name of ['closed/a', 'unsearchable/b', 'open/c', 'secret']) writeFileSync(at(name), name)
    fs.chmodSync(at('closed'), 0o000)
    fs.chmodSync(at('unsearchable'), 0o600)
    fs.chmodSync(at('secret'), 0o000)
    const scan = await folder.scan(nothingKnown)
    t.strictSame(Array.from(scan.entries.keys()).sort(), ['open/', 'open/c'])
    t.strictSame(scan.refused.map(({ name }) => name).sort(), ['closed/', 'secret', 'unsearchable/'])
    for (const { reason, hint } of scan.refused) t.match([reason, hint], [/permission denied/, /permissions/])
    const some = await folder.scanAt(['closed/a', 'unsearchable/b/deeper', 'open'], nothingKnown)
    t.strictSame(some.refused.map(({ name }) => name).sort(), ['closed/', 'unsearchable/'])
    t.strictSame(Array.from(some.entries.keys()).sort(), ['open/', 'open/c'])
    const written = folder.write('closed/a', file('x'), 1, bodyOf('x'), undefined)
    await t.rejects(written, { code: 'FILE_ACCESS' })
    fs.chmodSync(at('closed'), 0o700)
    fs.chmodSync(at('unsearchable'), 0o700)
    fs.chmodSync(directory, 0o300)
    await t.rejects(folder.scan(nothingKnown), { code: 'FILE_ACCESS' }, 'the whole folder is no single name')
    fs.chmodSync(directory, 0o700)
  }),
)

t.test('rules that can not be read stop the scan: what they hide must not be sent', t =>
  asAnybody(t, async directory => {
    const folder = await DiskFolder.open(directory, diskOptions)
    writeFileSync(join(directory, '.torcignore'), 'secret\n', { mode: 0 })
    await t.rejects(folder.scan(nothingKnown), { code: 'FILE_ACCESS' })
  }),
)

t.test('a failing disk ends the scan, and never looks like files that are gone', async t => {
  const { folder, person } = await makeDisk(t)
  person.write('deep/a', '1')
  person.write('deep/b', '2')
  for (const code of ['EIO', 'EMFILE', 'ENOMEM', 'ESTALE']) {
    for (const call of ['lstatSync', 'readdir', 'open'] as const) {
      const object = (call === 'lstatSync' ? fs : fs.promises) as unknown as Record<string, unknown>
      const real = object[call] as (...args: unknown[]) => unknown
      let failed = 0
      object[call] = (path: string, ...rest: unknown[]) => {
        const isMeant = path.endsWith(call === 'readdir' ? '/deep' : '/b')
        if (!isMeant) return real(path, ...rest)
        failed += 1
        const error = Object.assign(new Error(code), { code, syscall: call, path })
        if (call === 'lstatSync') throw error
        return Promise.reject(error)
      }
      syncBuiltinESMExports()
      try {
        const message = call === 'readdir' ? /\/deep: / : /\/deep\/b: /
        await t.rejects(folder.scan(nothingKnown), { name: 'TorcError', message }, `${code} of ${call}`)
      } finally {
        object[call] = real
        syncBuiltinESMExports()
      }
      t.ok(failed > 0)
    }
  }
  t.equal((await folder.scan(nothingKnown)).entries.size, 3)
})

t.test('the reading of a large file is told as it goes on, and can be stopped', async t => {
  const { folder, person } = await makeDisk(t)
  person.write('large', 'x'.repeat(1_000_000))
  const told: number[] = []
  await folder.scan({ ...nothingKnown, onProgress: (_, bytes) => told.push(bytes) })
  t.ok(told.length >= 4)
  t.equal(told.at(-1), 1_000_000)
  const stop = new AbortController()
  const stopped = folder.scan({
    ...nothingKnown,
    signal: stop.signal,
    onProgress: (_, bytes) => bytes > 0 && stop.abort(new Error('enough')),
  })
  await t.rejects(stopped, { message: 'enough' })
})

t.test('two writes within one tick of the clock are both seen', async t => {
  const { folder, person } = await makeDisk(t)
  person.write('a', 'aaaa')
  let known = await folder.scan(nothingKnown)
  for (let round = 0; round < 200; round++) {
    const text = String(1000 + round)
    person.write('a', text)
    const scan = await folder.scanAt(['a'], { known: name => known.entries.get(name) })
    t.equal(entryOf(scan, 'a').content.sha256, file(text).sha256)
    known = scan
  }
})

t.test('an old file is trusted, a new one is read once more', async t => {
  const { folder, person, directory } = await makeDisk(t)
  person.write('a', 'text')
  const young = entryOf(await folder.scan(nothingKnown), 'a').fingerprint
  t.match(young, /~[0-9a-f]{64}$/)
  fs.utimesSync(join(directory, 'a'), 1_600_000_000, 1_600_000_000)
  t.notMatch(entryOf(await folder.scan(nothingKnown), 'a').fingerprint, /~/)
})

t.test('what moves while the folder is walked is in the scan, at its new place only', async t => {
  const { folder, person, onStep } = await makeDisk(t)
  for (const name of ['a/1', 'm/2', 'z/3', 'z/deep/4', 'top']) person.write(name, name)
  let moved = false
  onStep(step => {
    if (step !== 'look' || moved) return
    moved = true
    person.rename('z', 'a/z')
    person.rename('m/2', 'a/2')
    person.rename('top', 'm/top')
    person.remove('a/1')
    person.write('a/1/now a folder', 'x')
  })
  const scan = await folder.scan(nothingKnown)
  const names = [
    'a/',
    'a/1/',
    'a/1/now a folder',
    'a/2',
    'a/z/',
    'a/z/3',
    'a/z/deep/',
    'a/z/deep/4',
    'm/',
    'm/top',
  ]
  t.strictSame(Array.from(scan.entries.keys()).sort(), names)
  t.equal(entryOf(scan, 'a/z/deep/4').content.sha256, file('z/deep/4').sha256)
  t.strictSame(scan.unstable, [])
})

t.test('a folder that never comes to rest does not keep the scan', async t => {
  const { folder, person, onStep } = await makeDisk(t)
  person.write('busy/a', '0')
  person.write('calm/b', '0')
  let count = 0
  onStep(step => {
    if (step === 'look') person.write(`busy/${count++}`, 'x')
  })
  const scan = await folder.scan(nothingKnown)
  t.ok(scan.unstable.includes('busy/'))
  t.ok(scan.entries.has('calm/b'))
})

t.test(
  'a link that takes the place of a folder while it is listed shows nothing of what it leads to',
  async t => {
    const { folder, person, directory } = await makeDisk(t)
    person.write('dir/a', '1')
    const promises = fs.promises as unknown as Record<string, unknown>
    const real = fs.promises.readdir as unknown as (...args: unknown[]) => Promise<unknown>
    promises['readdir'] = async (path: string, ...rest: unknown[]) => {
      if (path.endsWith('/dir')) {
        rmSync(path, { recursive: true })
        symlinkSync('../outside', path)
      }
      return real(path, ...rest)
    }
    syncBuiltinESMExports()
    t.teardown(() => {
      promises['readdir'] = real
      syncBuiltinESMExports()
    })
    const scan = await folder.scan(nothingKnown)
    t.equal(fs.readlinkSync(join(directory, 'dir')), '../outside')
    t.notOk(Array.from(scan.entries.keys()).some(name => name.includes('secret')))
  },
)

t.test('thousands of files that were made while nobody could listen are found by the next scan', async t => {
  const { folder, person } = await makeDisk(t)
  const marks = new Set<string>()
  const stop = await folder.watch(path => marks.add(path))
  // All within one turn of the event loop.
  for (let count = 0; count < 4_000; count++) person.write(`${count % 40}/${count}`, `${count}`)
  const scan = await folder.scan(nothingKnown)
  await stop()
  t.equal(scan.entries.size, 4_040)
  const again = await folder.scan({ known: name => scan.entries.get(name) })
  t.equal(JSON.stringify(told(again)), JSON.stringify(told(scan)))
})
