import type { Test } from 'tap'
import { folderContent } from '../../src/sync/trees/entry.js'
import {
  bodyOf,
  contents,
  entryOf,
  type FolderOptions,
  type FolderUnderTest,
  file,
  link,
  nothingKnown,
  textOf,
  told,
} from './folder-under-test.js'

export type MakeFolder = (t: Test, options?: FolderOptions) => Promise<FolderUnderTest>

const then = 1_600_000_000_000

/** The rules of scans that every folder must keep. */
export function scanConformance(t: Test, make: MakeFolder): void {
  t.test('a scan tells files, folders and links', async t => {
    const { folder, person } = await make(t)
    person.write('a/b.txt', 'text')
    person.write('run', 'x')
    person.chmod('run', true)
    person.makeFolder('empty')
    person.link('a/link', '../run')
    person.write('leer und ü', '')
    const scan = await folder.scan(nothingKnown)
    t.strictSame(
      told(scan),
      contents({
        'a/': folderContent,
        'a/b.txt': file('text'),
        'a/link': link('../run'),
        'empty/': folderContent,
        'leer und ü': file(''),
        run: file('x', true),
      }),
    )
    t.equal(entryOf(scan, 'a/link').content.size, 6)
    t.strictSame([scan.refused, scan.unstable], [[], []])
  })

  t.test('what has not changed is not read again; what has is', async t => {
    const { folder, person } = await make(t)
    // With an old time: a file that was written just now is read once more, since a second write might not show.
    await folder.write('same', file('1'), then, bodyOf('1'), undefined)
    person.write('touched', '2')
    person.write('other', '3')
    const first = await folder.scan(nothingKnown)
    person.touch('touched')
    person.write('other', '4')
    const remembered = file('as remembered')
    const second = await folder.scan({
      known: name => {
        const entry = first.entries.get(name)
        return entry === undefined ? undefined : { ...entry, content: remembered }
      },
    })
    t.same(entryOf(second, 'same').content, remembered)
    t.same(entryOf(second, 'touched').content, file('2'))
    t.same(entryOf(second, 'other').content, file('4'))
    t.not(entryOf(second, 'touched').fingerprint, entryOf(first, 'touched').fingerprint)
  })

  t.test('rules of .torcignore hold at once, in the words of gitignore', async t => {
    const { folder, person } = await make(t)
    person.write('keep.txt', '1')
    person.write('a.tmp', '1')
    person.write('deep/b.tmp', '1')
    person.write('deep/important.tmp', '1')
    person.write('node_modules/x/y.js', '1')
    person.write('build', 'a file: the rule is for folders')
    person.write('Upper.TMP', 'letters of another case are others')
    person.write('.torcignore', '# ours\n*.tmp\n!important.tmp\nnode_modules/\nbuild/\n')
    const scan = await folder.scan(nothingKnown)
    t.strictSame(Array.from(scan.entries.keys()).sort(), [
      '.torcignore',
      'Upper.TMP',
      'build',
      'deep/',
      'deep/important.tmp',
      'keep.txt',
    ])
    t.strictSame(scan.refused, [], 'nobody has to hear of it')
    t.ok(folder.ignores('node_modules/'))
    t.ok(folder.ignores('node_modules/x/y.js'))
    t.ok(folder.ignores('new.tmp'))
    t.notOk(folder.ignores('build'))
    t.strictSame(await folder.scanAt(['node_modules/x', 'a.tmp'], nothingKnown).then(told), {})
    person.write('.torcignore', '')
    t.ok((await folder.scan(nothingKnown)).entries.has('a.tmp'))
    t.notOk(folder.ignores('a.tmp'))
    person.remove('.torcignore')
    t.ok((await folder.scan(nothingKnown)).entries.has('node_modules/x/y.js'))
  })

  t.test('our own folder and half-written files of other commands are left alone', async t => {
    const { folder, person } = await make(t)
    person.write('inner/.torc-sync/journal', 'of a folder that is synced on its own')
    person.write('.b.txt.0123456789ab.torc', 'half')
    person.write('inner/x', '1')
    t.strictSame(Array.from((await folder.scan(nothingKnown)).entries.keys()).sort(), ['inner/', 'inner/x'])
    t.ok(folder.ignores('.torc-sync/'))
    t.ok(folder.ignores('.torc-sync/journal'))
    t.strictSame(told(await folder.scanAt(['inner/.torc-sync', '.torc-sync'], nothingKnown)), {})
  })

  t.test('links that lead out of the folder are refused', async t => {
    const { folder, person } = await make(t)
    person.makeFolder('a/b')
    person.write('a/file', '1')
    person.link('out', '../secret')
    person.link('absolute', '/etc/passwd')
    person.link('a/b/up', '../../../x')
    person.link('a/b/in', '../file')
    person.link('a/b/root', '../..')
    person.link('dangling', 'nothing')
    person.link('round', 'a/../../x')
    const scan = await folder.scan(nothingKnown)
    t.strictSame(scan.refused.map(({ name }) => name).sort(), ['a/b/up', 'absolute', 'out', 'round'])
    for (const { reason, hint } of scan.refused) t.match([reason, hint], [/leads out/, /\.torcignore/])
    for (const name of ['a/b/in', 'a/b/root', 'dangling']) t.equal(entryOf(scan, name).content.kind, 'link')
  })

  t.test('links are never followed', async t => {
    const { folder, person } = await make(t)
    person.write('real/x', '1')
    person.link('way', 'real')
    t.notOk((await folder.scan(nothingKnown)).entries.has('way/x'))
    t.strictSame(told(await folder.scanAt(['way/x'], nothingKnown)), {}, 'nothing is behind a link')
    await t.rejects(folder.write('way/y', file('2'), then, bodyOf('2'), undefined), { code: 'FILE_ACCESS' })
    t.strictSame(person.list(), ['real/', 'real/x', 'way'])
  })

  t.test('links are skipped where that was asked for', async t => {
    const { folder, person } = await make(t, { links: 'skip' })
    person.write('x', '1')
    person.link('y', 'x')
    const scan = await folder.scan(nothingKnown)
    t.strictSame(Array.from(scan.entries.keys()), ['x'])
    t.match(scan.refused, [{ name: 'y', silent: true }])
    await t.rejects(folder.write('z', link('x'), then, bodyOf('x'), undefined), { code: 'FILE_ACCESS' })
  })

  t.test('a file that changes while it is read is told as unstable', async t => {
    const { folder, person, onStep } = await make(t)
    person.write('busy', 'one')
    person.write('calm', 'one')
    onStep((step, name) => {
      if (step === 'look' && name === 'busy') person.write('busy', 'two')
    })
    const scan = await folder.scan(nothingKnown)
    t.strictSame(Array.from(scan.entries.keys()), ['calm'])
    t.strictSame(scan.unstable, ['busy'])
    onStep(() => {})
    t.equal(entryOf(await folder.scan(nothingKnown), 'busy').content.sha256, file('two').sha256)
  })

  t.test('a file that goes while it is read is not there', async t => {
    const { folder, person, onStep } = await make(t)
    person.write('goes', 'one')
    onStep(step => {
      if (step === 'look') person.remove('goes')
    })
    const scan = await folder.scan(nothingKnown)
    t.strictSame([scan.entries.size, scan.refused, scan.unstable], [0, [], []])
  })

  t.test('a scan of some paths tells these and what is below, and nothing else', async t => {
    const { folder, person } = await make(t)
    person.write('a/x', '1')
    person.write('a/b/y', '2')
    person.write('ab', '3')
    person.write('other/z', '4')
    const at = async (...paths: string[]): Promise<string[]> =>
      Array.from((await folder.scanAt(paths, nothingKnown)).entries.keys()).sort()
    t.strictSame(await at('a'), ['a/', 'a/b/', 'a/b/y', 'a/x'])
    t.strictSame(await at('a/b', 'a', 'a/b/y'), ['a/', 'a/b/', 'a/b/y', 'a/x'])
    t.strictSame(await at('a/b/y', 'ab'), ['a/b/y', 'ab'])
    t.strictSame(await at('ab/none', 'none', 'a/none/deeper', 'x'), [], 'not there')
    t.strictSame(await at('other/'), ['other/', 'other/z'])
    t.strictSame(await at('a', ''), ['a/', 'a/b/', 'a/b/y', 'a/x', 'ab', 'other/', 'other/z'])
    t.strictSame(await at(), [])
  })

  t.test('a scan that is stopped ends', async t => {
    const { folder, person } = await make(t)
    person.write('a', '1')
    await t.rejects(folder.scan({ ...nothingKnown, signal: AbortSignal.abort(new Error('stop')) }), {
      message: 'stop',
    })
  })

  t.test('the bytes of a name can be read more than once, until it changes', async t => {
    const { folder, person } = await make(t)
    person.write('a', 'bytes')
    person.link('l', 'a')
    const scan = await folder.scan(nothingKnown)
    const body = await folder.read('a', entryOf(scan, 'a').fingerprint)
    const target = await folder.read('l', entryOf(scan, 'l').fingerprint)
    if (body === 'changed' || target === 'changed') throw new Error('nothing changed')
    t.equal(await textOf(body), 'bytes')
    t.equal(await textOf(body), 'bytes')
    t.equal(await textOf(target), 'a')
    const half = body[Symbol.asyncIterator]()
    await half.next()
    person.write('a', 'other bytes')
    await t.rejects(textOf({ [Symbol.asyncIterator]: () => half }), { code: 'CONFLICT' })
    await t.rejects(textOf(body), { code: 'CONFLICT' })
    t.equal(await folder.read('a', entryOf(scan, 'a').fingerprint), 'changed')
    t.equal(await folder.read('none', entryOf(scan, 'a').fingerprint), 'changed')
  })

  t.test('the watcher marks what a person does', async t => {
    const { folder, person } = await make(t)
    const waiting = new Set<string>(['a', 'b/c'])
    const stop = await new Promise<() => Promise<void>>((resolve, reject) => {
      let started: (() => Promise<void>) | undefined
      folder
        .watch(path => {
          for (const each of [...waiting])
            if (each === path || each.startsWith(`${path}/`)) waiting.delete(each)
          if (waiting.size === 0 && started !== undefined) resolve(started)
        })
        .then(stop => {
          started = stop
          person.write('a', '1')
          person.write('b/c', '1')
          if (waiting.size === 0) resolve(stop)
        }, reject)
    })
    await stop()
    t.equal(waiting.size, 0)
  })
}
