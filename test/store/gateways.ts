import { connect, connectGateway } from '@torc/client'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import type { Test } from 'tap'
import type { MemoryCluster } from '../uploads/memory-cluster.js'

/** What a gateway learns of access keys, inside a server and standing alone. */
export function checkGateways(t: Test, cluster: () => MemoryCluster): void {
  t.test('secrets of access keys', async t => {
    const { server, secret, transport } = cluster()
    const join = { servers: [server.address], transport }
    const gateway = await connectGateway({ ...join, secret, id: 'gateway-1', name: 'gateway' })
    t.teardown(() => gateway.close())
    const root = deriveRootKey(secret.secret)
    const made = await gateway.store.keys.create({ name: 'app' })
    for (const secretOf of [server.secretOf, gateway.secretOf]) {
      t.equal(await secretOf(root.accessKey), root.secretKey)
      t.equal(await secretOf(made.accessKey), made.secretKey)
      for (const unknown of ['TKAAAAAAAAAAAAAAAAAA', 'AKIAIOSFODNN7EXAMPLE', '', 'x'.repeat(10_000)])
        t.equal(await secretOf(unknown), undefined)
    }
    // It serves with the key that its user proved.
    const app = await connect({ ...join, credentials: made })
    t.teardown(() => app.close())
    await t.rejects(app.head('none', 'k'), { code: 'DENIED' })
    await t.rejects(app.keys.show('TKAAAAAAAAAAAAAAAAAA'), { code: 'DENIED' })
    await gateway.store.keys.delete(made.accessKey)
    for (const secretOf of [server.secretOf, gateway.secretOf])
      t.equal(await secretOf(made.accessKey), undefined)
  })

  t.test('only a node with the cluster’s secret is told', async t => {
    const { server, secret, transport, remote } = cluster()
    const asks = remote.keys as unknown as { secretOf(accessKey: string): Promise<string | undefined> }
    await t.rejects(
      asks.secretOf(deriveRootKey(secret.secret).accessKey),
      { code: 'DENIED' },
      'the root key is no node',
    )
    const wrong = { ...secret, secret: Buffer.alloc(32, 1) }
    await t.rejects(
      connectGateway({ servers: [server.address], transport, secret: wrong, id: 'gateway-2', name: '' }),
      { code: 'DENIED' },
    )
  })
}
