import { type Log, silentLog } from '@torc/protocol/environment/log'
import { systemClock } from '@torc/protocol/environment/system'
import t from 'tap'
import { RemoteAccounts } from '../../src/accounts/remote-accounts.js'
import { FakeClient } from './fake-client.js'

/** Time that stands still until a test moves it; timers are run by hand. */
class Time {
  nowMs = 0
  readonly timers = new Set<() => void>()
  readonly clock = {
    ...systemClock,
    monotonicMs: () => this.nowMs,
    after: (_ms: number, callback: () => void) => {
      this.timers.add(callback)
      return () => void this.timers.delete(callback)
    },
  }
  /** Lets `ms` pass; what was due then is done. */
  pass(ms: number): void {
    this.nowMs += ms
    for (const timer of [...this.timers]) {
      this.timers.delete(timer)
      timer()
    }
  }
}

function setUp(clientsMax = 8, log: Log = silentLog) {
  const time = new Time()
  const clients: FakeClient[] = []
  const asked: string[] = []
  const secrets = new Map([
    ['A', 'a'],
    ['B', 'b'],
  ])
  const cluster = new FakeClient()
  const accounts = new RemoteAccounts({
    cluster: {
      store: cluster.store,
      secretOf: async key => {
        asked.push(key)
        return secrets.get(key)
      },
    },
    connect: async () => {
      const client = new FakeClient()
      clients.push(client)
      return client.store
    },
    ...{ clock: time.clock, log, clientsMax },
  })
  return { accounts, time, clients, asked, secrets, cluster }
}

t.test('secrets are asked for once in a while, and those that are not there each time', async t => {
  const { accounts, time, asked, secrets } = setUp()
  t.equal(await accounts.secretOf('A'), 'a')
  t.equal(await accounts.secretOf('A'), 'a')
  t.equal(await accounts.secretOf('C'), undefined)
  secrets.set('C', 'c')
  t.equal(await accounts.secretOf('C'), 'c')
  t.strictSame(asked, ['A', 'C', 'C'])
  secrets.delete('A')
  time.nowMs += 10_000
  t.equal(await accounts.secretOf('A'), undefined)
  await accounts.close()
})

t.test('a key has one client, which connects with its first call', async t => {
  const { accounts, clients } = setUp()
  const [one, two] = [await accounts.account('A'), await accounts.account('A')]
  t.equal(clients.length, 0)
  await Promise.all([one.store.head('box', 'k'), two.store.head('box', 'l'), one.store.keys.list()])
  t.equal(clients.length, 1)
  t.strictSame(clients[0]?.calls.sort(), ['head box/k', 'head box/l', 'keys'])
  await (await accounts.account('B')).store.head('box', 'm')
  t.equal(clients.length, 2)
  t.equal(accounts.connected, 2)
  await accounts.close()
  t.ok(clients.every(client => client.closed))
})

t.test('what is idle is closed, and whoever still holds it goes on with a new one', async t => {
  const { accounts, time, clients } = setUp()
  const { store } = await accounts.account('A')
  await store.head('box', 'k')
  time.pass(30_000)
  t.equal(clients[0]?.closed, false)
  const items = store.list('box')[Symbol.asyncIterator]()
  await items.next()
  time.pass(120_000)
  t.equal(clients[0]?.closed, false, 'a call is under way')
  await items.return?.()
  time.pass(120_000)
  await new Promise(setImmediate)
  t.equal(clients[0]?.closed, true)
  t.equal(accounts.connected, 0)
  const keys: unknown[] = []
  for await (const entry of store.list('box')) keys.push(entry)
  t.match(keys, [{ key: 'a' }, { key: 'b' }])
  await new Promise(setImmediate)
  t.match(clients, [{ closed: true }, { closed: true }], 'nobody else would close the second')
  await accounts.close()
})

t.test('there is room for so many; one that is idle makes room, one in use does not', async t => {
  const { accounts, time, clients } = setUp(1)
  const { store } = await accounts.account('A')
  const items = store.list('box')[Symbol.asyncIterator]()
  await items.next()
  await t.rejects(accounts.account('B'), { code: 'OVERLOADED', retryable: true })
  await items.return?.()
  time.nowMs += 1
  await (await accounts.account('B')).store.head('box', 'k')
  t.match(clients, [{ closed: true }, { closed: false }])
  await accounts.close()
})

t.test('a key that is gone is denied; a failure to connect is tried again', async t => {
  const { accounts } = setUp()
  const { store } = await accounts.account('C')
  await t.rejects(store.head('box', 'k'), { code: 'DENIED' })
  await t.rejects(store.head('box', 'k'), { code: 'DENIED' })
  await accounts.close()
})

t.test('without a key there are reads of open buckets, and nothing else', async t => {
  const { accounts, cluster } = setUp()
  cluster.open.add('open')
  const { store } = await accounts.anonymous()
  t.match(await store.head('open', 'k'), { key: 'k' })
  const keys: unknown[] = []
  for await (const entry of store.list('open')) keys.push(entry)
  t.equal(keys.length, 2)
  t.match(await store.headBucket('open'), { bucket: 'open' })
  for (const bucket of ['closed', 'none'])
    await t.rejects(store.head(bucket, 'k'), { code: 'DENIED', message: /no read grant/ })
  await t.rejects(store.put('open', 'k', ''), { code: 'DENIED' })
  await t.rejects(store.buckets(), { code: 'DENIED' })
  await t.rejects(store.keys.list(), { code: 'DENIED' })
  await t.rejects(
    async () => {
      for await (const _ of store.list('closed')) t.fail('nothing is listed')
    },
    { code: 'DENIED' },
  )
  t.notOk(cluster.calls.includes('put'))
  await accounts.close()
})
