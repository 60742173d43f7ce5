import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { replaceFile, writeFileWhole } from '../../src/files/atomic-file.js'

async function* body(...pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece)
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half')
  throw new Error('the connection broke')
}

t.test('a file is there whole or as it was', async t => {
  const directory = t.testdir({ old: 'old' })
  await writeFileWhole(join(directory, 'new'), body('a', 'b'))
  t.equal(readFileSync(join(directory, 'new'), 'utf8'), 'ab')
  await t.rejects(writeFileWhole(join(directory, 'old'), broken()), { message: /the connection broke/ })
  t.equal(readFileSync(join(directory, 'old'), 'utf8'), 'old')
  await t.rejects(replaceFile(join(directory, 'none'), broken()))
  t.same(readdirSync(directory).sort(), ['new', 'old'], 'no temporary file stays')
})

t.test('a file that is replaced keeps its mode', async t => {
  const directory = t.testdir({ secret: 'x' })
  chmodSync(join(directory, 'secret'), 0o600)
  await writeFileWhole(join(directory, 'secret'), body('y'))
  t.equal(statSync(join(directory, 'secret')).mode & 0o777, 0o600)
})

t.test('what can not be written says why', async t => {
  const directory = t.testdir({ folder: {}, file: '' })
  await t.rejects(writeFileWhole(join(directory, 'folder'), body('x')), { code: 'NOT_A_FILE' })
  await t.rejects(writeFileWhole(join(directory, 'none', 'x'), body('x')), { code: 'FILE_NOT_FOUND' })
  await t.rejects(replaceFile(join(directory, 'file', 'x'), body('x')), { code: 'FILE_NOT_FOUND' })
  await t.rejects(replaceFile(join(directory, 'n'.repeat(300)), body('x')), { code: 'BAD_REQUEST' })
})
