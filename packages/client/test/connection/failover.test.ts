import { randomBytes } from 'node:crypto'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Handlers } from '@torc/protocol/exchange/exchange'
import { tcpTransport } from '@torc/protocol/transport/tcp'
import t, { type Test } from 'tap'
import { Caller, Pin } from '../../src/connection/caller.js'
import { Connector } from '../../src/connection/connector.js'
import { connect, type Store } from '../../src/index.js'
import { credentials, ScriptedServer, versionAnswer } from '../doubles/scripted-server.js'

const nothing = Buffer.alloc(0)

async function servers(t: Test, ...handlers: Handlers[]): Promise<ScriptedServer[]> {
  const all = await Promise.all(handlers.map(each => ScriptedServer.start(each)))
  t.teardown(() => Promise.all(all.map(server => server.stop())))
  return all
}

async function storeOf(t: Test, all: readonly ScriptedServer[]): Promise<Store> {
  const store = await connect({ servers: all.map(({ address }) => address), credentials })
  t.teardown(() => store.close())
  return store
}

t.test('requests are spread over all servers, but those of one piece of work', async t => {
  const counts = [0, 0]
  const counting = (at: number): Handlers => ({
    headObject: () => {
      counts[at] = (counts[at] ?? 0) + 1
      return { head: versionAnswer(nothing) }
    },
  })
  const all = await servers(t, counting(0), counting(1))
  const environment = systemEnvironment
  const connector = new Connector({
    servers: all.map(({ port }) => ({ host: '127.0.0.1', port })),
    environment,
    open: (address, signal, silence) =>
      connectExchange(tcpTransport(), address, {
        identity: {
          ...{ role: 'client', id: credentials.accessKey, name: 'client', address: '', clusterId: '' },
          secret: Buffer.from(credentials.secretKey),
        },
        ...{ environment, signal, silence },
      }),
  })
  t.teardown(() => connector.close())
  const caller = new Caller(connector, environment, 10_000)
  const ask = (pin?: Pin) => caller.call('headObject', { bucket: 'b', key: 'k' }, { pin })
  while (counts.includes(0)) await ask()
  counts.fill(0)
  for (let i = 0; i < 20; i++) await ask()
  t.strictSame(counts, [10, 10])

  counts.fill(0)
  const pin = new Pin()
  for (let i = 0; i < 20; i++) await ask(pin)
  const at = counts.indexOf(20)
  t.strictSame([...counts].sort(), [0, 20])
  await all[at]?.stop()
  for (let i = 0; i < 20; i++) await ask(pin)
  t.strictSame(counts, [20, 20], 'they go on at the other one')
})

t.test('a body that a server can not read on comes from another', async t => {
  const body = randomBytes(1_000_000)
  const ranges: unknown[] = []
  const from = (start: number, breaks: boolean): AsyncGenerator<Uint8Array> =>
    (async function* () {
      for (let at = start; at < body.length; at += 100_000) {
        if (breaks && at >= 500_000) throw new TorcError('UNAVAILABLE', 'cut off from the agents')
        yield body.subarray(at, at + 100_000)
      }
    })()
  const all = await servers(
    t,
    { getObject: () => ({ head: versionAnswer(body), body: { stream: from(0, true) } }) },
    {
      getObject: ({ head }) => {
        const { range: [start] = [0], versionId } = head
        ranges.push([start, versionId])
        const range: [number, number] = [start, body.length - 1]
        return { head: { ...versionAnswer(body), range }, body: { stream: from(start, false) } }
      },
    },
  )
  const store = await storeOf(t, all)
  t.ok(Buffer.from(await (await store.get('b', 'k')).bytes()).equals(body))
  t.match(ranges, [[Number, versionAnswer(body).versionId]])
})

t.test('a history goes on at another server, without what it gave and what is new', async t => {
  const version = (letter: string, createdAt: number) => ({
    ...{ versionId: letter.repeat(26), kind: 'object' as const, size: 1, etag: 'e', contentType: '' },
    ...{ createdAt, seq: 1, actor: '00000000000000aa', counter: 1, parents: [] },
    ...{ isLatest: false, isHead: false },
  })
  let goOn = (): void => {}
  const handedOn = new Promise<void>(resolve => {
    goOn = resolve
  })
  const all = await servers(
    t,
    {
      getHistory: async function* () {
        yield { head: { versions: [version('d', 4_000), version('c', 3_000)] } }
        // The first leaves when the second is known not to be the last.
        yield { head: { versions: [] } }
        await handedOn
        all[0]?.cut()
      },
    },
    {
      getHistory: async function* () {
        const versions = [version('e', 5_000), version('d', 4_000), version('c', 3_000), version('b', 2_000)]
        yield { head: { versions } }
      },
    },
  )
  const store = await storeOf(t, all)
  const found: string[] = []
  for await (const { versionId } of store.history('b', 'k')) {
    found.push(versionId[0] ?? '')
    if (found.length === 2) {
      await all[0]?.stop()
      goOn()
    }
  }
  t.strictSame(found, ['d', 'c', 'b'])
})

t.test('a server that answers nothing does not keep the others from being used', async t => {
  let release: () => void = () => {}
  const released = new Promise<void>(resolve => {
    release = resolve
  })
  const all = await servers(
    t,
    {
      headObject: async ({ head }) => {
        if (head.key === 'slow') await released
        return { head: versionAnswer(nothing) }
      },
    },
    { headObject: () => ({ head: versionAnswer(nothing) }) },
  )
  const store = await storeOf(t, all)
  const slow = store.head('b', 'slow')
  for (let i = 0; i < 5; i++) await store.head('b', 'k')
  t.equal(all[1]?.exchanges.length, 1)
  release()
  t.equal((await slow).key, 'slow')
})
