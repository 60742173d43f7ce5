import { readCredentials } from '@torc/client/config/credentials'
import t from 'tap'
import { OperatedCluster, type OperatedNode } from '../harness/processes/operated-cluster.js'

const names = ['a', 'b', 'c', 'd']

const cluster = new OperatedCluster()
let server: OperatedNode
let rest: string
const agents = new Map<string, OperatedNode>()

t.before(async () => {
  await cluster.init()
  server = await cluster.server({ args: ['--http-port', '0', '--s3-port', '0'] })
  const ready = server.process.lines.find(line => line.event === 'ready')
  rest = String(ready?.http)
  await Promise.all(
    names.map(async name => agents.set(name, await cluster.agent(name, { join: [server.address] }))),
  )
  const made = await cluster.initLayout(server.address, names.length)
  t.equal(made.code, 0, made.stderr)
  await send('/buckets/box', { method: 'POST' })
})
t.teardown(() => cluster.stop())

async function send(path: string, init: RequestInit): Promise<Record<string, unknown>> {
  const { accessKey, secretKey } = readCredentials(cluster.credentials)
  const response = await fetch(rest + path, {
    ...init,
    headers: { authorization: `Bearer ${accessKey}:${secretKey}` },
    signal: AbortSignal.timeout(30_000),
  })
  return (await response.json()) as Record<string, unknown>
}

/** Stores a file by a form, as a browser would. */
function upload(text: string): Promise<Record<string, unknown>> {
  const form = new FormData()
  form.append('file', new Blob([text]), 'report.txt')
  return send('/buckets/box/files', { method: 'POST', body: form })
}

/** `kill -9`, and the server knows. */
async function lose(name: string): Promise<void> {
  await agents.get(name)?.process.end('SIGKILL')
  await cluster.untilStatus(server.address, ({ members }) =>
    members.some(member => member.name === name && member.state === 'down'),
  )
}

/** The names before the colons of `vector_clock_list`, and the one number behind all of them. */
function clockOf({ vector_clock_list: list }: Record<string, unknown>): [names: string[], number: number] {
  const [text = ''] = list as string[]
  const entries = text.split(' , ').map(entry => entry.split(' : '))
  const [number, ...others] = new Set(entries.map(([, count]) => Number(count)))
  t.strictSame(others, [], 'all replicas are at the same number')
  return [entries.map(([name = '']) => name), number ?? 0]
}

t.test('torc gateway serves the same cluster from a process of its own', async t => {
  const args = ['gateway', '--join', server.address, '--cluster-secret-file', cluster.secretFile]
  const gateway = cluster.launch([...args, '--http-port', '0', '--s3-port', '0'])
  const { http, s3 } = await gateway.waitFor('the gateway', line => line.event === 'ready')
  t.match(await (await fetch(`${http}/health`)).json(), { available: true, agents: { alive: 4, total: 4 } })
  const { accessKey, secretKey } = readCredentials(cluster.credentials)
  const listed = await fetch(`${http}/buckets`, {
    headers: { authorization: `Bearer ${accessKey}:${secretKey}` },
  })
  t.match(await listed.json(), { success: true, buckets: [{ bucket: 'box' }] })
  t.equal((await fetch(`${s3}/box`)).status, 403)
  t.equal(await gateway.end('SIGTERM'), 0)
  const portless = await cluster.torc(args)
  t.match([portless.code, portless.stderr], [2, /without a port/])
})

t.test('four agents, three owners: what is answered while owners are lost one after the other', async t => {
  const whole = await upload('all are there')
  t.match(whole, { success: true, key: 'report.txt' })
  const owners = whole.pref_list as string[]
  t.equal(owners.length, 3)
  t.equal(whole.node, owners[0])
  t.strictSame(clockOf(whole), [whole.replicas_written, 1])
  t.notOk('down_system_data' in whole)
  t.notOk('hinted_system_data' in whole)
  const [first = '', second = '', third = ''] = owners
  const fourth = names.find(name => !owners.includes(name)) ?? ''

  await lose(second)
  const one = await upload('one is lost')
  t.match(one, { success: true, pref_list: owners, node: first, down_system_data: [second] })
  t.equal(one.hinted_system_data, fourth)
  t.strictSame(clockOf(one), [one.replicas_written, 2])
  t.ok((one.replicas_written as string[]).includes(fourth))

  await lose(third)
  const two = await upload('two are lost')
  t.match(two, { success: true, pref_list: owners, node: first, hinted_system_data: fourth })
  t.strictSame([...(two.down_system_data as string[])].sort(), [second, third].sort())
  t.strictSame([...(two.replicas_written as string[])].sort(), [first, fourth].sort())
  t.strictSame(clockOf(two), [two.replicas_written, 3])
  t.match(two, { hinted: Object, down: [String, String], vectorClocks: Object }, 'and all of it by ids')

  const { accessKey, secretKey } = readCredentials(cluster.credentials)
  const got = await fetch(`${rest}/box/report.txt`, {
    headers: { authorization: `Bearer ${accessKey}:${secretKey}` },
  })
  t.equal(await got.text(), 'two are lost')
})

t.test('Ctrl-C ends the faces with the server', async t => {
  t.equal(await server.process.end('SIGINT'), 0)
  await t.rejects(fetch(`${rest}/health`))
})
