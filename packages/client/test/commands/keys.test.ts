import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { filled, run } from '../doubles/run.js'
import { linesOf } from '../doubles/test-io.js'

const first = 'TKAAAAAAAAAAAAAAAAAA'
const second = 'TKAAAAAAAABBBBBBBBBB'

t.test('a key is made, and its secret shown once', async t => {
  const store = await filled({ 'photos/a': 'a' })
  const made = await run(['key', 'create', '--name', 'app', '--json'], { store })
  t.strictSame(made.io.records, [
    {
      ...{ accessKey: first, secretKey: `secret-of-${first}`, name: 'app', admin: false },
      createdAt: '2026-01-02T03:04:05.000Z',
    },
  ])
  const admin = await run(['key', 'create', '--admin'], { store })
  t.strictSame(linesOf(admin.out), [`access key\t${second}`, 'name\t-', `secret key\tsecret-of-${second}`])
  t.match(admin.err, /not shown again/)
  const shown = await run(['key', 'show', 'app', '--json'], { store })
  t.notMatch(shown.out, /secret/)
})

t.test('credentials go to a file that only its owner can read', async t => {
  const store = await filled({})
  const directory = t.testdir({ old: '{}' })
  const file = join(directory, 'app.json')
  const made = await run(['key', 'create', '--out', file, '--json'], { store })
  t.match(made.io.records, [{ accessKey: first, credentials: file, secretKey: undefined }])
  t.strictSame(JSON.parse(readFileSync(file, 'utf8')), {
    ...{ accessKey: first, secretKey: `secret-of-${first}` },
  })
  t.equal(statSync(file).mode & 0o777, 0o600)
  const again = await run(['key', 'create', '--out', join(directory, 'old')], { store })
  t.equal(again.code, 2)
  t.match(again.err, /is there already/)
  t.equal((await store.keys.list()).length, 2, 'and no key is made')
  // A file where a folder should be: writing fails for any user.
  writeFileSync(join(directory, 'plain'), '')
  const failed = await run(['key', 'create', '--out', join(directory, 'plain', 'app.json')], { store })
  t.equal(failed.code, 4)
  t.equal((await store.keys.list()).length, 2, 'a key whose secret nobody has is removed')
})

t.test('keys are listed with their grants', async t => {
  const store = await filled({ 'photos/a': 'a' })
  await run(['key', 'create', '--name', 'app'], { store })
  const granted = await run(['key', 'grant', 'app', 'photos', '--write', '--read', '--json'], { store })
  t.strictSame(granted.io.records, [{ accessKey: first, bucket: 'photos', grants: ['read', 'write'] }])
  const all = await run(['key', 'grant', first, '*', '--owner'], { store })
  t.equal(all.out, `${first} has on all buckets: owner\n`)
  const listed = await run(['key', 'list'], { store })
  t.match(linesOf(listed.out)[1], `${first}\tapp\tno\t2026-01-02T03:04:05.000Z\tphotos:read,write *:owner`)
  const records = (await run(['key', 'list', '--json'], { store })).io.records
  t.match(records, [
    { name: 'root', root: true, createdAt: null },
    { name: 'app', grants: [{ bucket: 'photos', grants: ['read', 'write'] }, { bucket: '*' }] },
  ])
  const shown = await run(['key', 'show', first], { store })
  t.match(linesOf(shown.out), [/access key/, 'name\tapp', /created/, 'administers\tno', 'photos\tread,write'])
  t.match((await run(['key', 'show'], { store })).out, /follows from the secret of the cluster/)
  const terminal = await run(['key', 'list'], { store, terminal: true })
  t.match(terminal.out, /administers/)
})

t.test('grants are taken away, one or all of them', async t => {
  const store = await filled({ 'photos/a': 'a' })
  await run(['key', 'create', '--name', 'app'], { store })
  await run(['key', 'grant', 'app', 'photos', '--read', '--write', '--owner'], { store })
  const left = await run(['key', 'revoke', 'app', 'photos', '--write', '--json'], { store })
  t.match(left.io.records, [{ bucket: 'photos', grants: ['read', 'owner'] }])
  const none = await run(['key', 'revoke', 'app', 'photos'], { store })
  t.equal(none.out, `${first} has on photos: nothing\n`)
})

t.test('what is wrong is said', async t => {
  const store = await filled({ 'photos/a': 'a' })
  for (const name of ['app', 'apparatus']) await run(['key', 'create', '--name', name], { store })
  const nothing = await run(['key', 'grant', 'app', 'photos'], { store })
  t.equal(nothing.code, 2)
  t.match(nothing.err, /--read, --write, --owner/)
  const nowhere = await run(['key', 'grant', 'app', 'nowhere', '--read', '--json'], { store })
  t.equal(nowhere.code, 3)
  t.match(nowhere.io.errors, [{ error: { code: 'BUCKET_NOT_FOUND' } }])
  const unknown = await run(['key', 'show', 'nobody', '--json'], { store })
  t.equal(unknown.code, 3)
  t.match(unknown.io.errors, [{ error: { code: 'KEY_NOT_FOUND', hint: /torc key list/ } }])
  t.equal((await run(['key', 'delete', 'TKZZZZZZZZZZZZZZZZZZ'], { store })).code, 3)
  t.equal((await run(['key', 'show', 'app'], { store })).code, 0, 'a whole name goes before beginnings')
  t.equal((await run(['key', 'show', 'appa'], { store })).code, 0)
  t.equal((await run(['key', 'show', 'tkaaaaaaaab'], { store })).code, 0, 'also of an id')
  const several = await run(['key', 'show', 'tk'], { store })
  t.equal(several.code, 2)
  t.match(several.err, new RegExp(`${first}, ${second}`))
  t.equal((await run(['key', 'grant', 'app', 'Photos', '--read'], { store })).code, 2)
})

t.test('whoever may not list keys names them by their ids', async t => {
  const store = await filled({ 'photos/a': 'a' })
  await run(['key', 'create', '--name', 'app'], { store })
  store.keys.list = async () => {
    throw new TorcError('DENIED', 'may not')
  }
  const denied = await run(['key', 'grant', 'app', 'photos', '--read'], { store })
  t.equal(denied.code, 4)
  t.match(denied.err, /whole id/)
  t.equal((await run(['key', 'grant', first, 'photos', '--read'], { store })).code, 0)
})

t.test('a key is deleted, after a question where someone can answer', async t => {
  const store = await filled({})
  for (const name of ['one', 'two']) await run(['key', 'create', '--name', name], { store })
  const deleted = await run(['key', 'delete', 'one', '--json'], { store })
  t.strictSame(deleted.io.records, [{ accessKey: first, deleted: true }])
  const sure = await run(['key', 'delete', 'two', '--yes'], { store, terminal: true })
  t.equal(sure.code, 0)
  t.equal((await store.keys.list()).length, 1)
})
