import fs, {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ChangeStep } from '../../src/sync/local/change-steps.js'
import { DiskFolder } from '../../src/sync/local/disk-folder.js'
import { fingerprintOf } from '../../src/sync/local/fingerprint.js'
import { type DiskUnderTest, diskOptions, makeDisk } from './disk-under-test.js'
import { bodyOf, carryOut, entryOf, file, link, nothingKnown } from './folder-under-test.js'
import { changeConformance } from './local-folder-changes.js'

async function fingerprint({ folder }: DiskUnderTest, name: string): Promise<string> {
  return entryOf(await folder.scan(nothingKnown), name).fingerprint
}

/** What is left in our own folder. */
function leftIn(directory: string): readonly string[] {
  return ['tmp', 'aside'].flatMap(name => readdirSync(join(directory, '.torc-sync', name)))
}

/** Takes a call of the file system's away, for this test. */
function breakCall(t: Test, call: string, code: string): void {
  const promises = fs.promises as unknown as Record<string, unknown>
  const real = promises[call]
  promises[call] = async () => Promise.reject(Object.assign(new Error(code), { code, syscall: call }))
  syncBuiltinESMExports()
  t.teardown(() => {
    promises[call] = real
    syncBuiltinESMExports()
  })
}

t.test('on a file system without links the same rules hold', async t => {
  breakCall(t, 'link', 'EPERM')
  changeConformance(t, makeDisk)
})

t.test('a disk that is full leaves the old file, and nothing beside it', async t => {
  for (const call of ['link', 'rename', 'copyFile', 'symlink']) {
    const subject = await makeDisk(t)
    const { folder, person, directory } = subject
    person.write('a', 'old')
    person.write('b', 'source')
    const from = { name: 'b', fingerprint: await fingerprint(subject, 'b'), sha256: file('source').sha256 }
    const expected = await fingerprint(subject, 'a')
    await t.test(call, async t => {
      breakCall(t, call, 'ENOSPC')
      const change = (): Promise<unknown> => {
        if (call === 'copyFile') return folder.copy(from, 'a', file('source'), 1, expected)
        if (call === 'symlink') return folder.write('a', link('b'), 1, bodyOf('b'), expected)
        return folder.write('a', file('new'), 1, bodyOf('new'), expected)
      }
      if (call === 'link') {
        // Without links nothing goes back either; the next start puts it there.
        await t.rejects(change(), { code: 'DISK_FULL' })
      } else {
        await t.rejects(change(), { code: 'DISK_FULL' })
        t.equal(person.read('a'), 'old')
        t.strictSame(leftIn(directory), [])
      }
    })
    await folder.recover()
    t.equal(person.read('a'), 'old')
    t.strictSame(leftIn(directory), [])
  }
})

t.test('who may read a file stays as it was; a new one is as the umask says', async t => {
  const subject = await makeDisk(t)
  const { folder, person, directory } = subject
  person.write('secret', 'old')
  fs.chmodSync(join(directory, 'secret'), 0o600)
  const mode = (name: string): number => fs.statSync(join(directory, name)).mode & 0o777
  await folder.write('secret', file('new', true), 1, bodyOf('new'), await fingerprint(subject, 'secret'))
  t.equal(mode('secret'), 0o700)
  await folder.setExecutable('secret', false, await fingerprint(subject, 'secret'))
  t.equal(mode('secret'), 0o600)
  const umask = process.umask(0o027)
  t.teardown(() => process.umask(umask))
  await folder.write('new', file('x'), 1, bodyOf('x'), undefined)
  await folder.write('run', file('x', true), 1, bodyOf('x'), undefined)
  t.strictSame([mode('new'), mode('run')], [0o640, 0o750])
})

t.test('somebody who has the old file open and writes to it keeps the last word', async t => {
  for (const does of ['write', 'remove'] as const) {
    for (const step of ['compare', 'place', 'clear'] as const) {
      const subject = await makeDisk(t)
      const { folder, person, directory } = subject
      person.write('a', 'old')
      const expected = await fingerprint(subject, 'a')
      const open = openSync(join(directory, 'a'), 'r+')
      let reached = false
      subject.onStep(at => {
        if (at !== step || reached) return
        reached = true
        writeSync(open, 'written late')
      })
      const outcome = await carryOut(folder, { does, name: 'a', text: 'new', expected })
      closeSync(open)
      if (!reached) continue
      t.equal(outcome, 'changed', `${does}, ${step}`)
      t.equal(person.read('a'), 'written late', `${does}, ${step}`)
      t.strictSame([person.list(), leftIn(directory)], [['a'], []])
    }
  }
})

t.test('an edit that no time shows is seen by its bytes', async t => {
  for (const does of ['write', 'remove'] as const) {
    const subject = await makeDisk(t)
    const { folder, person, directory } = subject
    const path = join(directory, 'a')
    person.write('a', 'aaaa')
    const seconds = Math.ceil(fs.lstatSync(path).ctimeMs / 1000)
    fs.utimesSync(path, seconds, seconds)
    const expected = await fingerprint(subject, 'a')
    subject.onStep(step => {
      if (step !== 'aside') return
      person.write('a', 'bbbb')
      fs.utimesSync(path, seconds, seconds)
    })
    t.equal(await carryOut(folder, { does, name: 'a', text: 'new', expected }), 'changed')
    t.equal(person.read('a'), 'bbbb')
  }
})

