import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from '@torc/client'
import t, { type Test } from 'tap'
import { beforeNextLook } from '../harness/patience.js'
import { OperatedCluster } from '../harness/processes/operated-cluster.js'
import { TorcProcess } from '../harness/processes/torc-process.js'
import { FaultProxy } from '../harness/proxy/fault-proxy.js'

const mebibyte = 1024 * 1024
const bodyBytes = 64 * mebibyte
/** After so much the middle of an upload is reached. */
const middle = 36 * mebibyte
/** What may be under way and lost in a crash: the blocks of a client's window, and frames around them. */
const underWay = 25 * mebibyte

const cluster = new OperatedCluster()
t.teardown(() => cluster.stop())
let server = ''
let store: Store

t.before(async () => {
  await cluster.init()
  server = (await cluster.server()).address
  await Promise.all(['a', 'b', 'c'].map(name => cluster.agent(name, { join: [server] })))
  t.match(await cluster.initLayout(server, 3), { code: 0 })
  store = await cluster.connect(server)
  t.teardown(() => store.close())
  await store.createBucket('box')
  await store.createBucket('content', { cutting: 'content' })
})

/** A proxy that only the clients of one test go through. */
async function counted(t: Test, target: string): Promise<FaultProxy> {
  const proxy = await FaultProxy.start(target)
  t.teardown(() => proxy.close())
  return proxy
}

function bytesOver({ counts }: FaultProxy): number {
  return counts.toTarget.bytes + counts.fromTarget.bytes
}

function fileOf(name: string, bytes: Uint8Array): string {
  const path = join(cluster.folder, name)
  writeFileSync(path, bytes)
  return path
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function stored(bucket: string, key: string): Promise<string> {
  return sha256(await (await store.get(bucket, key)).bytes())
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`)
    await beforeNextLook(2)
  }
}

t.test('the same file under another name: less than a hundredth crosses the socket', async t => {
  const proxy = await counted(t, server)
  const body = randomBytes(bodyBytes)
  const file = fileOf('same', body)
  const first = await cluster.torc(['put', 'box/one', file, '--json'], proxy.address)
  t.match(first.records(), [{ size: bodyBytes, sentBytes: bodyBytes, deduplicatedBytes: 0 }])
  const once = bytesOver(proxy)
  t.ok(once > bodyBytes)
  const second = await cluster.torc(['put', 'box/two', file, '--json'], proxy.address)
  t.match(second.records(), [{ size: bodyBytes, sentBytes: 0, deduplicatedBytes: bodyBytes }])
  const again = bytesOver(proxy) - once
  t.ok(again < bodyBytes / 100, `${again} bytes`)
  t.equal(await stored('box', 'two'), sha256(body))
})

t.test('a hundred bytes inserted into a large file of a content-cut bucket', async t => {
  const proxy = await counted(t, server)
  const body = randomBytes(2 * bodyBytes)
  const longer = Buffer.concat([body.subarray(0, bodyBytes), randomBytes(100), body.subarray(bodyBytes)])
  await cluster.torc(['put', 'content/file', fileOf('before', body)], proxy.address)
  const once = bytesOver(proxy)
  const put = await cluster.torc(['put', 'content/file', fileOf('after', longer), '--json'], proxy.address)
  const again = bytesOver(proxy) - once
  t.ok(again < longer.length / 20, `${again} bytes`)
  const [{ sentBytes, deduplicatedBytes } = {}] = put.records()
  t.equal(Number(sentBytes) + Number(deduplicatedBytes), longer.length)
  t.equal(await stored('content', 'file'), sha256(longer))
})

t.test('kill -9 of the server in the middle: the client goes on with another one', async t => {
  const victim = await cluster.server({ name: 'victim', join: [server] })
  const [first, second] = [await counted(t, victim.address), await counted(t, server)]
  await cluster.untilStatus(victim.address, ({ healthy }) => healthy)
  const client = await cluster.connect(first.address, { servers: [first.address, second.address] })
  t.teardown(() => client.close())
  const body = randomBytes(bodyBytes)
  // It can be read only once: what the first server has taken in must count.
  async function* once(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < body.length; at += 100_000) yield body.subarray(at, at + 100_000)
  }
  const put = client.put('box', 'failover', once(), { size: body.length })
  await until('the upload is in its middle', () => first.counts.toTarget.bytes > middle)
  await victim.process.end('SIGKILL')
  t.match(await put, { size: body.length, sha256: sha256(body) })
  const rest = second.counts.toTarget.bytes
  t.ok(first.counts.toTarget.bytes < bodyBytes, 'it was in the middle')
  t.ok(rest < bodyBytes - middle + underWay, `${rest} bytes to the second server`)
  t.equal(await stored('box', 'failover'), sha256(body))
})

t.test('kill -9 of the client in the middle: the next put of the file sends only the rest', async t => {
  const proxy = await counted(t, server)
  const body = randomBytes(bodyBytes)
  const file = fileOf('interrupted', body)
  const args = ['put', 'box/resumed', file, '--json']
  const client = new TorcProcess(args, {
    configDirectory: cluster.configDirectory,
    variables: { TORC_CREDENTIALS: cluster.credentials, TORC_SERVER: proxy.address },
  })
  t.teardown(() => client.end('SIGKILL'))
  await until('the upload is in its middle', () => proxy.counts.toTarget.bytes > middle)
  t.equal(await client.end('SIGKILL'), 'SIGKILL')
  const first = proxy.counts.toTarget.bytes
  t.ok(first < bodyBytes, 'it was in the middle')
  await t.rejects(store.head('box', 'resumed'), { code: 'KEY_NOT_FOUND' })

  const put = await cluster.torc(args, proxy.address)
  const rest = proxy.counts.toTarget.bytes - first
  t.ok(rest < bodyBytes - middle + underWay, `${rest} bytes after ${first}`)
  const [{ sentBytes, deduplicatedBytes } = {}] = put.records()
  t.equal(Number(sentBytes) + Number(deduplicatedBytes), bodyBytes)
  t.ok(Number(deduplicatedBytes) > 0)
  t.equal(await stored('box', 'resumed'), sha256(body))
})
