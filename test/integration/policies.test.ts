import { type Store, TorcError } from '@torc/client'
import t from 'tap'
import { aliveIn, OperatedCluster } from '../harness/processes/operated-cluster.js'
import { type Replica, ReplicaProbe } from '../harness/replicas/replica-probe.js'

/** One cluster for all cases, as it takes seconds to start: two servers, three agents behind proxies. */
const cluster = new OperatedCluster()
await cluster.init()
const first = await cluster.server({ name: 'server-a' })
const second = await cluster.server({ name: 'server-b', join: [first.address] })
const agents = await Promise.all(
  ['one', 'two', 'three'].map(name => cluster.agent(name, { join: [first.address], proxied: true })),
)
await cluster.initLayout(first.address, 3)
await cluster.untilStatus(second.address, status => status.epoch === 1 && aliveIn(status) === 3)
const stores = await Promise.all(
  [first, second].map(({ address }) => cluster.connect(address, { timeoutMs: 20_000 })),
)
const [store, otherStore] = stores as [Store, Store]
const probe = ReplicaProbe.ofProcesses(
  cluster.secretFile,
  agents.map(({ address }) => address),
)
t.teardown(async () => {
  await Promise.all([...stores, probe].map(one => one.close()))
  await cluster.stop()
})

let buckets = 0
async function newBucket(options: Parameters<Store['createBucket']>[1] = {}): Promise<string> {
  const name = `bucket-${++buckets}`
  await store.createBucket(name, options)
  return name
}

/** PUTs `count` times; ids by number of the PUT. */
class Writer {
  readonly ids: string[] = []
  readonly bucket: string
  readonly key = 'key'

  constructor(bucket: string) {
    this.bucket = bucket
  }

  async put(count = 1, policy?: string): Promise<void> {
    for (let left = count; left > 0; left--) {
      const { versionId } = await store.put(this.bucket, this.key, `content ${this.ids.length + 1}`, {
        policy,
      })
      this.ids.push(versionId)
    }
  }

  async mark(): Promise<void> {
    const { marker } = await store.delete(this.bucket, this.key, { marker: true })
    this.ids.push(marker ?? '')
  }

  /** What all replicas agree on, as numbers of PUTs, oldest first. */
  async left(): Promise<number[]> {
    return this.numbers(await this.replica())
  }

  numbers({ versions }: Pick<Replica, 'versions'>): number[] {
    return versions.map(id => this.ids.indexOf(id) + 1).reverse()
  }