t.test('two edits that came in the same moment are both kept', async t => {
  const subject = await makeDisk(t)
  const { folder, person, directory } = subject
  person.write('dir/a.txt', 'old')
  const expected = await fingerprint(subject, 'dir/a.txt')
  subject.onStep(step => {
    if (step === 'aside') person.write('dir/a.txt', 'first')
    if (step === 'back') person.write('dir/a.txt', 'second')
  })
  t.equal(await carryOut(folder, { does: 'write', name: 'dir/a.txt', text: 'new', expected }), 'changed')
  t.equal(person.read('dir/a.txt'), 'second')
  t.equal(person.read('dir/a.kept-1.txt'), 'first')
  t.strictSame(leftIn(directory), [])
})

t.test('a folder that was made in place of the file in that moment goes back whole', async t => {
  const subject = await makeDisk(t)
  const { folder, person } = subject
  person.write('a', 'old')
  const expected = await fingerprint(subject, 'a')
  subject.onStep(step => {
    if (step !== 'aside') return
    person.remove('a')
    person.write('a/in/it', 'mine')
  })
  t.equal(await carryOut(folder, { does: 'write', name: 'a', text: 'new', expected }), 'changed')
  t.strictSame(person.list(), ['a/', 'a/in/', 'a/in/it'])
})

t.test('a folder that goes in that moment takes nothing with it that was not known', async t => {
  const subject = await makeDisk(t)
  const { folder, person, directory } = subject
  person.write('dir/a', 'old')
  const expected = await fingerprint(subject, 'dir/a')
  let edits = 0
  subject.onStep(step => {
    if (step === 'aside' && edits++ === 0) person.write('dir/a', 'mine')
    if (step === 'compare') person.remove('dir')
  })
  t.equal(await carryOut(folder, { does: 'write', name: 'dir/a', text: 'new', expected }), 'changed')
  t.equal(person.read('dir/a'), 'mine')
  subject.onStep(() => {})
  const next = await fingerprint(subject, 'dir/a')
  subject.onStep(step => {
    if (step === 'place') person.remove('dir')
  })
  t.equal(await carryOut(folder, { does: 'write', name: 'dir/a', text: 'new', expected: next }), 'changed')
  t.strictSame([person.list(), leftIn(directory)], [['dir/', 'dir/a'], []])
  t.equal(person.read('dir/a'), 'mine', 'an edit, which the new one is, beats a removal')
})

t.test('a link that takes the place of a folder leads nothing out', async t => {
  const steps: readonly ChangeStep[] = ['check', 'make', 'aside', 'place']
  for (const step of steps) {
    const subject = await makeDisk(t)
    const { folder, person, directory } = subject
    person.write('dir/a', 'old')
    if (step !== 'place') writeFileSync(join(directory, '../outside/a'), 'theirs')
    const expected = await fingerprint(subject, 'dir/a')
    subject.onStep(reached => {
      if (reached !== step) return
      renameSync(join(directory, 'dir'), join(directory, 'was'))
      symlinkSync('../outside', join(directory, 'dir'))
    })
    const outcome = await carryOut(folder, { does: 'write', name: 'dir/a', text: 'new', expected }).catch(
      error => error.code,
    )
    t.ok(['changed', 'FILE_ACCESS'].includes(outcome), outcome)
    subject.onStep(() => {})
    t.equal(
      await folder.remove('dir/a', expected),
      'removed',
      'it is not there: what is behind a link is not ours',
    )
    await t.rejects(folder.write('dir/b', file('x'), 1, bodyOf('x'), undefined), { code: 'FILE_ACCESS' })
    await t.rejects(folder.makeFolder('dir/c/'), { code: 'FILE_ACCESS' })
    t.equal(await folder.read('dir/a', expected), 'changed')
    const outside = join(directory, '../outside')
    t.strictSame(readdirSync(outside).sort(), step === 'place' ? ['secret'] : ['a', 'secret'])
    if (step !== 'place') t.equal(fs.readFileSync(join(outside, 'a'), 'utf8'), 'theirs')
  }
})

t.test('a link in place of the file itself is neither followed nor lost', async t => {
  const subject = await makeDisk(t)
  const { folder, person, directory } = subject
  person.write('a', 'old')
  const expected = await fingerprint(subject, 'a')
  person.remove('a')
  person.link('a', '../outside/secret')
  t.equal(await folder.write('a', file('x'), 1, bodyOf('x'), expected), 'changed')
  t.equal(await folder.setExecutable('a', true, expected), 'changed')
  t.equal(await folder.remove('a', expected), 'changed')
  const from = { name: 'a', fingerprint: expected, sha256: file('secret').sha256 }
  t.equal(await folder.copy(from, 'b', file('secret'), 1, undefined), 'changed')
  t.equal(person.read('a'), '../outside/secret')
  t.equal(fs.statSync(join(directory, '../outside/secret')).mode & 0o111, 0)
  t.strictSame(person.list(), ['a'])
})

