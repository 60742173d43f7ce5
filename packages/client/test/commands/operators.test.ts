import type { BlockPlaces, BlockState } from '@torc/protocol/store/blocks'
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

t.test('how blocks are kept is set, changed and shown', async t => {
  const store = await filled({})
  await run(['mb', 'logs', '--compression', 'brotli'], { store })
  t.match((await run(['bucket', 'show', 'logs'], { store })).out, 'compression\tbrotli (of new blocks')
  const changed = await run(['bucket', 'set', 'logs', '--compression', 'none', '--json'], { store })
  t.match(changed.io.records[0], { bucket: 'logs', compression: 'none', cutting: 'fixed' })
  t.match((await run(['bucket', 'show', 'logs'], { store })).out, 'compression\tnone\n')
  const wrong = await run(['mb', 'more', '--compression', 'zip'], { store })
  t.equal(wrong.code, 2)
  t.match(wrong.err, /one of none, brotli/)
})

t.test('what faces ask of a bucket is set, changed and shown', async t => {
  const store = await filled({})
  await run(['mb', 'site', '--versioning', 'unversioned', '--public-read'], { store })
  t.match(await store.headBucket('site'), { versioning: 'unversioned', publicRead: true })
  const shown = (await run(['bucket', 'show', 'site'], { store })).out
  t.match(shown, 'versioning\tunversioned\npublic read\tyes\n')
  await run(['bucket', 'set', 'site', '--no-public-read'], { store })
  const changed = await run(['bucket', 'set', 'site', '--versioning', 'enabled', '--json'], { store })
  t.match(changed.io.records[0], { bucket: 'site', versioning: 'enabled', publicRead: false, tags: {} })
  await store.changeBucket('site', { tags: { team: 'blue' } })
  t.match((await run(['bucket', 'show', 'site'], { store })).out, 'tag\tteam = blue\n')
  const wrong = await run(['mb', 'more', '--versioning', 'on'], { store })
  t.equal(wrong.code, 2)
  t.match(wrong.err, /one of enabled, suspended, unversioned/)
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

t.test('status shows hints and whom they are for', async t => {
  const store = await filled({})
  store.agentState = { hints: [{ agent: 'agent-2', keys: 3, blocks: 4 }] }
  t.match((await run(['status', '--json'], { store })).io.records[0], {
    agents: [{ hintsHeld: 7, hintsFor: ['agent-2'], hints: [{ agent: 'agent-2', keys: 3, blocks: 4 }] }],
  })
  const { out } = await run(['status'], { store, terminal: true })
  t.match(out, /agent-1\s+agent-2\s+3\s+4/)
})

t.test('status shows blocks by state, and what bodies take', async t => {
  const store = await filled({})
  const before = (await run(['status', '--json'], { store })).io.records[0]
  t.match(before, { logicalBytes: null, agents: [{ bodyBytes: null, blocksStored: null }] })
  store.bytes = { logicalBytes: 2_040_109_465, physicalBytes: 1024 ** 3 }
  const bytes = { bodyBytes: 5000, inlineBytes: 1000, blockBytes: 4000, storedBytes: 2048 }
  const counts = { blocksStored: 9, blocksUploading: 1, blocksReleasing: 2 }
  store.agentState = { blocks: 12, blocksMissing: 0, blocksCorrupt: 1, ...counts, ...bytes }
  t.match((await run(['status', '--json'], { store })).io.records[0], {
    ...store.bytes,
    agents: [{ ...counts, ...bytes, blocksMissing: 0, blocksCorrupt: 1 }],
  })
  const { out } = await run(['status'], { store, terminal: true })
  t.match(out, /bodies\s+1\.9 GiB stored in 1\.0 GiB \(53 %\)/)
  t.match(out, /agent\s+blocks stored\s+uploading\s+releasing\s+missing\s+corrupt/)
  t.match(out, /agent-1\s+9\s+1\s+2\s+0\s+1\s+4\.9 KiB\s+1000 B\s+3\.9 KiB\s+2\.0 KiB/)
  t.match((await run(['status'], { store })).out, 'bodies\t1.9 GiB stored in 1.0 GiB (53 %)')
})

t.test('blocks of a version and their states', async t => {
  const store = await filled({ 'photos/a': 'a' })
  const none = await run(['blocks', 'photos/a'], { store })
  t.match(none, { code: 0, out: '', err: /no blocks/ })
  const place = (position: number, ...states: BlockState[]): BlockPlaces => ({
    ...{ bucket: '', key: '', versionId: '', position, hash: `${position}f`.repeat(16), size: 2048 },
    owners: states.map((state, i) => ({ agent: `agent-${i}`, state })),
  })
  store.places = [place(0, 'stored', 'releasing'), place(1, 'corrupt', 'absent')]
  const shown = await run(['blocks', 'photos/a', '--json'], { store })
  t.equal(shown.code, 8)
  t.match(shown.io.records, [
    { bucket: 'photos', key: 'a', versionId: 'v1', position: 0, size: 2048, hash: /^0f0f/ },
    {
      position: 1,
      owners: [
        { agent: 'agent-0', state: 'corrupt' },
        { agent: 'agent-1', state: 'absent' },
      ],
    },
  ])
  const plain = await run(['blocks', 'photos/a', '--version-id', 'v1'], { store })
  t.match(plain.out, /^0\t(0f)+\t2048\tagent-0=stored\tagent-1=releasing\n1\t/)
  t.match(plain.err, /1 block of 2 not on all owners/)
  const terminal = await run(['blocks', 'photos/a'], { store, terminal: true })
  t.match(terminal.out, /1 {2}(1f)+ {4}2\.0 KiB {2}agent-0=.*corrupt/)
  t.equal((await run(['blocks', 'photos/b'], { store })).code, 3)
  t.equal((await run(['blocks', 'photos'], { store })).code, 2)
})

t.test('changes of the layout are staged, shown and applied', async t => {
  const store = await filled({})
  const code = async (...words: string[]) => (await run(['layout', ...words], { store })).code
  t.equal(await code('assign', 'agent-2', '--zone', 'east', '--capacity', '2TB'), 0)
  t.equal(await code('remove', 'agent-1', '--dead'), 0)
  t.equal(await code('remove', 'agent-3'), 0)
  t.equal(await code('replicas', '5'), 0)
  t.equal(await code('replicas', 'many'), 2)
  t.equal(await code('apply', '--epoch', '3', '--accept-loss'), 0)
  t.equal(await code('cancel'), 0)
  t.match(store.layoutCalls, [
    { assign: [{ id: 'agent-2', zone: 'east', capacity: 2e12 }] },
    { remove: [{ id: 'agent-1', dead: true }] },
    { remove: [{ id: 'agent-3', dead: false }] },
    { replicas: 5 },
    { epoch: 3, acceptLoss: true },
    'cancel',
  ])
  const layout = await store.layout()
  const progress = [
    { id: 'agent-2', epoch: 2, stage: 1, left: 3, total: 8, leftovers: 0, bytes: 100 },
    { id: 'agent-3', epoch: 0, stage: 1, left: 0, total: 0, leftovers: 0, bytes: 0, error: 'gone' },
  ]
  const plan = {
    agents: [{ id: 'agent-1', zone: '', capacity: 1000, before: 256, after: 128, gains: 0, loses: 128 }],
    ...{ replicas: 1, moved: 128, movedMin: 128, bytes: 4096, absentMax: 0 },
    ...{ notes: ['A note.'], problems: ['A problem.'] },
  }
  const changes = {
    ...{ base: 1, assign: [{ id: 'agent-2', zone: '', capacity: 1000 }], replicas: 2 },
    remove: [{ id: 'agent-1', dead: true }],
  }
  store.layout = async () => ({ ...layout, stage: 2, progress, changes, plan })
  const { out } = await run(['layout', 'show'], { store })
  for (const text of [
    'stage 2 of 3',
    '5 of 8 partitions',
    'gone',
    'remove agent-1, which is gone for good',
    '2 replicas',
  ])
    t.match(out, text)
  t.match(out, /128 replicas.*no layout moves fewer than 128/)
  t.match(out, 'Cannot be applied: A problem.')
  store.layout = async () => ({ ...layout, changes })
  t.match((await run(['layout', 'show'], { store })).out, /for another layout/)
  t.match((await run(['layout', 'show', '--json'], { store })).io.records[0], {
    stage: 3,
    changes: { base: 1 },
  })
})

t.test('layout', async t => {
  const store = await filled({})
  t.match((await run(['layout', 'show', '--json'], { store })).io.records[0], {
    epoch: 1,
    agents: [{ id: 'agent-1' }],
  })
  t.match((await run(['layout', 'init', '--agents', '1'], { store })).out, 'epoch\t1')
})
