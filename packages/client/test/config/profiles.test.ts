import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { findCredentials, readCredentials, writeCredentials } from '../../src/config/credentials.js'
import { configDirectory } from '../../src/config/directory.js'
import { profilePath, readProfile, writeProfile } from '../../src/config/profiles.js'
import { loadSettings } from '../../src/config/settings.js'

t.test('the config directory', async t => {
  t.equal(configDirectory({ TORC_CONFIG_DIR: '/x', XDG_CONFIG_HOME: '/y', HOME: '/z' }), '/x')
  t.equal(configDirectory({ XDG_CONFIG_HOME: '/y', HOME: '/z' }), '/y/torc')
  t.equal(configDirectory({ XDG_CONFIG_HOME: 'relative', HOME: '/z' }), '/z/.config/torc')
})

t.test('a profile is written for its owner and read back', async t => {
  const variables = { TORC_CONFIG_DIR: join(t.testdir(), 'config') }
  const credentials = join(t.testdirName, 'credentials.json')
  writeCredentials(credentials, { accessKey: 'A', secretKey: 'S' })
  const path = writeProfile('local', { server: '127.0.0.1:7401', credentials }, variables)
  t.equal(path, profilePath('local', variables))
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(statSync(dirname(path)).mode & 0o777, 0o700)
  t.same(readProfile(undefined, variables), { server: '127.0.0.1:7401', credentials })
  const settings = loadSettings({}, variables)
  t.same(settings.server, ['127.0.0.1:7401'])
  t.same(await findCredentials(settings), { accessKey: 'A', secretKey: 'S' })
  writeProfile('local', { server: '127.0.0.1:7402' }, variables)
  t.same(loadSettings({}, variables).server, ['127.0.0.1:7402'])
  t.same(loadSettings({ server: 'h:1' }, variables).server, ['h:1'])
  t.same(loadSettings({}, { ...variables, TORC_SERVER: 'h:2' }).server, ['h:2'])
})

t.test('profiles that are missing or no profiles', async t => {
  const directory = t.testdir({ profiles: { 'bad.json': '{', 'list.json': '[]' } })
  const variables = { TORC_CONFIG_DIR: directory }
  t.same(readProfile(undefined, variables), {}, 'none is needed')
  t.throws(() => readProfile('work', variables), { code: 'CONFIG', exitCode: 2 })
  t.throws(() => readProfile('bad', variables), { code: 'CONFIG', message: /not valid JSON/ })
  t.throws(() => readProfile('list', variables), { code: 'CONFIG', message: /object/ })
  t.throws(() => readProfile('../../etc/passwd', variables), { code: 'CONFIG' })
  t.throws(() => loadSettings({}, { ...variables, TORC_PROFILE: 'work' }), { code: 'CONFIG' })
})

t.test('a credentials file that others can read is refused', async t => {
  const path = join(t.testdir(), 'credentials.json')
  writeFileSync(path, '{"accessKey":"A","secretKey":"S"}', { mode: 0o600 })
  t.same(readCredentials(path), { accessKey: 'A', secretKey: 'S' })
  for (const mode of [0o640, 0o604, 0o644]) {
    chmodSync(path, mode)
    t.throws(() => readCredentials(path), { code: 'FILE_ACCESS', exitCode: 4, hint: `chmod 600 ${path}` })
  }
  chmodSync(path, 0o600)
  writeFileSync(path, '{"accessKey":"A"}')
  t.throws(() => readCredentials(path), { code: 'CONFIG' })
  writeFileSync(path, 'x'.repeat(100_000))
  t.throws(() => readCredentials(path), { code: 'CONFIG', message: /too large/ })
  t.throws(() => readCredentials(join(t.testdirName, 'none')), { code: 'CONFIG' })
  mkdirSync(join(t.testdirName, 'folder'), { mode: 0o700 })
  t.throws(() => readCredentials(join(t.testdirName, 'folder')), { code: 'CONFIG' })
})

t.test('where credentials come from', async t => {
  const path = join(t.testdir(), 'credentials.json')
  writeCredentials(path, { accessKey: 'A', secretKey: 'S' })
  t.equal(readFileSync(path, 'utf8'), '{"accessKey":"A","secretKey":"S"}\n')
  const none = { accessKey: undefined, secretKey: undefined, credentials: undefined }
  t.same(await findCredentials({ ...none, accessKey: 'B', secretKey: 'T', credentials: path }), {
    accessKey: 'B',
    secretKey: 'T',
  })
  t.same(await findCredentials({ ...none, secretKey: 'T', credentials: path }), {
    accessKey: 'A',
    secretKey: 'T',
  })
  t.same(await findCredentials({ ...none, accessKey: 'A', credentials: path }), {
    accessKey: 'A',
    secretKey: 'S',
  })
  t.same(
    await findCredentials({ ...none, accessKey: 'B', credentials: path }, async key => `secret of ${key}`),
    {
      accessKey: 'B',
      secretKey: 'secret of B',
    },
  )
  await t.rejects(findCredentials({ ...none, accessKey: 'B', credentials: path }), { code: 'CONFIG' })
  await t.rejects(findCredentials(none), { code: 'CONFIG', exitCode: 2 })
})
