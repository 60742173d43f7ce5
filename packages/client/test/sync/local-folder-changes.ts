import type { Test } from 'tap'
import type { ChangeStep } from '../../src/sync/local/change-steps.js'
import { type Fingerprint, folderContent } from '../../src/sync/trees/entry.js'
import {
  bodyOf,
  carryOut,
  contents,
  entryOf,
  type FolderUnderTest,
  file,
  link,
  nothingKnown,
  told,
} from './folder-under-test.js'
import type { MakeFolder } from './local-folder-conformance.js'

const then = 1_600_000_000_123

async function fingerprint({ folder }: FolderUnderTest, name: string): Promise<Fingerprint> {
  return entryOf(await folder.scan(nothingKnown), name).fingerprint
}

/** The rules of changes that every folder must keep. */
export function changeConformance(t: Test, make: MakeFolder): void {
  t.test('a new file is there whole, with its time and mode; a scan then knows it', async t => {
    const { folder, person } = await make(t)
    const content = file('two pieces', true)
    const outcome = await folder.write('a/b/c', content, then, bodyOf('two ', 'pieces'), undefined)
    if (outcome === 'changed') throw new Error('nothing was there')
    t.same(outcome.done.content, content)
    t.equal(person.read('a/b/c'), 'two pieces')
    t.equal(Math.round(person.mtimeMs('a/b/c') ?? 0), then)
    t.equal(Math.round(outcome.done.mtimeMs), then)
    const scan = await folder.scan({
      known: name => (name === 'a/b/c' ? { ...outcome.done, content: file('as known') } : undefined),
    })
    t.equal(
      entryOf(scan, 'a/b/c').content.sha256,
      file('as known').sha256,
      'the fingerprint is that of the file',
    )
    t.strictSame(person.list(), ['a/', 'a/b/', 'a/b/c'])
  })

  t.test('nothing is written over what was not expected', async t => {
    const subject = await make(t)
    const { folder, person } = subject
    person.write('there', 'mine')
    person.makeFolder('dir')
    t.equal(await folder.write('there', file('x'), then, bodyOf('x'), undefined), 'changed')
    t.equal(await folder.write('dir', file('x'), then, bodyOf('x'), undefined), 'changed')
    const old = await fingerprint(subject, 'there')
    person.write('there', 'mine, edited')
    t.equal(await folder.write('there', file('x'), then, bodyOf('x'), old), 'changed')
    person.remove('there')
    t.equal(await folder.write('there', file('x'), then, bodyOf('x'), old), 'changed')
    person.makeFolder('there')
    t.equal(await folder.write('there', file('x'), then, bodyOf('x'), old), 'changed')
    t.strictSame(person.list(), ['dir/', 'there/'])
  })

  t.test('a file is replaced where it is what was expected', async t => {
    const subject = await make(t)
    const { folder, person } = subject
    person.write('a', 'old')
    const outcome = await folder.write('a', file('new'), then, bodyOf('new'), await fingerprint(subject, 'a'))
    if (outcome === 'changed') throw new Error('nothing changed')
    t.equal(person.read('a'), 'new')
    const again = await folder.write('a', file('newer'), then, bodyOf('newer'), outcome.done.fingerprint)
    t.not(again, 'changed')
    t.equal(person.read('a'), 'newer')
    t.strictSame(person.list(), ['a'])
  })

  t.test('bytes that are not those announced are not taken', async t => {
    const subject = await make(t)
    const { folder, person } = subject
    person.write('a', 'old')
    const old = await fingerprint(subject, 'a')
    await t.rejects(folder.write('a', file('new'), then, bodyOf('damaged'), old), { code: 'CHECKSUM' })
    await t.rejects(folder.write('b', file('new'), then, bodyOf('damaged'), undefined), { code: 'CHECKSUM' })
    t.strictSame(person.list(), ['a'])
    t.equal(person.read('a'), 'old')
    const unknown = { ...file('?'), sha256: '' }
    const outcome = await folder.write('b', unknown, then, bodyOf('bytes'), undefined)
    if (outcome === 'changed') throw new Error('nothing was there')
    t.same(outcome.done.content, file('bytes'), 'where no hash is known, it is that of what was written')
  })

  t.test('a body that breaks leaves all as it was', async t => {
    const subject = await make(t)
    const { folder, person } = subject
    person.write('a', 'old')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half')
      throw new Error('the connection broke')
    }
    const old = await fingerprint(subject, 'a')
    await t.rejects(folder.write('a', file('new'), then, broken(), old), { message: /broke/ })
    t.equal(person.read('a'), 'old')
    t.equal(await fingerprint(subject, 'a'), old)
  })

  t.test('links are written as links, and none that leads out', async t => {
    const subject = await make(t)
    const { folder, person } = subject
    const outcome = await folder.write('a/l', link('../x'), then, bodyOf('../x'), undefined)
    if (outcome === 'changed') throw new Error('nothing was there')
    t.same(outcome.done.content, link('../x'))
    t.strictSame(
      told(await folder.scan(nothingKnown)),
      contents({ 'a/': folderContent, 'a/l': link('../x') }),
    )
    const old = await fingerprint(subject, 'a/l')
    t.not(await folder.write('a/l', link('y'), then, bodyOf('y'), old), 'changed')
    t.equal(person.read('a/l'), 'y')
    for (const target of ['../../x', '/etc/passwd', 'b/../../../x', '']) {
      await t.rejects(folder.write('a/m', link(target), then, bodyOf(target), undefined), {
        code: 'FILE_ACCESS',
      })
    }
    t.strictSame(person.list(), ['a/', 'a/l'])
  })

  t.test('names that could leave the folder are refused', async t => {
    const { folder, person } = await make(t)
    const refused = { code: 'BAD_REQUEST' }
    for (const name of ['../x', 'a/../../x', '/x', 'a//b', './x', 'a/./b', 'nul\0', '..', '']) {
      await t.rejects(folder.write(name, file('x'), then, bodyOf('x'), undefined), refused)
      await t.rejects(folder.remove(name, undefined), refused)
      await t.rejects(folder.makeFolder(`${name}/`), refused)
    }
    for (const name of ['.torc-sync', '.torc-sync/journal', 'a/.torc-sync/x']) {
      await t.rejects(folder.write(name, file('x'), then, bodyOf('x'), undefined), refused)
    }
    t.strictSame(person.list(), [])
  })

  t.test('a file in the way of a folder is not replaced', async t => {
    const { folder, person } = await make(t)
    person.write('a', 'file')
    await t.rejects(folder.write('a/b', file('x'), then, bodyOf('x'), undefined), { code: 'FILE_ACCESS' })
    t.equal(await folder.makeFolder('a/'), 'changed')
    t.equal(person.read('a'), 'file')
  })

  t.test('folders are made and removed; one that holds something stays', async t => {
    const { folder, person } = await make(t)
    const outcome = await folder.makeFolder('a/b/')
    if (outcome === 'changed') throw new Error('nothing was there')
    t.same(outcome.done.content, folderContent)
    t.not(await folder.makeFolder('a/b/'), 'changed', 'there already')
    person.write('.torcignore', 'left')
    person.write('a/b/left', 'ignored')
    await folder.scan(nothingKnown)
    t.equal(await folder.remove('a/b/', outcome.done.fingerprint), 'changed')
    person.remove('a/b/left')
    t.equal(await folder.remove('a/b/', outcome.done.fingerprint), 'removed')
    t.equal(await folder.remove('a/b/', outcome.done.fingerprint), 'removed', 'gone already')
    t.strictSame(person.list(), ['.torcignore', 'a/'])
    person.write('f', 'x')
    t.equal(await folder.remove('f/', undefined), 'removed', 'a file is not the folder')
    t.equal(person.read('f'), 'x')
  })

  t.test('a file is removed where it is what was expected', async t => {
    const subject = await make(t)
    const { folder, person } = subject
    person.write('a', '1')
    person.write('b', '1')
    const [a, b] = [await fingerprint(subject, 'a'), await fingerprint(subject, 'b')]
    person.write('b', '2')
    t.equal(await folder.remove('a', a), 'removed')
    t.equal(await folder.remove('a', a), 'removed', 'gone already')
    t.equal(await folder.remove('b', b), 'changed')
    t.equal(await folder.remove('b', undefined), 'changed', 'nothing was expected')
    t.strictSame(person.list(), ['b'])
  })

  t.test('bytes are copied from another name, while they are what was promised', async t => {
    const subject = await make(t)
    const { folder, person } = subject
    person.write('from', 'bytes')
    const from = {
      name: 'from',
      fingerprint: await fingerprint(subject, 'from'),
      sha256: file('bytes').sha256,
    }
    const outcome = await folder.copy(from, 'to/here', file('bytes', true), then, undefined)
    if (outcome === 'changed') throw new Error('nothing changed')
    t.same(outcome.done.content, file('bytes', true))
    t.equal(person.read('to/here'), 'bytes')
    t.equal(Math.round(person.mtimeMs('to/here') ?? 0), then)
    t.equal(
      await folder.copy(from, 'to/here', file('bytes'), then, undefined),
      'changed',
      'something is there',
    )
    const wrong = { ...from, sha256: file('other').sha256 }
    t.equal(await folder.copy(wrong, 'to/there', file('other'), then, undefined), 'changed')
    person.write('from', 'edited')
    t.equal(await folder.copy(from, 'to/there', file('bytes'), then, undefined), 'changed')
    t.strictSame(person.list(), ['from', 'to/', 'to/here'])
  })

  t.test('who may execute a file is changed without its bytes', async t => {
    const subject = await make(t)
    const { folder, person } = subject
    person.write('a', '1')
    const outcome = await folder.setExecutable('a', true, await fingerprint(subject, 'a'))
    if (outcome === 'changed') throw new Error('nothing changed')
    t.same(outcome.done.content, file('1', true))
    t.same(entryOf(await folder.scan(nothingKnown), 'a').content, file('1', true))
    const back = await folder.setExecutable('a', false, outcome.done.fingerprint)
    t.match(back, { done: { content: file('1', false) } })
    t.equal(await folder.setExecutable('a', true, outcome.done.fingerprint), 'changed')
    t.equal(await folder.setExecutable('none', true, outcome.done.fingerprint), 'changed')
    person.write('a', 'longer')
    t.equal(person.read('a'), 'longer')
  })

  const steps: readonly ChangeStep[] = ['check', 'make', 'aside', 'compare', 'place', 'clear']

  for (const step of steps) {
    t.test(`an edit in the moment before '${step}' is never lost`, async t => {
      const edits: readonly (readonly [string, (path: string) => void])[] = [
        ['edited', path => subject.person.write(path, 'mine!')],
        [
          'saved by rename',
          path => {
            subject.person.write('save', 'mine!')
            subject.person.rename('save', path)
          },
        ],
      ]
      const subject = await make(t)
      for (const [how, edit] of edits) {
        for (const does of ['write', 'remove'] as const) {
          const { folder, person } = subject
          person.write('a', 'older')
          const expected = await fingerprint(subject, 'a')
          let edited = false
          subject.onStep(reached => {
            if (reached !== step || edited) return
            edited = true
            edit('a')
          })
          const change =
            does === 'write'
              ? ({ does, name: 'a', text: 'newer', expected } as const)
              : ({ does, name: 'a', expected } as const)
          const outcome = await carryOut(folder, change)
          subject.onStep(() => {})
          if (edited) t.equal(person.read('a'), 'mine!', `${how}, ${does}`)
          else t.equal(outcome, 'done', `${step} is no step of ${does}`)
          // What the scan tells then is what is there, so that nothing counts as synced that is not.
          if (edited) t.same(entryOf(await folder.scan(nothingKnown), 'a').content, file('mine!'))
          if (edited) person.remove('a')
          else if (does === 'write') person.remove('a')
          t.strictSame(person.list(), [], `${how}, ${does}`)
        }
      }
    })

    t.test(`a file that is made in the moment before '${step}' is never lost`, async t => {
      const subject = await make(t)
      const { folder, person } = subject
      let made = false
      subject.onStep(reached => {
        if (reached !== step) return
        made = true
        person.write('a', 'mine!')
      })
      const outcome = await carryOut(folder, { does: 'write', name: 'a', text: 'newer' })
      subject.onStep(() => {})
      if (made) t.equal(person.read('a'), 'mine!')
      if (made && step !== 'clear') t.equal(outcome, 'changed')
      if (!made) t.equal(outcome, 'done')
    })

    t.test(`a process that is killed before '${step}' leaves the old or the new`, async t => {
      for (const does of ['write', 'remove'] as const) {
        const subject = await make(t)
        subject.person.write('deep/er/a', 'older')
        const expected = await fingerprint(subject, 'deep/er/a')
        const name = 'deep/er/a'
        await subject.crashAt(
          step,
          does === 'write' ? { does, name, text: 'newer', expected } : { does, name, expected },
        )
        const next = await subject.reopen()
        await next.recover()
        const found = subject.person.read(name)
        const possible = does === 'write' ? ['older', 'newer'] : ['older', undefined]
        t.ok(possible.includes(found), `${does}: ${found}`)
        const kept = found === undefined ? [] : [name]
        t.strictSame(subject.person.list(), ['deep/', 'deep/er/', ...kept], 'nothing is left beside it')
        await next.recover()
        t.equal(subject.person.read(name), found, 'once healed, nothing more happens')
      }
    })

    t.test(`a new file whose process is killed before '${step}' is there whole or not at all`, async t => {
      const subject = await make(t)
      await subject.crashAt(step, { does: 'write', name: 'a', text: 'newer' })
      const next = await subject.reopen()
      await next.recover()
      t.ok([undefined, 'newer'].includes(subject.person.read('a')))
      const names = (await next.scan(nothingKnown)).entries
      t.ok(Array.from(names.keys()).every(name => name === 'a'))
    })
  }

  t.test('a crash between an edit and its return keeps both, whoever came after', async t => {
    const subject = await make(t)
    const { person } = subject
    person.write('a', 'older')
    const expected = await fingerprint(subject, 'a')
    await subject.crashAt('compare', { does: 'write', name: 'a', text: 'newer', expected })
    t.equal(person.read('a'), undefined, 'it is aside')
    person.write('a', 'made after the crash')
    const next = await subject.reopen()
    await next.recover()
    t.equal(person.read('a'), 'made after the crash')
    t.strictSame(person.list(), ['a'], 'the store has what was aside')
  })
}
