import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCredentials } from '@torc/client/config/credentials'
import t from 'tap'
import { torcCommands } from 'torc/commands/torc-commands'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'
import { runTorcInProcess } from '../harness/processes/in-process-torc.js'
import { type RunResult, runTorc } from '../harness/processes/run-torc.js'

let cluster: Cluster
let http: string
let s3: string
t.before(async () => {
  cluster = await startCluster({ agents: 1 })
  const ready = cluster.up.lines.find(line => line.event === 'ready')
  http = String(ready?.http)
  s3 = String(ready?.s3)
})
t.teardown(() => cluster.stop())

function fetchAs(path: string, init: RequestInit = {}): Promise<Response> {
  const { accessKey, secretKey } = readCredentials(cluster.credentials)
  return fetch(http + path, { ...init, headers: { authorization: `Bearer ${accessKey}:${secretKey}` } })
}

/** By the profile that `torc up` wrote, as a second terminal would. */
function torc(args: readonly string[], options: { readonly stdin?: string } = {}): Promise<RunResult> {
  const variables = { TORC_CONFIG_DIR: cluster.configDirectory }
  return runTorcInProcess(args, { ...options, variables, extraCommands: torcCommands })
}

t.test('torc up serves REST and S3, and says where', async t => {
  t.match(http, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.match(s3, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.match(await (await fetch(`${http}/health`)).json(), { available: true, agents: { alive: 1, total: 1 } })
  t.equal((await fetchAs('/buckets/box', { method: 'POST' })).status, 201)
  t.equal((await fetchAs('/buckets/box/files/a', { method: 'PUT', body: 'by REST' })).status, 200)
  t.equal((await torc(['get', 'box/a', '-'])).stdout.toString(), 'by REST')
  const xml = await (await fetch(`${s3}/box/a`)).text()
  t.match(xml, '<Code>AccessDenied</Code>')
})

t.test('torc share prints a link that works without a key, for that object alone', async t => {
  await torc(['put', 'box/ä b/c', '-'], { stdin: 'shared' })
  const shared = await torc(['share', 'box/ä b/c', '--expires', '10m', '--json'])
  t.equal(shared.code, 0, shared.stderr)
  const [record] = shared.records()
  t.match(record, { bucket: 'box', key: 'ä b/c', url: String, expiresAt: String })
  const url = String(record?.url)
  t.ok(url.startsWith(s3), 'of the profile that torc up wrote')
  const got = await fetch(url)
  t.equal(await got.text(), 'shared')
  t.equal((await fetch(url.replace('/c?', '/d?'))).status, 403)
  t.equal((await fetch(url.replace('Expires=600', 'Expires=6000'))).status, 403)
  t.equal((await fetch(url, { method: 'PUT', body: 'x' })).status, 403)
  const plain = await torc(['share', 'box/a', '--s3', 'http://elsewhere:1'])
  t.match(plain.stdout.toString(), /^http:\/\/elsewhere:1\/box\/a\?X-Amz-Algorithm=/)
  t.equal((await torc(['share', 'box/a', '--s3', 'http://a/b'])).code, 2)
})

t.test('the example with an SDK does what it says', async t => {
  const file = join(cluster.folder, 'film')
  writeFileSync(file, randomBytes(6_000_000))
  const program = fileURLToPath(new URL('../../../examples/s3-sdk.mjs', import.meta.url))
  const variables = { TORC_S3: s3, TORC_CREDENTIALS: cluster.credentials }
  const ran = await runTorc([file], { program, variables, configDirectory: cluster.configDirectory })
  t.equal(ran.code, 0, ran.stderr)
  t.match(ran.stdout.toString(), /stored .*-2"\n.*film {2}6000000 bytes.*read 6000000 bytes back\ndeleted/s)
  t.notMatch((await torc(['ls'])).stdout.toString(), 'example')
})

t.test('a server that is started again serves HTTP where it did', async t => {
  const line = await cluster.killAndRestart('server')
  t.match(line, { http, s3 })
  t.equal((await fetch(`${http}/buckets`)).status, 401)
  const log = readFileSync(join(cluster.data, 'logs', 'server.log'), 'utf8')
  t.notMatch(log, readCredentials(cluster.credentials).secretKey)
})
