import { contextOfDot, emptyContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import { actorId } from '@torc/cluster/clocks/dot'
import { makeBallot } from '@torc/cluster/consensus/ballot'
import { proposedVersion } from '@torc/cluster/consensus/condition'
import { decide, emptyProposal, encodeProposal } from '@torc/cluster/consensus/proposal'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import { systemRandom } from '@torc/protocol/environment/system'
import type { ResponseOf } from '@torc/protocol/messages/table'
import t from 'tap'
import { indexFile } from '../../src/data-directory/data-directory.js'
import { type Minted, RepairFixture } from '../repair/repair-fixture.js'
import { fetched } from '../support/agent-harness.js'
import { address, written } from '../support/key-requests.js'

const ageMs = 1_000
const collection = { remainderMs: ageMs }
const all = [0, 1, 2]

/** Rows of an agent that does not run. */
function rowsOf(fixture: RepairFixture, index: number): Record<string, number> {
  const database = fixture.nodes[index]?.disk.openDatabase(indexFile)
  const count = (sql: string): number => Number(database?.prepare(sql).pluck().get())
  const rows = {
    keys: count('SELECT count(*) FROM keys'),
    ballots: count('SELECT count(*) FROM ballots'),
    remainders: count('SELECT count(*) FROM remainders'),
    removals: count('SELECT count(*) FROM removals'),
    counted: count('SELECT keys FROM counts'),
    dropped: count('SELECT count(*) FROM dropped_counters'),
    raised: count('SELECT count(*) FROM collections'),
  }
  void fixture.nodes[index]?.disk.close()
  return rows
}

/** Whether the tree of keys is empty on an agent, in all partitions. */
async function hasNoTree(fixture: RepairFixture, index: number): Promise<boolean> {
  const partitions = Array.from({ length: 16 }, (_, partition) => partition)
  const asked = { ...address, what: 'keys' as const, partitions }
  const [answer] = await fixture.run(fetched(fixture.exchange(index), 'fetchRoots', asked))
  return answer?.head.digests.every(byte => byte === 0) === true
}

async function workerOf(fixture: RepairFixture, index: number) {
  const [answer] = await fixture.run(fetched(fixture.exchange(index), 'fetchUsage', {}))
  return answer?.head.workers?.find(({ name }) => name === 'remainders')
}

/** A proposal of a delete marker with the dot that was handed out. */
function markerProposal(fixture: RepairFixture, promised: ResponseOf<'prepare'>): Uint8Array {
  const dot = { actor: actorId(promised.dot?.[0] ?? ''), counter: promised.dot?.[1] ?? 0 }
  const opId = fixture.opId()
  const version: Version = {
    ...{
      dot,
      after: promised.after ?? 0,
      id: versionIdOf(opId),
      context: emptyContext,
      kind: 'marker',
      opId,
    },
    ...{ createdAt: 1, seq: 1, blocks: undefined, ...written(new Uint8Array(0)), etag: '' },
  }
  const proposed = proposedVersion(version, undefined, undefined)
  return encodeProposal(decide(emptyProposal, { opId, written: true }, proposed))
}

/** A failed condition leaves a ballot row, and nothing else. */
async function decideNothing(fixture: RepairFixture, key: string): Promise<void> {
  const ballot = makeBallot(systemRandom, 1)
  const proposal = encodeProposal(decide(emptyProposal, { opId: fixture.opId(), written: false }, undefined))
  for (const index of all) {
    const exchange = fixture.exchange(index)
    await fixture.run(exchange.request('prepare', { ...address, key, ballot }))
    await fixture.run(exchange.request('accept', { ...address, key, ballot, proposal }))
  }
}

t.test('nothing is left of a bucket whose keys were all removed, on any agent', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3, collection })
  for (let n = 0; n < 30; n++) await fixture.write(all, `key-${n}`, `${n}`)
  for (let n = 0; n < 4; n++) await decideNothing(fixture, `key-${n * 10}`)
  for (let n = 0; n < 30; n++) await fixture.purge(all, `key-${n}`)
  t.notOk(await hasNoTree(fixture, 0))
  await fixture.advance(5 * ageMs)
  for (const index of all) t.ok(await hasNoTree(fixture, index), `trees of agent ${index}`)
  t.match(await workerOf(fixture, 0), { state: 'idle', progress: /collected since the start, 0 are left$/ })
  for (const state of await fixture.pass(...all)) t.match(state, { different: 0, unreachable: 0 })
  await fixture.stop()
  for (const index of all) {
    const { raised, ...rows } = rowsOf(fixture, index)
    t.same(rows, { keys: 0, ballots: 0, remainders: 0, removals: 0, counted: 0, dropped: 0 })
    t.ok((raised ?? 0) > 0)
  }
})

t.test('many keys of a partition go under one number', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3, collection })
  for (let n = 0; n < 64; n++) await fixture.write(all, `key-${n}`, '')
  for (let n = 0; n < 64; n++) await fixture.purge(all, `key-${n}`)
  await fixture.advance(3 * ageMs)
  await fixture.stop()
  const database = fixture.nodes[0]?.disk.openDatabase(indexFile)
  const numbers = database?.prepare('SELECT number FROM collections').pluck().all() as number[]
  void fixture.nodes[0]?.disk.close()
  // Keys are removed within a few steps of the age, and each step may be a collection of its own.
  t.ok(
    numbers.every(number => number < 64 * 6),
    numbers.join(),
  )
})

