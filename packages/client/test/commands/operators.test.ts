import t from 'tap'
import { filled, run } from '../doubles/run.js'

t.test('buckets are made, shown and removed', async t => {
  const store = await filled({ 'photos/a': 'a' })
  const made = await run(['mb', 'new-bucket', '--replicas', '1', '--json'], { store })
  t.match(made.io.records[0], {
    bucket: 'new-bucket',
    replicas: 1,
    readQuorum: 2,
    writeQuorum: 2,
    policy: 'all',
  })
  t.equal((await run(['mb', 'photos'], { store })).code, 6)
  t.equal((await run(['mb', 'Photos'], { store })).code, 2)
  t.match((await run(['bucket', 'show', 'photos'], { store })).out, 'replicas\t3')
  t.match((await run(['bucket', 'show', 'photos', '--json'], { store })).io.records[0], { bucket: 'photos' })
  t.equal((await run(['rb', 'photos'], { store })).code, 6)
  t.equal((await run(['rb', 'photos', '--force'], { store })).code, 0)
  t.equal((await run(['rb', 'photos'], { store })).code, 3)
  t.equal((await run(['rb', 'new-bucket', '--json'], { store })).code, 0)
})

t.test('how bodies are cut is set, changed and shown', async t => {
  const store = await filled({})
  await run(['mb', 'images', '--cutting', 'content'], { store })
  t.match((await run(['bucket', 'show', 'images'], { store })).out, 'cutting\tcontent (blocks of about 1 MiB')
  const changed = await run(['bucket', 'set', 'images', '--cutting', 'fixed', '--json'], { store })
  t.match(changed.io.records[0], { bucket: 'images', cutting: 'fixed' })
  t.match((await run(['bucket', 'show', 'images'], { store })).out, 'cutting\tfixed (blocks of 1 MiB)')
  const wrong = await run(['mb', 'more', '--cutting', 'thin'], { store })
  t.equal(wrong.code, 2)
  t.match(wrong.err, /one of fixed, content/)
})

t.test('status', async t => {
  const store = await filled({ 'photos/a': 'a' })
  const healthy = await run(['status', '--json'], { store })
  t.equal(healthy.code, 0)
  t.match(healthy.io.records[0], {
    epoch: 1,
    partitions: 256,
    healthy: true,
    problems: [],
    servers: [{ id: 'server-1' }],
    agents: [
      {
        id: 'agent-1',
        address: '127.0.0.1:7410',
        zone: '',
        state: 'alive',
        capacity: 1000,
        usedBytes: 10,
        partitions: 256,
        hintsHeld: 0,
        hintsFor: [],
      },
    ],
    repair: { blocksMissing: 0, blocksCorrupt: 0, blocksRepaired: 0 },
    workers: [],
    buckets: 1,
  })
  store.healthy = false
  const ill = await run(['status'], { store })
  t.equal(ill.code, 8)
  t.match(ill.out, 'problem\tagent-1 is down')
  t.match((await run(['status'], { store, terminal: true })).out, /role\s+id\s+address/)
})

t.test('status shows damaged blocks and what goes on in the background', async t => {
  const store = await filled({})
  store.agentState = {
    ...{ blocks: 12, blocksMissing: 2, blocksCorrupt: 1, blocksRepaired: 5 },
    workers: [
      { name: 'scrub', state: 'throttled', progress: 'pass 3: 40 %, 9 blocks checked', error: undefined },
      { name: 'other', state: 'failed', progress: '', error: 'no room' },
    ],
  }
  const shown = (await run(['status', '--json'], { store })).io.records[0]
  t.match(shown, {
    agents: [{ blocks: 12, blocksMissing: 2, blocksCorrupt: 1, blocksRepaired: 5 }],
    repair: { blocksMissing: 2, blocksCorrupt: 1, blocksRepaired: 5 },
    workers: [
      { agent: 'agent-1', name: 'scrub', state: 'throttled', progress: /40 %/, error: null },
      { agent: 'agent-1', name: 'other', state: 'failed', error: 'no room' },
    ],
  })
  const { out } = await run(['status'], { store, terminal: true })
  t.match(out, /12, 3 damaged/)
  t.match(out, /scrub\s+throttled\s+pass 3: 40 %/)
  t.match(out, /other\s+failed\s+no room/)
})

t.test('layout', async t => {
  const store = await filled({})
  t.match((await run(['layout', 'show', '--json'], { store })).io.records[0], {
    epoch: 1,
    agents: [{ id: 'agent-1' }],
  })
  t.match((await run(['layout', 'init', '--agents', '1'], { store })).out, 'epoch\t1')
})
