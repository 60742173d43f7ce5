import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { connect, connectGateway } from '@torc/client'
import type { Accounts } from '@torc/gateway/accounts/accounts'
import { RemoteAccounts } from '@torc/gateway/accounts/remote-accounts'
import { startGateway } from '@torc/gateway/gateway'
import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import t from 'tap'
import { startMemoryCluster } from '../uploads/memory-cluster.js'

t.test(
  'a gateway that stands alone serves each key as the server lets it, and everybody in open buckets',
  async t => {
    const cluster = await startMemoryCluster()
    const { server, secret, transport } = cluster
    const environment = systemEnvironment
    const reach = { servers: [server.address], transport, environment }
    const link = await connectGateway({ ...reach, secret, id: 'gateway-1', name: 'gateway' })
    const accounts = new RemoteAccounts({
      cluster: link,
      connect: (accessKey, secretKey) => connect({ ...reach, credentials: { accessKey, secretKey } }),
      ...{ clock: environment.clock, log: silentLog },
    })
    const gateway = await startGateway({
      accounts,
      status: options => link.store.status(options),
      rest: { host: '127.0.0.1', port: 0 },
      ...{ version: '0.0.0', environment, log: silentLog },
    })
    t.teardown(async () => {
      await gateway.close()
      await accounts.close()
      await link.close()
      await cluster.stop()
    })
    const root = deriveRootKey(secret.secret)
    const send = (path: string, as?: { accessKey: string; secretKey: string }, init: RequestInit = {}) =>
      fetch(`http://127.0.0.1:${gateway.rest?.port}${path}`, {
        ...init,
        headers: as === undefined ? {} : { authorization: `Bearer ${as.accessKey}:${as.secretKey}` },
      })
    t.match(await (await send('/health')).json(), { available: true, agents: { alive: 3 } })
    t.equal((await send('/buckets/box', root, { method: 'POST' })).status, 201)
    const body = Buffer.alloc(2_000_000, 'torc')
    t.equal((await send('/buckets/box/files/k', root, { method: 'PUT', body })).status, 200)
    const reader = await server.store.keys.create({ name: 'reader' })
    await server.store.keys.grant(reader.accessKey, 'box', ['read'])
    t.strictSame(Buffer.from(await (await send('/box/k', reader)).arrayBuffer()), body)
    t.equal((await send('/buckets/box/files/x', reader, { method: 'PUT', body: 'x' })).status, 403)
    t.equal((await send('/status', reader)).status, 403)
    t.equal((await send('/box/k', { ...reader, secretKey: 'wrong' })).status, 401)
    t.equal((await send('/box/k')).status, 401)
    t.equal((await send('/buckets/box', root, { method: 'PATCH', body: '{"publicRead":true}' })).status, 200)
    t.equal((await (await send('/box/k')).arrayBuffer()).byteLength, body.length)
    t.match(await (await send('/files/box/')).json(), { files: [{ key: 'k' }] })
    t.equal((await send('/box/k', undefined, { method: 'DELETE' })).status, 401)
    t.equal((await send('/buckets')).status, 401)
  },
)

t.test('both ports speak HTTPS where they are given a certificate', async t => {
  const fixture = (name: string): Buffer =>
    readFileSync(
      fileURLToPath(new URL(`../../../packages/protocol/test/transport/fixtures/${name}`, import.meta.url)),
    )
  const down = new TorcError('UNREACHABLE', 'there is no cluster here')
  const nobody: Accounts = {
    secretOf: () => Promise.reject(down),
    account: () => Promise.reject(down),
    anonymous: () => Promise.reject(down),
  }
  const listen = { host: '127.0.0.1', port: 0 }
  const gateway = await startGateway({
    ...{ accounts: nobody, status: () => Promise.reject(down), rest: listen, s3: { listen } },
    tls: { cert: fixture('server.pem'), key: fixture('server.key') },
    ...{ version: '0.0.0', environment: systemEnvironment, log: silentLog },
  })
  t.teardown(() => gateway.close())
  const ask = (port: number | undefined, path: string): Promise<readonly [number | undefined, string]> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, ca: fixture('ca.pem') }, async response => {
        resolve([response.statusCode, await text(response)])
      }).once('error', reject)
    })
  const [status, health] = await ask(gateway.rest?.port, '/health')
  t.match([status, JSON.parse(health)], [503, { available: false, reason: 'there is no cluster here' }])
  t.match(await ask(gateway.rest?.port, '/buckets'), [503, /UNREACHABLE/])
  t.match(await ask(gateway.s3?.port, '/box/k'), [503, /<Error>/])
  await t.rejects(fetch(`http://127.0.0.1:${gateway.rest?.port}/health`), 'plain HTTP is not answered')
})
