import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { aliveIn, OperatedCluster, type OperatedNode } from '../harness/processes/operated-cluster.js'

t.test(
  'an old copy of a data directory stays out until a layout takes it in, and nothing is lost',
  { timeout: 60_000 },
  async t => {
    const cluster = new OperatedCluster()
    t.teardown(() => cluster.stop())
    await cluster.init()
    const server = await cluster.server()
    const seeds = [server.address]
    const first = await cluster.agent('agent-1', { join: seeds })
    const others = new Map<string, OperatedNode>()
    for (const name of ['agent-2', 'agent-3'])
      others.set(name, await cluster.agent(name, { join: [...seeds, first.address] }))
    await cluster.initLayout(server.address, 3)
    const store = await cluster.connect(server.address)
    t.teardown(() => store.close())
    await store.createBucket('box')
    const written = new Map<string, string>()
    const write = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) {
        const key = `key-${written.size}`
        await store.put('box', key, Buffer.from(`content of ${key}`))
        written.set(key, `content of ${key}`)
      }
    }
    const check = async (): Promise<void> => {
      for (const [key, content] of written)
        t.equal(Buffer.from(await (await store.get('box', key)).bytes()).toString(), content)
    }

    await write(20)
    const data = join(cluster.folder, 'agent-1')
    const copy = join(cluster.folder, 'copy')
    await first.process.end()
    cpSync(data, copy, { recursive: true })
    const options = { join: (await store.status()).members.map(({ address }) => address) }
    const second = await cluster.agent('agent-1', options)
    await cluster.untilStatus(server.address, status => aliveIn(status) === 3 && status.healthy)
    await write(20)

    await second.process.end('SIGKILL')
    rmSync(data, { recursive: true })
    cpSync(copy, data, { recursive: true })
    const third = await cluster.agent('agent-1', options)
    const oldCopy = (text: string): boolean =>
      /has an old copy of its disk \(.*\): it takes no part/.test(text)
    await cluster.untilStatus(server.address, ({ problems }) => problems.some(oldCopy))
    const status = await cluster.torc(['status'], server.address)
    t.equal(status.code, 8)
    t.match(String(status.stdout), /has an old copy of its disk/)
    const log = `${third.process.errors}${third.process.lines.map(line => JSON.stringify(line)).join('\n')}`
    t.match(log, /the data directory is an old copy: other agents know its counters/)

    await write(20)
    await check()

    // A layout takes it in anew: it gets back all that it owns, and counts again.
    const id = (await store.status()).members.find(({ name }) => name === 'agent-1')?.id ?? ''
    const assigned = await cluster.torc(['layout', 'assign', id], server.address)
    t.match(String(assigned.stdout), /takes over anew all that it owns/)
    t.equal((await cluster.torc(['layout', 'apply'], server.address)).code, 0)
    await write(5)
    await cluster.untilStatus(server.address, ({ healthy, epoch }) => healthy && epoch === 2)
    await others.get('agent-2')?.process.end('SIGKILL')
    await check()
    await write(5)
    await check()
  },
)