t.test('an agent that is away keeps everything where it is, however long', async t => {
  const fixture = await RepairFixture.start(t, { agents: 4, replicas: 3, collection })
  const key = 'gone'
  const owners = fixture.firstOwners(key, 3)
  const [other = 0] = [0, 1, 2, 3].filter(index => !owners.includes(index))
  await fixture.write(owners, key, 'x')
  await fixture.down(other)
  await fixture.purge(owners, key)
  await fixture.advance(15 * ageMs)
  const states = () => Promise.all(owners.map(index => fixture.stateOf(index, key)))
  t.ok((await states()).every(state => /context (?!00)/.test(state)))
  const [first = 0] = owners
  t.match(await workerOf(fixture, first), {
    progress: /0 removed keys .*, 1 are left \(agent .* is not there\)/,
  })
  await fixture.up(other)
  await fixture.advance(30_000)
  const [one] = await fixture.run(
    fetched(fixture.exchange(first), 'fetchKey', { ...address, key, want: 'digest' }),
  )
  t.ok(
    one?.head.digest.every(byte => byte === 0),
    'it goes once all agents have their say',
  )
})

t.test('a set register of the key keeps it', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3, collection })
  await fixture.write(all, 'policy', 'x', { setPolicy: 'latest' })
  await fixture.purge(all, 'policy')
  await fixture.advance(20 * ageMs)
  t.match(await fixture.stateOf(0, 'policy'), /attributes/)
})

t.test('a proposal that is not learned keeps it', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3, collection })
  const key = 'proposed'
  await fixture.write(all, key, 'x')
  const at = fixture.exchange(2)
  const ballot = makeBallot(systemRandom, 1)
  const { head } = await fixture.run(at.request('prepare', { ...address, key, ballot, dot: true }))
  await fixture.run(
    at.request('accept', { ...address, key, ballot, proposal: markerProposal(fixture, head) }),
  )
  await fixture.purge(all, key)
  // Owners bring it to its end after ten seconds, and then the key has a version.
  await fixture.advance(8 * ageMs)
  t.match(await fixture.stateOf(0, key), /context (?!00)/)
  await fixture.advance(30_000)
  t.match(await fixture.stateOf(0, key), /record/)
})

t.test('an owner that a raise did not reach brings its proposals to their end all the same', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3, collection: { remainderMs: 3_600_000 } })
  const key = 'lagging'
  const at = fixture.exchange(2)
  const ballot = makeBallot(systemRandom, 1)
  const { head } = await fixture.run(at.request('prepare', { ...address, key, ballot, dot: true }))
  await fixture.run(
    at.request('accept', { ...address, key, ballot, proposal: markerProposal(fixture, head) }),
  )
  const raise = { ...address, partition: fixture.partitionOf(key), collection: 64, keys: [] }
  for (const index of [0, 1]) await fixture.run(fixture.exchange(index).request('raiseCollection', raise))
  await fixture.advance(30_000)
  for (const index of all) t.match(await fixture.stateOf(index, key), /record/)
})

t.test('what was sent before a collection is refused after it, whatever it is', async t => {
  const fixture = await RepairFixture.start(t, { agents: 3, collection })
  const key = 'late'
  const minted = await fixture.write([0, 1], key, 'x')
  await fixture.purge(all, key)
  const ballot = makeBallot(systemRandom, 1)
  await fixture.advance(20 * ageMs)
  const at = fixture.exchange(2)
  const stale = { code: 'STALE_COLLECTION' }
  const delta = { ...address, key, context: minted.delta, record: minted.record }
  await t.rejects(fixture.run(at.request('merge', delta, { body: Buffer.from('x') })), stale)
  await t.rejects(fixture.run(at.request('merge', { ...address, key, context: minted.context })), stale)
  const mint = {
    ...address,
    key,
    opId: fixture.opId(),
    kind: 'object' as const,
    ...written(Buffer.from('y')),
  }
  await t.rejects(fixture.run(at.request('mint', mint, { body: Buffer.from('y') })), stale)
  const set = { ...address, key, set: [], clear: ['x'] }
  await t.rejects(fixture.run(at.request('setAttributes', set)), stale)
  await t.rejects(fixture.run(at.request('prepare', { ...address, key, ballot })), stale)
  const proposal = encodeProposal(decide(emptyProposal, { opId: fixture.opId(), written: false }, undefined))
  await t.rejects(fixture.run(at.request('accept', { ...address, key, ballot, proposal })), stale)
  await t.rejects(fixture.run(at.request('learn', { ...address, key, ballot })), stale)

  const [read] = await fixture.run(fetched(at, 'fetchKey', { ...address, key, want: 'clock' }))
  const number = read?.head.collection ?? 0
  t.ok(number > 0, 'a read tells the number')
  for (const want of ['heads', 'state', 'digest'] as const) {
    const [answer] = await fixture.run(fetched(at, 'fetchKey', { ...address, key, want }))
    t.equal(answer?.head.collection, number)
  }
  const [known] = await fixture.run(
    fetched(at, 'fetchKey', { ...address, key, want: 'clock', collection: number }),
  )
  t.equal(known?.head.collection, undefined, 'and says nothing to whoever knows it')
  const again = { ...mint, collection: number }
  t.match((await fixture.run(at.request('mint', again, { body: Buffer.from('y') }))).head, { siblings: [] })
})

