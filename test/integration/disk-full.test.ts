import { connect } from '@torc/client'
import { startAgent } from '@torc/node-agent/agent'
import { MemoryDisk } from '@torc/node-agent/disk/memory-disk'
import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import { tcpTransport } from '@torc/protocol/transport/tcp'
import { parseAddress } from '@torc/protocol/transport/transport'
import { startServer } from '@torc/server/start-server'
import t from 'tap'

const environment = systemEnvironment
const listen = { host: '127.0.0.1', port: 0 }

t.test(
  'when the disks are full, writes are refused with the reason, and reads go on; one full disk stops nothing',
  async t => {
    const secret = { clusterId: 'f'.repeat(32), secret: environment.random.bytes(32) }
    const transport = tcpTransport()
    const server = await startServer({
      secret,
      transport,
      listen,
      join: [],
      name: 'server',
      sharedRoots: [],
      environment,
      log: silentLog,
    })
    t.teardown(() => server.close())
    const join = [parseAddress(server.address)].filter(address => address !== undefined)
    const disks = ['agent-1', 'agent-2', 'agent-3'].map(name => new MemoryDisk(name))
    for (const [index, disk] of disks.entries()) {
      const agent = await startAgent({
        ...secret,
        data: disk,
        transport,
        listen,
        join,
        name: `agent-${index + 1}`,
        zone: '',
        capacity: 2 ** 30,
        environment,
        log: silentLog,
      })
      t.teardown(() => agent.close())
    }
    const store = await connect({
      servers: [server.address],
      credentials: deriveRootKey(secret.secret),
    })
    t.teardown(() => store.close())
    while ((await store.status()).members.filter(member => member.role === 'agent').length < 3) {
      await new Promise(resolve => setImmediate(resolve))
    }
    await store.initLayout({ agents: 3 })
    await store.createBucket('full')
    await store.put('full', 'small', 'before')
    await store.put('full', 'large', Buffer.alloc(100_000, 1))

    for (const [n, disk] of disks.entries()) {
      disk.setFreeBytes(0)
      await store.put('full', `plain ${n}`, Buffer.alloc(100_000, 10 + n))
      await store.put('full', `under a condition ${n}`, Buffer.alloc(100_000, 20 + n), { ifNoneMatch: '*' })
      disk.setFreeBytes(2 ** 30)
    }

    for (const disk of disks) disk.setFreeBytes(0)
    // One body for the index and one for block files; pages that are free already may still take a few bytes.
    for (const body of [Buffer.alloc(16_000, 3), Buffer.alloc(100_000, 2)]) {
      await t.rejects(store.put('full', 'small', body, { timeoutMs: 5_000 }), {
        code: 'DISK_FULL',
        hint: /[Ff]ree/,
      })
    }
    t.equal(await (await store.get('full', 'small')).text(), 'before')
    t.strictSame(await (await store.get('full', 'large')).bytes(), Buffer.alloc(100_000, 1))

    for (const disk of disks) disk.setFreeBytes(2 ** 30)
    await store.put('full', 'small', 'room again')
    t.equal(await (await store.get('full', 'small')).text(), 'room again')
  },
)
