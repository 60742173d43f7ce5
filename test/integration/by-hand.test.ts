import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { OperatedCluster } from '../harness/processes/operated-cluster.js'

function operate(t: Test): OperatedCluster {
  const cluster = new OperatedCluster()
  t.teardown(() => cluster.stop())
  return cluster
}

t.test('secret, server, agents, layout: then it stores', async t => {
  const cluster = operate(t)
  const made = await cluster.init()
  t.match(made, { code: 0 }, made.stderr)
  t.match(made.records(), [
    { clusterId: /^[0-9a-f]{32}$/, clusterSecret: cluster.secretFile, accessKey: String },
  ])
  t.match(await cluster.init(), { code: 2, stderr: /is there already/ })

  const { address: server, process } = await cluster.server()
  // The second agent knows the first one only: any live node leads to the rest.
  const one = await cluster.agent('one', { join: [server], args: ['--zone', 'a', '--log-level', 'debug'] })
  const two = await cluster.agent('two', { join: [one.address], args: ['--zone', 'b'] })
  t.match(await cluster.torc(['mb', 'box'], server), { code: 5, stderr: /layout init/ }, 'no layout yet')
  const layout = await cluster.initLayout(server, 2)
  t.match(layout, { code: 0 }, layout.stderr)
  t.match(await cluster.torc(['mb', 'box', '--replicas', '2'], server), { code: 0 })
  const posted = await cluster.torc(['post', 'box', '--text', 'hello', '--json'], server)
  t.match(posted, { code: 0 }, posted.stderr)
  const key = String(posted.records()[0]?.key)
  await one.process.waitFor('the log of the item', line => line.level === 20 && line.key === key)
  t.equal((await cluster.torc(['get', `box/${key}`], server)).stdout.toString(), 'hello')

  t.equal(await two.process.end('SIGTERM'), 0)
  t.equal(await process.end('SIGINT'), 0)
})

t.test('what is wrong is said at the start', async t => {
  const cluster = operate(t)
  await cluster.init()
  const refused = async (...args: string[]): Promise<string> => {
    const process = cluster.launch(args)
    t.equal(await process.exited, 2)
    return process.errors
  }
  const secret = ['--cluster-secret-file', cluster.secretFile]
  const listen = ['--listen', '127.0.0.1:0']
  t.match(await refused('server', ...listen), /--cluster-secret-file is missing/)
  t.match(await refused('server', ...secret), /--listen is missing/)
  t.match(await refused('server', ...secret, '--listen', 'nowhere'), /HOST:PORT/)
  t.match(await refused('agent', ...secret, ...listen), /--data is missing/)
  t.match(await refused('agent', '--cluster-secret-file', '/none', ...listen), /no cluster secret file/)
})

t.test('with TLS between all', async t => {
  const cluster = operate(t)
  await cluster.init()
  const fixture = (name: string): string =>
    fileURLToPath(new URL(`../../../packages/protocol/test/transport/fixtures/${name}`, import.meta.url))
  const client = ['--tls-ca', fixture('ca.pem')]
  const args = [...client, '--tls-cert', fixture('server.pem'), '--tls-key', fixture('server.key')]
  const { address: server } = await cluster.server({ args })
  await cluster.agent('one', { join: [server], args })
  t.match(await cluster.initLayout(server, 1, { tlsCa: fixture('ca.pem') }), { code: 0 })
  t.match(await cluster.torc(['mb', 'box', '--replicas', '1', ...client], server), { code: 0 })
  const own = fileURLToPath(import.meta.url)
  t.match(await cluster.torc(['put', 'box/a', own, ...client], server), { code: 0 })
  const back = join(cluster.folder, 'back')
  t.match(await cluster.torc(['get', 'box/a', back, ...client], server), { code: 0 })
  t.match(
    await cluster.torc(['ls', '--tls'], server),
    { code: 5, stderr: /--tls-ca/ },
    'an unknown authority',
  )
  t.match(await cluster.torc(['ls'], server), { code: 5 }, 'no TLS')
})

t.test('a node of another cluster is refused', async t => {
  const [ours, theirs] = [operate(t), operate(t)]
  await Promise.all([ours.init(), theirs.init()])
  const { address: server } = await ours.server()
  const stranger = await theirs.agent('stranger', { join: [server] })
  await stranger.process.waitFor('the refusal', line => line.level === 40 && line.code === 'DENIED')
  const status = await ours.torc(['status', '--json'], server)
  t.strictSame(status.records()[0]?.agents, [])
  t.match(await theirs.torc(['ls'], server), { code: 4 }, 'nor is a client with its key')
})
