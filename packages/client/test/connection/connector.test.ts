import { systemEnvironment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { connect } from '../../src/index.js'
import { credentials, ScriptedServer, versionAnswer } from '../doubles/scripted-server.js'

const nothing = Buffer.alloc(0)
const head = { headObject: () => ({ head: versionAnswer(nothing) }) }

/** An address at which nothing listens. */
async function deadAddress(): Promise<string> {
  const server = await ScriptedServer.start({})
  await server.stop()
  return server.address
}

t.test('connecting tells at once what is wrong', async t => {
  const server = await ScriptedServer.start(head)
  t.teardown(() => server.stop())
  const dead = await deadAddress()
  await t.rejects(connect({ servers: [dead], credentials }), { code: 'UNREACHABLE', exitCode: 5 })
  await t.rejects(connect({ servers: [], credentials }), { code: 'CONFIG' })
  await t.rejects(connect({ servers: ['nonsense'], credentials }), { code: 'CONFIG' })
  const wrong = { accessKey: credentials.accessKey, secretKey: 'wrong' }
  await t.rejects(connect(server.options({ credentials: wrong })), { code: 'DENIED', exitCode: 4 })
  // The refusal says more than that another server is down.
  await t.rejects(connect({ servers: [dead, server.address, dead], credentials: wrong }), { code: 'DENIED' })
  const aborted = AbortSignal.abort(new TorcError('INTERRUPTED', 'stop'))
  await t.rejects(connect(server.options({ signal: aborted })), { code: 'INTERRUPTED' })
})

t.test('the next server of the list is used when one fails', async t => {
  const second = await ScriptedServer.start(head)
  const first = await ScriptedServer.start(head)
  t.teardown(() => Promise.all([first.stop(), second.stop()]))
  const store = await connect({ servers: [await deadAddress(), first.address, second.address], credentials })
  t.teardown(() => store.close())
  t.equal(first.exchanges.length, 1)
  await first.stop()
  await store.head('b', 'k')
  t.equal(second.exchanges.length, 1)
})

t.test('a server that can not serve is left for another', async t => {
  const second = await ScriptedServer.start(head)
  const first = await ScriptedServer.start({
    headObject: () => {
      throw new TorcError('UNAVAILABLE', 'cut off from the agents')
    },
  })
  t.teardown(() => Promise.all([first.stop(), second.stop()]))
  const store = await connect({ servers: [first.address, second.address], credentials })
  t.teardown(() => store.close())
  await store.head('b', 'k')
  t.equal(second.exchanges.length, 1)
})

t.test('a lost connection is made anew within the deadline', async t => {
  const server = await ScriptedServer.start(head)
  const { port } = server
  const waits: number[] = []
  let restarted: Promise<ScriptedServer> | undefined
  const store = await connect(
    server.options({
      onReconnecting(error, waitMs) {
        t.equal(error.code, 'UNREACHABLE')
        waits.push(waitMs)
        // The server comes back while the call is still waiting.
        if (waits.length === 2) restarted = ScriptedServer.start(head, port)
      },
    }),
  )
  await server.stop()
  t.equal((await store.head('b', 'k')).key, 'k')
  t.ok(waits.length >= 2)
  t.ok((waits[1] ?? 0) > 0)
  await store.close()
  await (await restarted)?.stop()
})

t.test('a call gives up at its deadline and says why', async t => {
  const server = await ScriptedServer.start(head)
  const store = await connect(server.options())
  t.teardown(() => store.close())
  await server.stop()
  const error = await store.head('b', 'k', { timeoutMs: 200 }).catch((error: unknown) => error)
  t.match(error, { code: 'UNREACHABLE' })
  await t.rejects(
    store.put('b', 'k', 'x', { timeoutMs: 200 }),
    { code: 'UNREACHABLE' },
    'never sent: not indeterminate',
  )
})

t.test('a transfer that may take an hour does not look for a server that long', async t => {
  const server = await ScriptedServer.start(head)
  const store = await connect(server.options({ timeoutMs: 200 }))
  t.teardown(() => store.close())
  await server.stop()
  await t.rejects(store.putShared('b', 'k', '/file'), { code: /UNREACHABLE|INDETERMINATE/ })
  await t.rejects(store.head('b', 'k', { timeoutMs: 3_600_000 }), { code: 'UNREACHABLE' })
})

t.test('calls share one search for a connection', async t => {
  const server = await ScriptedServer.start(head)
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  server.cut()
  await Promise.all(Array.from({ length: 50 }, () => store.head('b', 'k')))
  t.equal(server.exchanges.length, 1)
})

t.test('closing ends the search', async t => {
  const server = await ScriptedServer.start(head)
  const store = await connect(server.options({ environment: systemEnvironment }))
  await server.stop()
  const call = store.head('b', 'k')
  const refused = t.rejects(call, { code: 'CANCELLED' })
  await store.close()
  await refused
  await t.rejects(store.head('b', 'k'), { code: 'CANCELLED' })
})
