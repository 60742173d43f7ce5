import type { Exchange } from '@torc/protocol/exchange/exchange'
import { handshakeSecretOf } from '@torc/protocol/handshake/root-key'
import { parseAddress } from '@torc/protocol/transport/transport'
import t, { type Test } from 'tap'
import { clientTo, environment, listen, type Running, start } from '../fakes/running-server.js'

const opId = () => environment.random.bytes(16)

async function withBucket(t: Test): Promise<Running> {
  const running = await start(t)
  await running.server.store.initLayout({ agents: 3, replicas: 3 })
  await running.server.store.createBucket('b')
  return running
}

async function connectAs(t: Test, { server, transport }: Running, id: string, secretKey: string) {
  const address = parseAddress(server.address) ?? listen
  const exchange: Exchange = await clientTo(transport, address, { id, secret: handshakeSecretOf(secretKey) })
  t.teardown(() => exchange.destroy())
  return exchange
}

t.test('an open connection may do what its key may do now', async t => {
  const running = await withBucket(t)
  const { keys } = running.server.store
  const { accessKey, secretKey } = await keys.create()
  const x = await connectAs(t, running, accessKey, secretKey)
  const put = () => x.request('putObject', { bucket: 'b', key: 'k', opId: opId() })
  await t.rejects(put(), { code: 'DENIED' })
  await keys.grant(accessKey, 'b', ['write'])
  await put()
  await keys.revoke(accessKey, 'b', ['write'])
  await t.rejects(put(), { code: 'DENIED', message: /no write grant on bucket b/ })
  await keys.grant(accessKey, 'b', ['read', 'write'])
  await put()
  await keys.delete(accessKey)
  await t.rejects(put(), { code: 'DENIED', message: /unknown or was deleted/ })
  await t.rejects(x.request('listBuckets', {}), { code: 'DENIED' })
})

t.test('a body that streams is not waited for where its request is denied', async t => {
  const running = await withBucket(t)
  const { accessKey, secretKey } = await running.server.store.keys.create()
  const x = await connectAs(t, running, accessKey, secretKey)
  let sent = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      sent += 64 * 1024
      yield Buffer.alloc(64 * 1024)
    }
  }
  const head = { bucket: 'b', key: 'k', opId: opId() }
  await t.rejects(x.request('putObject', head, { body: { stream: endless() } }), { code: 'DENIED' })
  t.ok(sent <= 4 * 1024 * 1024, `${sent} bytes were sent`)
})

t.test('whoever is not let in is told nothing more', async t => {
  const running = await withBucket(t)
  const { keys } = running.server.store
  const gone = await keys.create()
  await keys.delete(gone.accessKey)
  const { accessKey, secretKey } = await keys.create()
  await connectAs(t, running, accessKey, secretKey)
  const refused = (id: string, secret: string) =>
    t.rejects(connectAs(t, running, id, secret), {
      code: 'DENIED',
      exitCode: 4,
      message: `the access key ${id} is unknown or its secret is wrong`,
    })
  await refused(accessKey, 'wrong')
  await refused(gone.accessKey, gone.secretKey)
  await refused('TKAAAAAAAAAAAAAAAAAA', secretKey)
  await refused('nonsense', secretKey)
})

t.test('a bucket that was made anew is another one', async t => {
  const running = await withBucket(t)
  const { store } = running.server
  const { accessKey, secretKey } = await store.keys.create()
  await store.keys.grant(accessKey, 'b', ['read', 'write', 'owner'])
  const x = await connectAs(t, running, accessKey, secretKey)
  await x.request('deleteBucket', { bucket: 'b' })
  await t.rejects(x.request('listKeys', { bucket: 'b' }), { code: 'DENIED' })
  await store.createBucket('b')
  await t.rejects(x.request('listKeys', { bucket: 'b' }), { code: 'DENIED' })
  t.strictSame((await x.request('listBuckets', {})).head.buckets, [])
})

t.test('a key with `*:owner` makes buckets and has those that others make', async t => {
  const running = await withBucket(t)
  const { keys } = running.server.store
  const { accessKey, secretKey } = await keys.create()
  await keys.grant(accessKey, '*', ['owner', 'write'])
  const x = await connectAs(t, running, accessKey, secretKey)
  await x.request('putBucket', { bucket: 'mine' })
  for (const bucket of ['mine', 'b']) await x.request('putObject', { bucket, key: 'k', opId: opId() })
  await t.rejects(x.request('getObject', { bucket: 'mine', key: 'k' }), { code: 'DENIED' })
  t.equal((await x.request('listBuckets', {})).head.buckets.length, 2)
})