t.test('a start heals whatever a crash left aside', async t => {
  const subject = await makeDisk(t)
  const { folder, person, directory } = subject
  const aside = join(directory, '.torc-sync/aside')
  person.write('known', 'the store has it')
  const expected = fingerprintOf(fs.lstatSync(join(directory, 'known'), { bigint: true }))
  const lay = (id: string, name: string, move: () => void): void => {
    const parts = name.split('/')
    mkdirSync(join(aside, `${id},${parts.length},${expected}`, ...parts.slice(0, -1)), { recursive: true })
    move()
  }
  const at = (id: string, name: string): string =>
    join(aside, `${id},${name.split('/').length},${expected}`, name)
  // Aside, and something else under the name since: what the store has may go.
  lay('1', 'known', () => renameSync(join(directory, 'known'), at('1', 'known')))
  person.write('known', 'new')
  // Aside, but it is not what was expected.
  lay('2', 'dir/edited', () => writeFileSync(at('2', 'dir/edited'), 'edited'))
  person.write('dir/edited', 'and once more')
  lay('3', 'gone/deep/edited', () => writeFileSync(at('3', 'gone/deep/edited'), 'edited too'))
  lay('4', 'a/folder', () => mkdirSync(join(at('4', 'a/folder'), 'with'), { recursive: true }))
  // Before the rename.
  lay('5', 'not/there/yet', () => {})
  // A file took the place of its folder.
  lay('6', 'file/in', () => writeFileSync(at('6', 'file/in'), 'below'))
  person.write('file', 'a file')
  // Back already, but the second name was not taken away.
  lay('7', 'back', () => writeFileSync(at('7', 'back'), 'back'))
  fs.linkSync(at('7', 'back'), join(directory, 'back'))
  writeFileSync(join(directory, '.torc-sync/tmp/half'), 'half')
  mkdirSync(join(aside, 'not ours'))
  await folder.recover()
  await folder.recover()
  const found = person.list().map(name => `${name} ${person.read(name.replace(/\/$/, '')) ?? ''}`.trim())
  t.strictSame(found, [
    'a/',
    'a/folder/',
    'a/folder/with/',
    'back back',
    'dir/',
    'dir/edited and once more',
    'dir/edited.kept-1 edited',
    'file a file',
    'gone/',
    'gone/deep/',
    'gone/deep/edited edited too',
    'in below',
    'known new',
  ])
  t.strictSame(leftIn(directory), ['not ours'], 'what we did not make is left alone')
})

t.test('many changes at once do not disturb each other', async t => {
  const { folder, person, directory } = await makeDisk(t)
  const names = Array.from({ length: 60 }, (_, index) => `${index % 3}/deep/${index}`)
  const all = await Promise.all(
    names.map(name => folder.write(name, file(name), 1_600_000_000_000, bodyOf(name), undefined)),
  )
  t.ok(all.every(outcome => outcome !== 'changed'))
  const scan = await folder.scan(nothingKnown)
  const again = await Promise.all(
    names.map((name, index) => {
      const { fingerprint } = entryOf(scan, name)
      return index % 2 === 0
        ? folder.remove(name, fingerprint)
        : folder.write(name, file('new'), 1, bodyOf('new'), fingerprint)
    }),
  )
  t.notOk(again.includes('changed'))
  t.equal(person.list().filter(name => !name.endsWith('/')).length, 30)
  t.strictSame(leftIn(directory), [])
})

t.test('a body that is not wanted is closed', async t => {
  const { folder, person } = await makeDisk(t)
  person.write('a', 'there')
  let closed = false
  const body: AsyncIterableIterator<Uint8Array> = {
    next: async () => ({ done: true, value: undefined }),
    async return() {
      closed = true
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => body,
  }
  t.equal(await folder.write('a', file('x'), 1, body, undefined), 'changed')
  t.ok(closed)
})

t.test('a target that is no link for this machine is refused', async t => {
  const { folder, directory } = await makeDisk(t)
  const unknown = { ...link(''), sha256: '' }
  async function* bytes(...values: number[]): AsyncGenerator<Uint8Array> {
    yield Uint8Array.from(values)
  }
  await t.rejects(folder.write('l', unknown, 1, bytes(0xff, 0xfe), undefined), { code: 'FILE_ACCESS' })
  await t.rejects(folder.write('l', unknown, 1, bodyOf('x'.repeat(5000)), undefined), { code: 'FILE_ACCESS' })
  t.strictSame(leftIn(directory), [])
  t.notOk(existsSync(join(directory, 'l')))
  const reopened = await DiskFolder.open(directory, diskOptions)
  t.equal((await reopened.scan(nothingKnown)).entries.size, 0)
})
