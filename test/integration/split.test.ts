import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from '@torc/client'
import t from 'tap'
import { aliveIn, OperatedCluster, type OperatedNode } from '../harness/processes/operated-cluster.js'
import { ReplicaProbe } from '../harness/replicas/replica-probe.js'

/** Two servers and four agents that all hold everything, each behind a fault proxy. */
interface Setup {
  readonly cluster: OperatedCluster
  readonly servers: readonly [OperatedNode, OperatedNode]
  readonly probe: ReplicaProbe
  /**
   * Cuts server A with agents 1 and 2 from server B with agents 3 and 4. Silently, so that nobody knows it before
   * something is not answered in time; or `noticed` by all: connections broke, and cannot be made again.
   */
  split(how: 'silently' | 'noticed'): Promise<() => Promise<void>>
}

async function setUp(): Promise<Setup> {
  const cluster = new OperatedCluster()
  t.teardown(() => cluster.stop())
  await cluster.init()
  const a = await cluster.server({ name: 'server-a', proxied: true })
  const b = await cluster.server({ name: 'server-b', proxied: true, join: [a.address] })
  const [one, two, three, four] = await Promise.all(
    (['one', 'two', 'three', 'four'] as const).map(name =>
      cluster.agent(name, { join: [a.address, b.address], proxied: true }),
    ),
  )
  if (one === undefined || two === undefined || three === undefined || four === undefined) throw new Error()
  const agents = [one, two, three, four]
  const untilBoth = async (alive: number): Promise<void> => {
    for (const { address } of [a, b]) {
      await cluster.untilStatus(address, status => status.epoch === 1 && aliveIn(status) === alive)
    }
  }
  t.match(await cluster.initLayout(a.address, 4, { layout: ['--replicas', '4'] }), { code: 0 })
  await untilBoth(4)
  const addresses = agents.map(({ address }) => address)
  const probe = ReplicaProbe.ofProcesses(cluster.secretFile, addresses)
  t.teardown(() => probe.close())
  return {
    cluster,
    servers: [a, b],
    probe,
    async split(how) {
      const mend = cluster.split([a, one, two], [b, three, four])
      if (how === 'noticed') {
        for (const { proxy } of [a, b, ...agents]) proxy?.breakConnections()
        await untilBoth(2)
      }
      return async () => {
        mend()
        await untilBoth(4)
      }
    },
  }
}

/** Each test splits it and heals it again. */
let setup: Setup

t.before(async () => {
  setup = await setUp()
})

async function connectTo({ address }: OperatedNode): Promise<Store> {
  const store = await setup.cluster.connect(address, { timeoutMs: 20_000 })
  t.teardown(() => store.close())
  return store
}

async function idsOf(store: Store, bucket: string, key: string): Promise<string[]> {
  const ids: string[] = []
  for await (const entry of store.versions(bucket)) {
    if ('key' in entry && entry.key === key) ids.push(entry.versionId)
  }
  return ids
}