  replica(): Promise<Replica> {
    return probe.settled(this.bucket, this.key)
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

interface Case {
  readonly cluster?: string
  readonly bucket?: string
  /** Set with each PUT. */
  readonly atPut?: string
  readonly puts: number
  /** Numbers of the PUTs whose versions are left. */
  readonly left: readonly number[]
}

const cases: readonly Case[] = [
  { puts: 3, left: range(1, 3) },
  { bucket: 'all', puts: 3, left: range(1, 3) },
  { bucket: 'latest', puts: 1, left: [1] },
  { bucket: 'latest', puts: 3, left: [3] },
  { bucket: 'global:1', puts: 3, left: [3] },
  { bucket: 'global:5', puts: 5, left: range(1, 5) },
  { bucket: 'global:5', puts: 6, left: range(2, 6) },
  { bucket: 'global:5', puts: 12, left: range(8, 12) },
  { bucket: 'dynamic:8', puts: 8, left: range(1, 8) },
  { bucket: 'dynamic:8', puts: 9, left: range(3, 9) },
  { bucket: 'dynamic:8', puts: 10, left: range(3, 10) },
  { bucket: 'dynamic:8', puts: 11, left: range(5, 11) },
  { bucket: 'dynamic:3', puts: 4, left: range(2, 4) },
  { bucket: 'dynamic:1', puts: 3, left: [3] },
  { bucket: 'dynamic:40', puts: 41, left: range(11, 41) },
  { bucket: 'global:2', atPut: 'global:4', puts: 6, left: range(3, 6) },
  { bucket: 'global:4', atPut: 'latest', puts: 6, left: [6] },
  { bucket: 'latest', atPut: 'all', puts: 4, left: range(1, 4) },
  { bucket: 'global:2', atPut: 'inherit', puts: 4, left: range(3, 4) },
  { cluster: 'global:3', puts: 5, left: range(3, 5) },
  { cluster: 'global:3', bucket: 'inherit', puts: 5, left: range(3, 5) },
  { cluster: 'global:3', bucket: 'all', puts: 5, left: range(1, 5) },
  { cluster: 'global:3', bucket: 'dynamic:8', puts: 9, left: range(3, 9) },
  { cluster: 'latest', bucket: 'global:3', atPut: 'global:2', puts: 5, left: range(4, 5) },
  { cluster: 'inherit', puts: 3, left: range(1, 3) },
]

t.test('tables of cases, on all replicas', async t => {
  let inForce = 'inherit'
  for (const { cluster = 'inherit', bucket, atPut, puts, left } of cases) {
    // With two servers a change takes seconds: until the other one has heard of it.
    if (cluster !== inForce) await store.setPolicy({}, cluster)
    inForce = cluster
    const writer = new Writer(await newBucket(bucket === undefined ? {} : { policy: bucket }))
    await writer.put(puts - 1, atPut)
    const before = writer.numbers(await writer.replica())
    const shown =
      puts > 1 ? await store.policy({ bucket: writer.bucket, key: writer.key }) : { next: [], versions: 0 }
    await writer.put(1, atPut)
    const name = `cluster ${cluster}, bucket ${bucket}, object ${atPut}, ${puts} PUTs`
    t.strictSame(await writer.left(), left, name)
    t.equal(shown.versions, before.length, 'versions as `policy show` counts them')
    const gone = before.filter(number => !left.includes(number))
    t.strictSame(
      shown.next.map(({ versionId }) => writer.ids.indexOf(versionId) + 1),
      gone,
      `${name}: what \`policy show\` said would go`,
    )
    for (const [index, versionId] of writer.ids.entries()) {
      if (left.includes(index + 1)) continue
      const read = store.get(writer.bucket, writer.key, { versionId })
      await t.rejects(read, { code: 'VERSION_REMOVED', message: /pruned/ })
    }
  }
  if (inForce !== 'inherit') await store.setPolicy({}, 'inherit')
})

t.test('whose policy it is', async t => {
  await store.setPolicy({}, 'global:7')
  t.match(await store.policy({}), { policy: 'global:7', from: 'cluster', own: 'global:7' })
  const bucket = await newBucket()
  await store.put(bucket, 'key', 'x')
  t.match(await store.policy({ bucket }), { policy: 'global:7', from: 'cluster', own: 'inherit' })
  await store.changeBucket(bucket, { policy: 'dynamic:9' })
  t.match(await store.headBucket(bucket), { policy: 'dynamic:9', policyFrom: 'bucket' })
  t.match(await store.policy({ bucket, key: 'key' }), { policy: 'dynamic:9', from: 'bucket', own: 'inherit' })
  await store.setPolicy({ bucket, key: 'key' }, 'latest')
  t.match(await store.policy({ bucket, key: 'key' }), { policy: 'latest', from: 'object', own: 'latest' })
  await store.setPolicy({ bucket, key: 'key' }, 'inherit')
  await store.setPolicy({ bucket }, 'inherit')
  await store.setPolicy({}, 'inherit')
  t.match(await store.policy({ bucket, key: 'key' }), { policy: 'all', from: 'default' })
  for (const policy of [
    '',
    'none',
    'global',
    'global:0',
    'global:-1',
    'dynamic:x',
    'global:1000001',
    'all:3',
  ]) {
    await t.rejects(store.setPolicy({ bucket, key: 'key' }, policy), { code: 'BAD_REQUEST' }, policy)
    await t.rejects(store.put(bucket, 'key', 'y', { policy }), { code: 'BAD_REQUEST' }, policy)
  }
  await t.rejects(store.setPolicy({ bucket }, 'global:5,age:30d'), {
    code: 'BAD_REQUEST',
    message: /reserved/,
  })
  await t.rejects(store.setPolicy({ bucket, key: 'none' }, 'latest'), { code: 'KEY_NOT_FOUND' })
  const writer = new Writer(bucket)
  t.equal((await writer.replica()).versions.length, 1, 'what was refused wrote nothing')
})

t.test('a policy that is set later acts with the next PUT', async t => {
  const writer = new Writer(await newBucket())
  await writer.put(5)
  const before = await writer.replica()
  await store.setPolicy({ bucket: writer.bucket, key: writer.key }, 'global:2')
  const after = await probe.settled(writer.bucket, writer.key, one => one.bytes[0] !== before.bytes[0])
  t.strictSame(after.versions, before.versions, 'it is no version, and nothing has gone')
  await writer.put()
  t.strictSame(await writer.left(), [5, 6])
  await writer.put(1, 'global:4')
  await writer.put(2)
  t.strictSame(await writer.left(), range(6, 9), 'set again at a PUT')
  await store.setPolicy({ bucket: writer.bucket, key: writer.key }, 'inherit')
  await writer.put()
  t.strictSame(await writer.left(), range(6, 10), 'taken away: the bucket keeps all')
  await store.changeBucket(writer.bucket, { policy: 'latest' })
  await writer.put()
  t.strictSame(await writer.left(), [11], 'the bucket’s, changed')
})

t.test('delete markers count, and a delete at the cap works', async t => {
  const writer = new Writer(await newBucket({ policy: 'global:3' }))
  await writer.put(3)
  await writer.mark()
  t.strictSame(await writer.left(), [2, 3, 4])
  await t.rejects(store.get(writer.bucket, writer.key), { code: 'KEY_NOT_FOUND' })
  await writer.put()
  t.strictSame(await writer.left(), [3, 4, 5])
  await writer.put(2)
  await writer.mark()
  t.strictSame(await writer.left(), [6, 7, 8])
  await store.delete(writer.bucket, writer.key, { versionId: writer.ids[7] })
  t.equal(await (await store.get(writer.bucket, writer.key)).text(), 'content 7', 'undeleted')
  await store.delete(writer.bucket, writer.key)
  t.strictSame(await writer.left(), [], 'a purge at the cap')
})

t.test('a head that the new version does not cover never goes', async t => {
  const bucket = await newBucket({ policy: 'global:2' })
  const { context, versionId: base } = await store.put(bucket, 'key', 'base')
  const siblings: string[] = []
  for (const text of ['left', 'middle', 'right']) {
    siblings.unshift((await store.put(bucket, 'key', text, { context })).versionId)
  }
  const over = await probe.settled(bucket, 'key', ({ heads }) => heads.length === 3)
  t.strictSame(over.versions, siblings, 'three heads where two versions may be; the version below has gone')
  t.notOk(over.versions.includes(base))
  const got = await store.get(bucket, 'key')
  const merged = await store.put(bucket, 'key', 'merged', { context: got.context })
  const one = await probe.settled(bucket, 'key', ({ heads }) => heads.length === 1)
  t.strictSame(one.versions, [merged.versionId, siblings[0]])
})

t.test('a write that fails prunes nothing', async t => {
  const writer = new Writer(await newBucket({ policy: 'global:3', writeQuorum: 3 }))
  await writer.put(3)
  const before = await writer.replica()
  const [agent] = agents
  agent?.proxy?.refuse(true)
  agent?.proxy?.breakConnections()
  await cluster.untilStatus(first.address, status => aliveIn(status) === 2)
  await t.rejects(store.put(writer.bucket, writer.key, 'refused'), { code: 'UNAVAILABLE' })
  await t.rejects(store.delete(writer.bucket, writer.key, { marker: true }), { code: 'UNAVAILABLE' })
  agent?.proxy?.heal()
  for (const { address } of [first, second])
    await cluster.untilStatus(address, status => aliveIn(status) === 3)
  const after = await probe.settled(writer.bucket, writer.key)
  t.strictSame(after.bytes, before.bytes)
})

/** The version's id. A racing write that covers this one may prune it before it is on enough agents. */
async function putOrSuperseded(store: Store, bucket: string, text: string): Promise<string> {
  try {
    return (await store.put(bucket, 'key', text)).versionId
  } catch (error) {
    if (!(error instanceof TorcError) || error.code !== 'SUPERSEDED') throw error
    return String(error.details?.['versionId'])
  }
}

t.test('two servers that prune at once agree in the end', async t => {
  const policies = ['global:4', 'dynamic:6', 'latest']
  for (const policy of policies) {
    const bucket = await newBucket({ policy })
    await otherStore.headBucket(bucket)
    const ids = new Set<string>()
    await Promise.all(
      [store, otherStore, store, otherStore].map(async (one, writer) => {
        for (let number = 0; number < 15; number++) {
          ids.add(await putOrSuperseded(one, bucket, `${writer} ${number}`))
        }
      }),
    )
    await store.get(bucket, 'key')
    const raced = await probe.settled(bucket, 'key')
    t.ok(raced.versions.every(id => ids.has(id)))
    const { versionId } = await otherStore.put(bucket, 'key', 'last')
    const last = await probe.settled(bucket, 'key', ({ versions }) => versions[0] === versionId)
    t.strictSame(last.heads, [versionId])
    const kept = last.versions.length
    if (policy === 'global:4') t.equal(kept, 4)
    else if (policy === 'latest') t.equal(kept, 1)
    else t.ok(kept <= 6 && kept >= 2, `${kept} are kept`)
    t.strictSame(last.versions.slice(1), raced.versions.slice(0, kept - 1), 'the newest are')
  }
})
