import { randomBytes } from 'node:crypto'
import type { Store } from '@torc/client'
import type { LayoutInfo } from '@torc/protocol/store/admin'
import t from 'tap'
import { OperatedCluster, type OperatedNode } from '../harness/processes/operated-cluster.js'

const cluster = new OperatedCluster()
t.teardown(() => cluster.stop())
await cluster.init()
const server = await cluster.server()
const agents = new Map<string, OperatedNode>()

async function start(...names: string[]): Promise<void> {
  await Promise.all(
    names.map(async name => agents.set(name, await cluster.agent(name, { join: [server.address] }))),
  )
  const alive = (count: number) =>
    cluster.untilStatus(
      server.address,
      ({ members }) =>
        members.filter(({ role, state }) => role === 'agent' && state === 'alive').length === count,
    )
  await alive(agents.size)
}

async function idOf(store: Store, name: string): Promise<string> {
  const { members } = await store.status()
  const member = members.find(one => one.role === 'agent' && one.name === name)
  if (member === undefined) throw new Error(`no agent ${name}`)
  return member.id
}

/** Goes on writing and reading until nothing is left to take over or to hand over. */
async function settled(store: Store, load: Load): Promise<LayoutInfo> {
  const deadline = performance.now() + 60_000
  for (;;) {
    await load.some()
    const layout = await store.layout()
    if (layout.stage === 3 && layout.progress?.length === 0) return layout
    if (performance.now() > deadline) throw new Error(`not settled: ${JSON.stringify(layout)}`)
  }
}

function spread({ agents: placed }: LayoutInfo): number {
  const counts = placed.map(({ partitions }) => partitions)
  return Math.max(...counts) - Math.min(...counts)
}

/** Writes and reads; each call must succeed, as the client tries again what can be tried again. */
class Load {
  readonly written = new Map<string, Buffer>()
  readonly failures: unknown[] = []
  calls = 0
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** A few calls side by side: some bodies in blocks, most inline, a third of the keys written twice. */
  async some(): Promise<void> {
    const from = this.calls
    await Promise.all([0, 1, 2, 3, 4, 5].map(n => this.#one(from + n)))
    this.calls += 6
  }

  async #one(n: number): Promise<void> {
    const key = `key-${n % 3 === 2 ? n - 6 : n}`
    const body = randomBytes(n % 10 === 0 ? 40_000 : 200)
    try {
      await this.#store.put('things', key, body)
      this.written.set(key, body)
      const read = Buffer.from(await (await this.#store.get('things', key)).bytes())
      if (!read.equals(body)) throw new Error(`${key} is another one than was written`)
    } catch (error) {
      this.failures.push(error)
    }
  }
}

await start('one', 'two', 'three')
await cluster.initLayout(server.address, 3)
const store = await cluster.connect(server.address, { timeoutMs: 30_000 })
t.teardown(() => store.close())
await store.createBucket('things', { strict: true })

t.test('three agents become six, and then four, while reads and writes go on', async t => {
  const load = new Load(store)
  await store.createBucket('still')
  for (let n = 0; n < 10; n++) await store.put('still', `${n}`, 'x')
  const watched = await store.changes('things')
  const still = await store.changes('still')
  for (let n = 0; n < 8; n++) await load.some()
  await start('four', 'five', 'six')
  for (const name of ['four', 'five']) await store.stageLayout({ assign: [{ id: await idOf(store, name) }] })
  const assigned = await cluster.torc(
    ['layout', 'assign', await idOf(store, 'six'), '--json'],
    server.address,
  )
  t.equal(assigned.code, 0, assigned.stderr)
  const [shown] = assigned.records() as unknown as LayoutInfo[]
  t.equal(shown?.changes?.assign.length, 3, 'several commands make one change')
  t.same(shown?.plan?.problems, [])
  const { moved = 0, movedMin = 0 } = shown?.plan ?? {}
  t.ok(moved >= 384 && moved <= movedMin * 1.1, `${moved} replicas move, ${movedMin} at least`)

  const applied = await cluster.torc(['layout', 'apply', '--epoch', '2', '--json'], server.address)
  t.equal(applied.code, 0, applied.stderr)
  const six = await settled(store, load)
  t.match(six, { epoch: 2, stage: 3 })
  t.equal(six.agents.length, 6)
  t.ok(spread(six) <= 1, 'balanced within one partition')

  const withSix = await store.changes('still', { cursor: still.cursor })
  t.match(withSix, { changes: [], reset: false }, 'what is only handed over is no news')

  const refused = await cluster.torc(['layout', 'apply', '--json'], server.address)
  t.not(refused.code, 0)
  t.match(refused.stderr, /no changes/)

  // One is drained; one died, and nobody waits for it.
  const [drained, dead] = [await idOf(store, 'two'), await idOf(store, 'five')]
  await agents.get('five')?.process.end('SIGKILL')
  await store.stageLayout({ remove: [{ id: drained, dead: false }] })
  await store.stageLayout({ remove: [{ id: dead, dead: true }] })
  await store.applyLayout()
  const four = await settled(store, load)
  t.match(four, { epoch: 3, stage: 3 })
  t.equal(four.agents.length, 4)
  t.ok(spread(four) <= 1)

  t.same(load.failures, [], `${load.calls} calls`)
  for (const [key, body] of load.written)
    if (!Buffer.from(await (await store.get('things', key)).bytes()).equals(body)) t.fail(`${key} is lost`)
  const told = await toldFrom(watched.cursor)
  t.same(
    [...load.written.keys()].filter(key => !told.has(key)),
    [],
    'whoever watches missed nothing',
  )
  t.match(await store.changes('still', { cursor: still.cursor }), { changes: [], reset: false })
  t.match(await store.changes('still', { cursor: withSix.cursor }), { changes: [], reset: true }, 'one died')
  const listed: string[] = []
  for await (const entry of store.list('things')) if ('key' in entry) listed.push(entry.key)
  t.same(listed.sort(), [...load.written.keys()].sort(), 'nothing lost, nothing more')

  await cluster.untilStatus(server.address, ({ members }) => {
    const member = members.find(({ id }) => id === drained)
    return member?.versions === 0 && member.hints?.length === 0
  })
  t.pass('the one that was drained holds nothing')
})

/** Keys of all changes behind a cursor of before. */
async function toldFrom(first: string): Promise<Set<string>> {
  const told = new Set<string>()
  for (let cursor = first; ; ) {
    const batch = await store.changes('things', { cursor })
    if (batch.reset) throw new Error('the cursor could not be gone on from')
    for (const { key } of batch.changes) told.add(key)
    if (!batch.more) return told
    cursor = batch.cursor
  }
}

t.test('what cannot be is refused with the reason', async t => {
  const { agents: placed } = await store.layout()
  const remove = placed.slice(0, 2).map(({ id }) => ({ id, dead: false }))
  const { plan } = await store.stageLayout({ remove })
  t.match(plan?.problems, [/2 agents for 3 replicas/])
  await t.rejects(store.applyLayout(), { code: 'BAD_REQUEST', message: /2 agents for 3 replicas/ })
  await t.rejects(store.applyLayout({ epoch: 9 }), { code: 'CONFLICT' })
  await t.rejects(store.stageLayout({ assign: [{ id: 'nobody' }] }), { code: 'BAD_REQUEST', hint: /status/ })
  const cancelled = await cluster.torc(['layout', 'cancel', '--json'], server.address)
  t.equal(cancelled.code, 0)
  t.equal((await store.layout()).changes, undefined)
})