t.test('what both sides of a split wrote is there after it, on every replica', async t => {
  const { probe } = setup
  const a = await connectTo(setup.servers[0])
  const b = await connectTo(setup.servers[1])
  // A write with a context reads no clocks, so that two of four agents are enough for it.
  await a.createBucket('box', { replicas: 4, readQuorum: 4, writeQuorum: 2 })
  // Here a plain write covers what its minter holds.
  await a.createBucket('loose', { replicas: 4, readQuorum: 1, writeQuorum: 2 })
  const first = await a.put('box', 'key', 'first')
  const { context, versionId: second } = await a.put('box', 'key', 'second', { context: first.context })
  await a.put('box', 'torn', 'before')
  const { context: tornContext } = await b.head('box', 'torn')
  const { versionId: plain } = await a.put('loose', 'key', 'before')
  await probe.settled('loose', 'key', ({ versions }) => versions.length === 1)
  for (const bucket of ['box', 'loose']) await b.headBucket(bucket)
  t.equal(await (await b.get('loose', 'key')).text(), 'before')

  const heal = await setup.split('silently')
  const [left, right] = await Promise.all([
    a.put('box', 'key', 'left', { context }),
    b.put('box', 'key', 'right', { context }),
  ])
  for (const { replicasWritten } of [left, right]) {
    t.equal(replicasWritten.length, 2, 'two agents acknowledged')
  }
  t.notOk(left.replicasWritten.some(agent => right.replicasWritten.includes(agent)))
  const further = await a.put('box', 'key', 'further left', { context: left.context })
  const [, survivor, plainLeft, plainRight] = await Promise.all([
    a.delete('box', 'torn', { context: tornContext }),
    b.put('box', 'torn', 'written meanwhile', { context: tornContext }),
    a.put('loose', 'key', 'plain left'),
    b.put('loose', 'key', 'plain right'),
  ])
  t.strictSame([plainLeft.siblings, plainRight.siblings], [[], []])
  await Promise.all([
    a.setTags('loose', 'key', { set: { left: 'yes', both: 'a' } }, { versionId: plain }),
    b.setTags('loose', 'key', { set: { right: 'yes' } }, { versionId: plain }),
  ])
  await t.rejects(a.get('box', 'key'), { code: 'UNAVAILABLE', retryable: true }, 'one side is no read quorum')
  await heal()

  const heads = [further.versionId, right.versionId].sort()
  const got = await b.get('box', 'key')
  t.strictSame([got.versionId, ...got.siblings].sort(), heads, 'GET names both')
  const versions = [first.versionId, second, left.versionId, ...heads].sort()
  const both = await probe.settled('box', 'key', ({ heads }) => heads.length === 2)
  t.strictSame([...both.heads].sort(), heads, 'both are heads on every replica')
  t.strictSame([...both.versions].sort(), versions, 'nothing was lost')
  for (const { versionId, text } of [
    { versionId: right.versionId, text: 'right' },
    { versionId: further.versionId, text: 'further left' },
    { versionId: left.versionId, text: 'left' },
  ]) {
    t.equal(await (await a.get('box', 'key', { versionId })).text(), text)
  }

  const merged = await a.put('box', 'key', 'merged', { context: got.context })
  t.strictSame(merged.siblings, [])
  const one = await probe.settled('box', 'key', ({ versions }) => versions.length === 6)
  t.strictSame(one.heads, [merged.versionId], 'one head')
  t.strictSame([...one.versions].sort(), [merged.versionId, ...versions].sort(), 'the full history')
  for (const store of [a, b]) {
    t.match(await store.head('box', 'key'), { versionId: merged.versionId, siblings: [] })
    t.strictSame((await idsOf(store, 'box', 'key')).sort(), [...one.versions].sort())
  }

  // A purge takes just what its context names: what was written meanwhile stays, what it replaced is gone.
  t.equal(await (await a.get('box', 'torn')).text(), 'written meanwhile')
  const torn = await probe.settled('box', 'torn')
  t.strictSame(torn.versions, [survivor.versionId])

  // Where one answer is enough, a read may see one side only; a bucket that asks all sees both.
  await a.changeBucket('loose', { readQuorum: 4 })
  const conflict = [plainLeft.versionId, plainRight.versionId].sort()
  const shown = await a.get('loose', 'key')
  t.strictSame([shown.versionId, ...shown.siblings].sort(), conflict)
  const loose = await probe.settled('loose', 'key', one => one.heads.length === 2)
  t.strictSame([...loose.versions].sort(), [plain, ...conflict].sort(), 'nothing was lost')
  const { tags } = await b.tags('loose', 'key', { versionId: plain })
  t.strictSame({ ...tags }, { both: 'a', left: 'yes', right: 'yes' }, 'nor a tag')
})

t.test('the same by scripts of the shell', async t => {
  const { cluster, servers, probe } = setup
  const file = (name: string, text: string): string => {
    const path = join(cluster.folder, name)
    writeFileSync(path, text)
    return path
  }
  const shell = async (
    { address }: OperatedNode,
    args: readonly string[],
    stdin?: string,
  ): Promise<string> => {
    const done = await cluster.torc(['shell', ...args], address, stdin)
    t.match(done, { code: 0 }, done.stderr)
    return done.stdout.toString()
  }
  const headOf = (stdout: string): Record<string, unknown> =>
    JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>

  const [before, left, right, merged, back] = ['before', 'left', 'right', 'merged', 'back'].map(name =>
    file(name, `${name}\n`),
  )
  const begin = await shell(
    servers[0],
    ['--json'],
    `mb shell --replicas 4 --read-quorum 4 --write-quorum 2\nput shell/key ${before}\nhead shell/key\n`,
  )
  const { context, versionId } = headOf(begin)
  await shell(servers[1], ['-c', 'head shell/key; ls shell'])
  const heal = await setup.split('noticed')
  const script = file('left.torc', `put shell/key ${left} --context ${context}\n`)
  const onLeft = headOf(await shell(servers[0], ['--json', '-f', script]))
  const onRight = headOf(
    await shell(servers[1], ['--json', '-c', `put shell/key ${right} --context ${context}`]),
  )
  await heal()

  const conflict = headOf(await shell(servers[0], ['--json'], `get shell/key ${back}\nhead shell/key\n`))
  const heads = [onLeft.versionId, onRight.versionId].sort()
  t.strictSame([conflict.versionId, ...(conflict.siblings as string[])].sort(), heads)
  t.match(readFileSync(back ?? '', 'utf8'), /^(left|right)\n$/)
  const both = await probe.settled('shell', 'key', one => one.heads.length === 2)
  t.strictSame([...both.heads].sort(), heads)
  const resolve = `put shell/key ${merged} --context ${conflict.context}\nls shell --versions\nhead shell/key\n`
  const lines = (await shell(servers[1], ['--json'], resolve)).trim().split('\n')
  t.match(headOf(lines.join('\n')), { siblings: [], isLatest: true })
  const listed = lines.slice(1, -1).map(line => (JSON.parse(line) as { versionId: string }).versionId)
  t.strictSame(
    listed.sort(),
    [versionId, ...heads, headOf(lines[0] ?? '').versionId].sort(),
    'the full history',
  )
  const one = await probe.settled('shell', 'key', ({ versions }) => versions.length === 4)
  t.equal(one.heads.length, 1)
})
