import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { agentCountDefault, openClusterDirectory } from '../../src/up/cluster-directory.js'

const open = (path: string, agents?: number) => openClusterDirectory(path, agents, systemRandom)

t.test('a new directory gets a secret, logs and its number of agents', async t => {
  const path = join(t.testdir({}), 'deep', 'data')
  const directory = await open(path)
  t.equal(directory.agentCount, agentCountDefault)
  t.equal(statSync(directory.secretFile).mode & 0o777, 0o600)
  t.equal(statSync(path).mode & 0o777, 0o700)
  t.ok(existsSync(join(path, 'logs')))
  t.equal(directory.dataOf('agent-2'), join(path, 'agent-2'))
  t.equal(directory.logFile('server'), join(path, 'logs', 'server.log'))
  await directory.close()
  const again = await open(path)
  t.equal(again.secret.clusterId, directory.secret.clusterId)
  t.equal(again.agentCount, 3)
  await again.close()
})

t.test('fewer agents are refused with a hint, more are added', async t => {
  const path = t.testdir({})
  await (await open(path, 4)).close()
  await t.rejects(open(path, 3), { code: 'CONFIG', message: /4 agents, not of 3/, hint: /--agents 4/ })
  const again = await open(path, 4)
  t.equal(again.agentCount, 4)
  await again.close()
  const more = await open(path, 6)
  t.equal(more.agentCount, 6)
  await more.close()
  const kept = await open(path)
  t.equal(kept.agentCount, 6)
  await kept.close()
})

t.test('a directory in use is refused, and is free again afterwards', async t => {
  const path = t.testdir({})
  const first = await open(path)
  await t.rejects(open(path), {
    code: 'DATA_DIRECTORY',
    message: `in use by process ${process.pid}`,
    hint: /torc up/,
  })
  await first.close()
  await (await open(path)).close()
})

t.test('a directory of something else stays as it is', async t => {
  const path = t.testdir({ 'thesis.txt': 'four years' })
  await t.rejects(open(path), { code: 'DATA_DIRECTORY', message: /holds no cluster/ })
  t.strictSame(readFileSync(join(path, 'thesis.txt'), 'utf8'), 'four years')
  t.notOk(existsSync(join(path, 'cluster.json')))
})

t.test('what is lost, damaged or newer is said', async t => {
  const path = t.testdir({})
  const { secretFile, close } = await open(path)
  await close()
  const manifest = join(path, 'cluster.json')
  writeFileSync(manifest, '{"format":2,"agents":3}')
  await t.rejects(open(path), { code: 'DATA_DIRECTORY', message: /newer version/ })
  for (const damaged of ['{"format":1}', '{"format":1,"agents":0}', '{}']) {
    writeFileSync(manifest, damaged)
    await t.rejects(open(path), { code: 'DATA_DIRECTORY', message: /damaged/ })
  }
  writeFileSync(manifest, '{"format":1,"agents":3}')
  rmSync(secretFile)
  await t.rejects(open(path), { code: 'DATA_DIRECTORY', message: /has lost its cluster-secret/ })
})

t.test('a first start that broke off before the manifest is carried on', async t => {
  const path = t.testdir({})
  const { secret, close } = await open(path, 2)
  await close()
  rmSync(join(path, 'cluster.json'))
  rmSync(join(path, 'logs'), { recursive: true })
  const again = await open(path, 5)
  t.equal(again.secret.clusterId, secret.clusterId)
  t.equal(again.agentCount, 5)
  await again.close()
  mkdirSync(join(path, 'x'))
})
