import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { DiskSharedFiles } from '../../src/shared-path/disk-shared-files.js'

/** A root, and a secret beside it that no path may reach. */
function setUp(base: string, descriptors?: string) {
  const root = join(base, 'root')
  const outside = join(base, 'outside')
  mkdirSync(join(root, 'folder'), { recursive: true })
  mkdirSync(outside)
  writeFileSync(join(root, 'file'), 'contents')
  writeFileSync(join(outside, 'secret'), 'secret')
  const files = new DiskSharedFiles([{ name: 'r', directory: root }], systemRandom, descriptors)
  return { root, outside, files }
}

async function readAll(files: DiskSharedFiles, path: string): Promise<string> {
  const file = await files.openToRead(path)
  try {
    const pieces: Uint8Array[] = []
    for await (const piece of file.pieces) pieces.push(piece)
    return Buffer.concat(pieces).toString()
  } finally {
    await file.close()
  }
}

async function writeAll(files: DiskSharedFiles, path: string, text: string): Promise<void> {
  const writer = await files.openToWrite(path)
  await writer.write(Buffer.from(text))
  await writer.commit()
}

for (const [system, descriptors] of [
  ['with /proc', undefined],
  ['without /proc', '/nowhere'],
] as const) {
  t.test(system, async t => {
    t.test('reads', async t => {
      const { files, root } = setUp(t.testdir(), descriptors)
      t.equal(await readAll(files, join(root, 'file')), 'contents')
      t.equal(await readAll(files, 'r:file'), 'contents')
      t.equal((await files.openToRead('r:file').then(async file => [file.size, await file.close()]))[0], 8)
      writeFileSync(join(root, 'big'), Buffer.alloc(700_000, 'x'))
      t.equal((await readAll(files, 'r:big')).length, 700_000)
      await t.rejects(files.openToRead('r:absent'), { code: 'FILE_NOT_FOUND' })
      await t.rejects(files.openToRead('r:folder'), { code: 'NOT_A_FILE' })
      await t.rejects(files.openToRead('r:file/below'), { code: 'NOT_A_FILE' })
      execFileSync('mkfifo', [join(root, 'pipe')])
      await t.rejects(files.openToRead('r:pipe'), { code: 'NOT_A_FILE' })
    })

    t.test('writes: seen when whole', async t => {
      const { files, root } = setUp(t.testdir(), descriptors)
      const writer = await files.openToWrite('r:folder/new')
      await writer.write(Buffer.from('half'))
      t.notOk(readdirSync(join(root, 'folder')).includes('new'))
      await writer.write(Buffer.from(' and half'))
      await writer.commit()
      t.equal(readFileSync(join(root, 'folder/new'), 'utf8'), 'half and half')
      await writeAll(files, join(root, 'folder/new'), 'again')
      t.equal(readFileSync(join(root, 'folder/new'), 'utf8'), 'again')
      t.strictSame(readdirSync(join(root, 'folder')), ['new'], 'no temporary file is left')
      const dropped = await files.openToWrite('r:folder/dropped')
      await dropped.write(Buffer.from('x'))
      await dropped.abort()
      t.strictSame(readdirSync(join(root, 'folder')), ['new'])
      await t.rejects(files.openToWrite('r:folder'), { code: 'NOT_A_FILE' })
      await t.rejects(files.openToWrite('r:'), { code: 'NOT_A_FILE' })
      await t.rejects(files.openToWrite('r:x/'), { code: 'NOT_A_FILE' })
      await t.rejects(files.openToWrite('r:absent/x'), { code: 'FILE_NOT_FOUND' })
      await t.rejects(files.openToWrite('r:file/x'), { code: 'NOT_A_FILE' })
    })

    t.test('symlinks: inside yes, outside never', async t => {
      const { files, root, outside } = setUp(t.testdir(), descriptors)
      symlinkSync(join(root, 'file'), join(root, 'inner'))
      symlinkSync(join(outside, 'secret'), join(root, 'outer'))
      symlinkSync(outside, join(root, 'way'))
      symlinkSync('loop', join(root, 'loop'))
      t.equal(await readAll(files, 'r:inner'), 'contents')
      for (const path of [
        'r:outer',
        'r:way/secret',
        'r:loop',
        'r:../outside/secret',
        join(outside, 'secret'),
      ]) {
        await t.rejects(files.openToRead(path), { code: 'PATH_DENIED' }, path)
      }
      for (const path of ['r:way/new', 'r:../outside/new', join(outside, 'new')]) {
        await t.rejects(files.openToWrite(path), { code: 'PATH_DENIED' }, path)
      }
      await writeAll(files, 'r:outer', 'mine')
      t.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'secret', 'a symlink is replaced, not followed')
      t.equal(readFileSync(join(root, 'outer'), 'utf8'), 'mine')
    })

    t.test('a directory that is swapped for a symlink while it is written to', async t => {
      const { files, root, outside } = setUp(t.testdir(), descriptors)
      const writer = await files.openToWrite('r:folder/new')
      await writer.write(Buffer.from('x'))
      renameSync(join(root, 'folder'), join(root, 'moved'))
      symlinkSync(outside, join(root, 'folder'))
      if (descriptors === undefined) {
        await writer.commit()
        t.equal(
          readFileSync(join(root, 'moved/new'), 'utf8'),
          'x',
          'it stays in the directory that was opened',
        )
      } else await t.rejects(writer.commit(), { code: 'PATH_DENIED' })
      t.strictSame(readdirSync(outside), ['secret'])
    })
  })
}

t.test('a root that is a symlink itself', async t => {
  const base = t.testdir()
  setUp(base)
  symlinkSync(join(base, 'root'), join(base, 'alias'))
  const files = new DiskSharedFiles([{ name: 'r', directory: join(base, 'alias') }], systemRandom)
  t.equal(await readAll(files, join(base, 'alias/file')), 'contents')
  t.equal(await readAll(files, 'r:file'), 'contents')
})

t.test('no roots', async t => {
  await t.rejects(new DiskSharedFiles([], systemRandom).openToRead('/etc/passwd'), { code: 'PATH_DENIED' })
})
