import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { syncFolderName } from '../../../src/sync/local/ignore-rules.js'
import { checkSamePlace, readIdentity, writeIdentity } from '../../../src/sync/session/identity.js'

const identity = { bucket: 'work', prefix: 'notes/', client: 'c', session: 's' }

t.test('the identity is read as it was written, by its owner only', async t => {
  const directory = t.testdir()
  t.equal(await readIdentity(directory), undefined)
  await writeIdentity(directory, identity)
  t.strictSame(await readIdentity(directory), identity)
  t.equal(statSync(join(directory, syncFolderName, 'session.json')).mode & 0o077, 0)
})

t.test('a damaged identity is none', async t => {
  const directory = t.testdir()
  mkdirSync(join(directory, syncFolderName))
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"bucket":"work"}',
    '{"bucket":1,"prefix":"","client":"","session":""}',
  ]) {
    writeFileSync(join(directory, syncFolderName, 'session.json'), text)
    t.equal(await readIdentity(directory), undefined, text)
  }
})

t.test('a folder is synced with one place', async t => {
  t.doesNotThrow(() => checkSamePlace(undefined, identity))
  t.doesNotThrow(() => checkSamePlace(identity, { bucket: 'work', prefix: 'notes/' }))
  t.throws(() => checkSamePlace(identity, { bucket: 'work', prefix: '' }), { code: 'CONFLICT' })
  t.throws(() => checkSamePlace(identity, { bucket: 'other', prefix: 'notes/' }), { code: 'CONFLICT' })
})
