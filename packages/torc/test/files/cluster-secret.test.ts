import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { makeClusterSecret, readClusterSecret, requireClusterSecret } from '../../src/files/cluster-secret.js'

t.test('a secret that was made is read back and is for its owner only', async t => {
  const path = join(t.testdir({}), 'secrets', 'cluster-secret.json')
  t.equal(readClusterSecret(path), undefined)
  const made = makeClusterSecret(path, systemRandom)
  t.match(made.clusterId, /^[0-9a-f]{32}$/)
  t.equal(made.secret.length, 32)
  const read = requireClusterSecret(path)
  t.equal(read.clusterId, made.clusterId)
  t.ok(Buffer.from(read.secret).equals(made.secret))
  t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('what is no secret is refused with what to do', async t => {
  const folder = t.testdir({})
  const path = join(folder, 'f.json')
  t.throws(() => requireClusterSecret(undefined), { code: 'CONFIG', hint: /torc init/ })
  t.throws(() => requireClusterSecret(path), { code: 'CONFIG', message: /no cluster secret file/ })
  for (const content of [
    '{}',
    '{"clusterId":"00","secret":"AA"}',
    `{"clusterId":"${'0'.repeat(32)}","secret":7}`,
  ]) {
    writeFileSync(path, content, { mode: 0o600 })
    t.throws(() => readClusterSecret(path), { code: 'CONFIG', message: /holds no cluster secret/ })
  }
  chmodSync(path, 0o644)
  t.throws(() => readClusterSecret(path), { code: 'FILE_ACCESS', hint: /chmod 600/ })
})
