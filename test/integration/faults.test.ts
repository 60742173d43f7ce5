import t from 'tap'
import { OperatedCluster, type OperatedNode } from '../harness/processes/operated-cluster.js'

const cluster = new OperatedCluster()
t.teardown(() => cluster.stop())
let server = ''
/** Each behind a fault proxy; each test heals what it does to them. */
let agents: OperatedNode[] = []

t.before(async () => {
  await cluster.init()
  server = (await cluster.server()).address
  agents = await Promise.all(
    ['a', 'b', 'c'].map(name => cluster.agent(name, { join: [server], proxied: true })),
  )
  t.match(await cluster.initLayout(server, 3), { code: 0 })
})

t.test('one agent that is cut off, silently or not, holds nobody up', async t => {
  const store = await cluster.connect(server)
  t.teardown(() => store.close())
  await store.createBucket('box')
  const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`)
  for (const key of keys) await store.put('box', key, `first ${key}`)

  for (const [index, agent] of agents.entries()) {
    const { proxy } = agent
    if (proxy === undefined) throw new Error('the agent has no proxy')
    // Silence is the hardest: nothing says that the agent is gone but the time that passes.
    const mend = index === 0 ? proxy.cut() : index === 1 ? proxy.cut('fromTarget') : proxy.hold('fromTarget')
    for (const key of keys) {
      const result = await store.put('box', key, `${index} ${key}`)
      t.ok(result.replicasWritten.length >= 2, `${key}: on a majority`)
      t.equal(await (await store.get('box', key)).text(), `${index} ${key}`, `${key} is read`)
    }
    mend()
    // Its copies catch up by reads: an agent that missed writes must not show what they replaced.
    for (const key of keys) t.equal(await (await store.get('box', key)).text(), `${index} ${key}`)
  }
})

t.test(
  'two of three agents gone: a write fails with the reason, and works again when one is back',
  async t => {
    const store = await cluster.connect(server, { timeoutMs: 8_000 })
    t.teardown(() => store.close())
    await store.createBucket('few')
    await store.put('few', 'key', 'before')
    const [first, second] = agents
    for (const agent of [first, second]) {
      agent?.proxy?.refuse(true)
      agent?.proxy?.breakConnections()
    }
    const error = await store.put('few', 'key', 'during').then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    t.match(error, { code: /^(UNAVAILABLE|INDETERMINATE|CLOCK_UNREAD|TIMEOUT)$/, retryable: true })
    first?.proxy?.heal()
    let written = false
    while (!written) {
      written = await store.put('few', 'key', 'after').then(
        () => true,
        () => false,
      )
    }
    t.equal(await (await store.get('few', 'key')).text(), 'after')
  },
)