t.test('a number outlives the process', async t => {
  const fixture = await RepairFixture.start(t, { agents: 2, collection })
  const key = 'a'
  const minted: Minted = await fixture.write([0, 1], key, 'x')
  await fixture.purge([0, 1], key)
  await fixture.advance(20 * ageMs)
  await fixture.down(1)
  await fixture.up(1)
  await fixture.advance(5_000)
  const delta = { ...address, key, context: minted.delta, record: minted.record }
  const late = fixture.exchange(1).request('merge', delta, { body: Buffer.from('x') })
  await t.rejects(fixture.run(late), { code: 'STALE_COLLECTION' })
})

t.test(
  'an owner that missed the end of a collection does not bring the remainder back, and ends it',
  async t => {
    const fixture = await RepairFixture.start(t, { agents: 3, collection: { remainderMs: 20_000 } })
    const key = 'half'
    await fixture.write(all, key, 'x')
    await fixture.purge(all, key)
    // As a collector that ends after two of the owners have dropped it.
    const partition = fixture.partitionOf(key)
    const named = { bucketId: address.bucketId, key }
    const evidence: Uint8Array[] = []
    for (const index of all) {
      const asked = { ...address, partition, keys: [named] }
      const [answer] = await fixture.run(fetched(fixture.exchange(index), 'fetchRemainders', asked))
      t.match(answer?.head.remainders, [{ state: 'remainder' }])
      evidence.push(answer?.head.remainders[0]?.evidence ?? new Uint8Array())
    }
    const examined = (index: number) => ({
      ...{ ...address, partition, collection: 640 },
      keys: [{ ...named, evidence: evidence[index] ?? new Uint8Array() }],
    })
    for (const index of all) {
      const raised = await fixture.run(fixture.exchange(index).request('raiseCollection', examined(index)))
      t.match(raised.head, { collection: 640, unchanged: [true] })
    }
    for (const index of [0, 1]) {
      const dropped = await fixture.run(fixture.exchange(index).request('dropRemainders', examined(index)))
      t.match(dropped.head, { dropped: 1 })
    }
    for (const index of all) t.ok(await hasNoTree(fixture, index))
    const [left] = await fixture.run(
      fetched(fixture.exchange(2), 'fetchKey', { ...address, key, want: 'state' }),
    )
    t.match(left?.head, { collecting: true }, 'readers are told')
    for (const state of await fixture.pass(...all)) t.match(state, { different: 0, unreachable: 0 })
    await fixture.down(2)
    await fixture.up(2)
    await fixture.advance(5_000)
    for (const state of await fixture.pass(...all)) t.match(state, { different: 0, unreachable: 0 })
    await fixture.advance(80_000)
    await fixture.stop()
    for (const index of all) t.match(rowsOf(fixture, index), { keys: 0, remainders: 0 })
  },
)

t.test('a key that changes after it was asked for stays, and a lower number raises nothing', async t => {
  const fixture = await RepairFixture.start(t, { agents: 1, collection: { remainderMs: 60_000 } })
  const key = 'changed'
  await fixture.write([0], key, 'x')
  await fixture.purge([0], key)
  const at = fixture.exchange(0)
  const partition = fixture.partitionOf(key)
  const named = { bucketId: address.bucketId, key }
  const ask = async () => {
    const asked = { ...address, partition, keys: [named] }
    const [answer] = await fixture.run(fetched(at, 'fetchRemainders', asked))
    return { ...named, evidence: answer?.head.remainders[0]?.evidence ?? new Uint8Array() }
  }
  const before = await ask()
  const dot = { actor: actorId('00000000000000aa'), counter: 3 }
  const more = { ...address, key, context: encodeContext(contextOfDot(dot, 0)) }
  await fixture.run(at.request('merge', more))
  const raise = (number: number, one: typeof before) =>
    fixture.run(at.request('raiseCollection', { ...address, partition, collection: number, keys: [one] }))
  t.match((await raise(64, before)).head, { collection: 64, unchanged: [false] })
  const now = await ask()
  t.match((await raise(63, now)).head, { collection: 64, unchanged: [false] })
  t.match((await raise(65, now)).head, { collection: 65, unchanged: [true] })
  const drop = { ...address, partition, collection: 64, keys: [now] }
  t.match((await fixture.run(at.request('dropRemainders', drop))).head, { dropped: 0 })
  const other = { ...drop, partition: (partition + 1) % 16 }
  await t.rejects(fixture.run(at.request('dropRemainders', other)), { code: 'BAD_REQUEST' })
})
