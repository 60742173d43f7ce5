import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FileDisk } from '../../src/disk/file-disk.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { diskConformance } from './disk-conformance.js'

diskConformance('file disk', async t => {
  const folder = join(temporaryFolder(t), 'data')
  return { open: () => FileDisk.open(folder) }
})

t.test('a path that is no directory is refused', async t => {
  const file = join(temporaryFolder(t), 'file')
  writeFileSync(file, 'x')
  await t.rejects(FileDisk.open(file), { code: 'DATA_DIRECTORY', message: new RegExp(file) })
})

t.test('the lock of another process names it, and goes with a process that is killed', async t => {
  const folder = temporaryFolder(t)
  const source = new URL('../../src/disk/file-disk.js', import.meta.url).href
  const script = `
    const { FileDisk } = await import(${JSON.stringify(source)})
    const disk = await FileDisk.open(${JSON.stringify(folder)})
    await disk.lock()
    process.stdout.write('locked')
    process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const disk = await FileDisk.open(folder)
  await t.rejects(disk.lock(), {
    code: 'DATA_DIRECTORY',
    message: new RegExp(`in use by process ${child.pid}`),
  })
  child.kill('SIGKILL')
  await ended
  await disk.lock()
  await disk.close()
})

t.test('a directory where a file should be is no file', async t => {
  const folder = temporaryFolder(t)
  const disk = await FileDisk.open(folder)
  mkdirSync(join(folder, 'd'))
  t.equal(await disk.fileSize('d'), undefined)
  await t.rejects(disk.readFile('d'), { code: 'INTERNAL' })
  await t.rejects(disk.deleteFile('d'), { code: 'INTERNAL' })
  await t.rejects(disk.writeFile('d', [Buffer.from('x')]), { code: 'INTERNAL' })
  t.same(readdirSync(join(folder, 'temporary')), [], 'the temporary file is gone')
  await disk.close()
})
