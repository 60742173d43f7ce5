import { existsSync, readFileSync, statSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Cluster, isAlive, startCluster, untilGone } from '../harness/processes/cluster.js'
import { TorcProcess } from '../harness/processes/torc-process.js'

// Two clusters for all: what one test leaves is what the next one finds.
let cluster: Cluster
let small: Cluster

t.before(async () => {
  cluster = await startCluster()
  t.teardown(() => cluster.stop())
  small = await startCluster({ agents: 1 })
  t.teardown(() => small.stop())
})

const roundTrip = async (t: Test, key: string): Promise<void> => {
  const put = await cluster.torc(['put', `box/${key}`], { stdin: `content of ${key}` })
  t.match(put, { code: 0 }, put.stderr)
  const got = await cluster.torc(['get', `box/${key}`])
  t.match(got, { code: 0 }, got.stderr)
  t.equal(got.stdout.toString(), `content of ${key}`)
}

t.test(
  'a cluster of processes comes up, is found by its profile, stops cleanly and keeps what it stored',
  async t => {
    const pids = [cluster.up.pid, cluster.serverPid, ...cluster.agents.map(agent => agent.pid)]
    t.equal(new Set(pids).size, 5, 'five processes')
    t.ok(pids.every(isAlive))
    t.match(cluster.up.lines[0], {
      event: 'ready',
      pid: cluster.up.pid,
      server: /^127\.0\.0\.1:\d+$/,
      agents: [1, 2, 3].map(n => ({
        id: new RegExp(`^agent-${n}-[0-9a-f]{8}$`),
        data: join(cluster.data, `agent-${n}`),
      })),
    })
    for (const file of [cluster.credentials, join(cluster.data, 'cluster-secret.json')]) {
      t.equal(statSync(file).mode & 0o777, 0o600, `${file} is for its owner`)
    }
    for (const name of ['server', 'agent-1', 'agent-3'])
      t.match(cluster.log(name), /is ready/, `log of ${name}`)
    t.match(await cluster.torc(['mb', 'box']), { code: 0 }, 'the profile `local` leads to it')
    await roundTrip(t, 'before')
    const ids = cluster.agents.map(agent => agent.id)

    t.equal(await cluster.end('SIGINT'), 0, 'Ctrl-C ends it with status 0')
    t.notOk(pids.some(isAlive), 'no process is left')
    t.equal(cluster.up.lines.at(-1)?.event, 'stopped')
    t.notMatch(cluster.up.errors, /error/)

    await cluster.restart()
    t.strictSame(
      cluster.agents.map(agent => agent.id),
      ids,
      'the agents are the same',
    )
    t.equal((await cluster.torc(['get', 'box/before'])).stdout.toString(), 'content of before')
  },
)

t.test('a process that is killed comes back where it was', async t => {
  await roundTrip(t, 'one')
  const [agent] = cluster.agents
  const again = await cluster.killAndRestart('agent-1')
  t.match(again, { id: agent?.id, address: agent?.address })
  t.not(again.pid, agent?.pid)
  await roundTrip(t, 'two')
  const { server, serverPid } = cluster
  t.match(await cluster.killAndRestart('server'), { address: server })
  t.not(cluster.serverPid, serverPid)
  await roundTrip(t, 'three')
})

t.test('when the supervisor is killed, its children end', async t => {
  const pids = [cluster.serverPid, ...cluster.agents.map(agent => agent.pid)]
  process.kill(cluster.up.pid, 'SIGKILL')
  t.equal(await cluster.up.exited, 'SIGKILL')
  await untilGone(pids)
  await cluster.restart()
  t.match(await cluster.torc(['status', '--json']), { code: 0 }, 'and it can be started again at once')
})

t.test('Ctrl-C at a terminal reaches every process at once, and all end in order all the same', async t => {
  const names = ['server', 'agent-1', 'agent-2', 'agent-3']
  const stops = (): number[] => names.map(name => cluster.log(name).split('has stopped').length)
  const before = stops()
  const pids = [cluster.serverPid, ...cluster.agents.map(agent => agent.pid)]
  for (const pid of pids) process.kill(pid, 'SIGINT')
  t.equal(await cluster.end('SIGINT'), 0)
  t.strictSame(
    cluster.up.lines.filter(line => line.event === 'exited'),
    [],
  )
  t.strictSame(
    stops(),
    before.map(count => count + 1),
    'each of them closed',
  )
})

t.test('what can not be is refused with a reason and a hint', async t => {
  const folder = { configDirectory: small.configDirectory }
  const refusal = async (...args: string[]): Promise<unknown> => {
    const up = new TorcProcess(['up', '--json', '--port', '0', ...args], folder)
    t.not(await up.exited, 0)
    t.strictSame(
      up.lines.filter(line => line.event === 'ready'),
      [],
    )
    return JSON.parse(up.errors.trim().split('\n').at(-1) ?? '').error
  }
  t.match(await refusal('--data', small.data), {
    code: 'DATA_DIRECTORY',
    message: /in use by process \d+/,
    hint: /torc up/,
  })
  t.match(await refusal('--data', small.folder), { code: 'DATA_DIRECTORY', message: /holds no cluster/ })
  t.match(await refusal('--data', join(small.folder, 'x'), '--shared-root', 'none=/does/not/exist'), {
    code: 'CONFIG',
    message: /no directory/,
  })
  t.match(await refusal('--data', join(small.folder, 'x'), '--agents', '0'), { code: 'CONFIG' })

  const busy = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => busy.once('listening', resolve))
  const { port } = busy.address() as AddressInfo
  t.match(await refusal('--data', join(small.folder, 'y'), '--port', String(port)), {
    code: 'CONFIG',
    message: new RegExp(`${port}`),
    hint: /another port/,
  })
  busy.close()

  t.equal(await small.end('SIGTERM'), 0, 'SIGTERM ends it as Ctrl-C does')
  const more = new TorcProcess(['up', '--json', '--port', '0', '--data', small.data, '--agents', '2'], folder)
  t.match(await more.waitFor('ready', line => line.event === 'ready'), { agents: { length: 2 } })
  t.equal(await more.end('SIGTERM'), 0, 'more agents are not refused')
  t.match(await refusal('--data', small.data, '--agents', '1'), {
    code: 'CONFIG',
    message: /cluster of 2 agents, not of 1/,
    hint: /--agents 2/,
  })
})

t.test('people are shown what runs and what to type', async t => {
  const up = new TorcProcess(['up', '--port', '0', '--data', small.data], {
    configDirectory: small.configDirectory,
  })
  await up.waitFor('the last line', line => /Ctrl-C stops/.test(String(line.text)))
  const shown = up.lines.map(line => line.text).join('\n')
  for (const part of ['a server and 2 agents', 'server', 'agent-1-', 'agent-2-', 'npx torc put', small.data])
    t.match(shown, part)
  t.equal(await up.end('SIGINT'), 0)
})

t.test('with --shell, commands of standard input run and the cluster ends with them', async t => {
  const script = 'mb typed\nput typed/x\nls\n'
  const done = await small.torc(['up', '--port', '0', '--data', small.data, '--shell'], { stdin: script })
  t.match(done.stdout.toString(), /typed/, done.stderr)
  t.notOk(existsSync(join(small.data, 'up.pid')))
  const failed = await small.torc(['up', '--port', '0', '--data', small.data, '--shell'], {
    stdin: 'get typed/nothing\n',
  })
  t.equal(failed.code, 3, `a script’s failure is the status: ${failed.stderr}`)
  t.match(readFileSync(join(small.data, 'logs', 'server.log'), 'utf8'), /has stopped/)
})
