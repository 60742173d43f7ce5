import { emptyContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import { actorId } from '@torc/cluster/clocks/dot'
import { attributesOf } from '@torc/cluster/state/attributes'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { type KeyState, mergeStates, stateDigest } from '@torc/cluster/state/key-state'
import fc from 'fast-check'
import t from 'tap'
import { Deadline } from '../../src/core/deadline.js'
import { keyFields, place } from '../../src/core/placement.js'
import { purge } from '../../src/flows/delete-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { readMerged, reconcile } from '../../src/flows/reconcile.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket(3, 2, 3)
const weak = testBucket(3, 1, 1)
const ends = { timeoutMs: undefined, signal: undefined }
const settle = () => new Promise(setImmediate)
const hex = (state: KeyState) => Buffer.from(stateDigest(state)).toString('hex')
const statesOf = (cluster: FakeCluster) =>
  cluster.owners(bucket, 'key').map(owner => owner.stateOf(bucket.id, 'key'))

/** A register of the key, or of the version that some owner wrote last, at the agents that are up. */
async function setRegister({ c, agents, ids, agent }: FakeCluster, time: number, ofVersion: boolean) {
  const versions = ids.flatMap((_, i) => [...agent(i).stateOf(bucket.id, 'key').versions.values()])
  const version = ofVersion ? versions.at(-1)?.dot : undefined
  const dot = { actor: actorId('f'.repeat(16)), counter: time }
  const name = ofVersion ? 'tag:colour' : 'policy'
  const attributes = attributesOf([{ version, name, value: Buffer.from(`${time}`), time, dot }])
  for (const id of ids) {
    if (agents.down.has(id)) continue
    const fields = keyFields(c, place(c, bucket, 'key'))
    const context = encodeContext(emptyContext)
    await agents.request(id, 'merge', { ...fields, context, attributes: encodeAttributes(attributes) })
  }
}

t.test('property: owners end at the join of what they held, whatever was lost and interrupted', async () => {
  const kind = fc.constantFrom('put', 'put', 'purge', 'purge version', 'policy', 'tag')
  const step = fc.record({ kind, reached: fc.integer({ min: 1, max: 7 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), fc.integer(), async (steps, seed) => {
      const cluster = fakeCluster({ seed })
      const { c, agents, ids } = cluster
      let last = 'none'
      for (const [time, { kind, reached }] of steps.entries()) {
        agents.down.clear()
        for (const [i, id] of ids.entries()) if ((reached & (1 << i)) === 0) agents.down.add(id)
        if (kind === 'put') last = (await write(c, await writeOf(c, weak, 'key', `text ${last}`))).version.id
        else if (kind === 'policy' || kind === 'tag') await setRegister(cluster, time + 1, kind === 'tag')
        else {
          const versionId = kind === 'purge' ? undefined : last
          await purge(c, { bucket: weak, key: 'key', versionId, token: undefined, retry: true, ...ends })
        }
        await settle()
      }
      agents.down.clear()
      const expected = hex(statesOf(cluster).reduce(mergeStates))
      // The first time some of the writing back is lost half way.
      let merges = 0
      agents.fault = ({ name }) => (name === 'merge' && merges++ === 1 ? { kind: 'answer lost' } : undefined)
      const deadline = new Deadline(c.environment.clock, undefined)
      await reconcile(c, place(c, bucket, 'key'), deadline)
      agents.fault = undefined
      const { state, onQuorum } = await reconcile(c, place(c, bucket, 'key'), deadline)
      await settle()
      return onQuorum && [state, ...statesOf(cluster)].every(held => hex(held) === expected)
    }),
    { numRuns: 200 },
  )
})

t.test('a register that one owner missed reaches it, and costs one message', async t => {
  const cluster = fakeCluster()
  const { c, agents } = cluster
  await write(c, await writeOf(c, bucket, 'key', 'text'))
  await settle()
  const [first] = cluster.owners(bucket, 'key').map(({ id }) => id)
  agents.down.add(first ?? '')
  await setRegister(cluster, 1, false)
  await setRegister(cluster, 2, true)
  agents.down.clear()
  t.equal(new Set(statesOf(cluster).map(hex)).size, 2)
  agents.sent.length = 0
  await reconcile(c, place(c, bucket, 'key'), new Deadline(c.environment.clock, undefined))
  t.strictSame(agents.sentTo('merge'), [first])
  t.equal(new Set(statesOf(cluster).map(hex)).size, 1)
  t.equal(statesOf(cluster)[0]?.attributes.size, 2)
})

t.test('what a long history lacks and what left it goes in messages of bounded size', async t => {
  const cluster = fakeCluster({ agents: 2, replicas: 2 })
  const { c, agents } = cluster
  const both = testBucket(2, 2, 2)
  const one = testBucket(2, 1, 1)
  const [first, second] = cluster.owners(both, 'key')
  const [left, right] = [first?.id ?? '', second?.id ?? '']
  agents.down.add(left)
  const written: string[] = []
  for (let i = 0; i < 300; i++)
    written.push((await write(c, await writeOf(c, one, 'key', `${i}`))).version.id)
  agents.down.clear()
  const deadline = new Deadline(c.environment.clock, undefined)
  agents.sent.length = 0
  t.equal((await reconcile(c, place(c, both, 'key'), deadline)).onQuorum, true)
  // One for each version: their own deltas say all that there is to say.
  t.equal(agents.sentTo('merge').length, 300)
  t.equal(first?.stateOf(both.id, 'key').versions.size, 300)

  agents.down.add(left)
  const token = { context: second?.stateOf(both.id, 'key').context ?? emptyContext, newest: 0, seq: 0 }
  await purge(c, { bucket: one, key: 'key', versionId: undefined, token, retry: false, ...ends })
  agents.down.clear()
  agents.sent.length = 0
  t.equal((await reconcile(c, place(c, both, 'key'), deadline)).state.versions.size, 0)
  t.strictSame(agents.sentTo('merge'), [left])
  t.equal(first?.stateOf(both.id, 'key').versions.size, 0)
  t.strictSame(
    agents.sent.filter(({ name }) => name === 'merge').map(({ head }) => 'keep' in (head as object)),
    [false],
    'a repair names no versions that stay',
  )
  const { removed } = await readMerged(c, place(c, both, 'key'), 2, deadline, written[7])
  t.strictSame(new Map(removed).size, 1)
  t.strictSame(removed.map(([, how]) => how).sort(), ['merged', 'purged'])
  t.notOk(agents.down.has(right))
})

t.test('many readers of a key whose owners differ repair it once', async t => {
  const cluster = fakeCluster()
  const { c, agents } = cluster
  await write(c, await writeOf(c, bucket, 'key', 'text'))
  await settle()
  const [first] = cluster.owners(bucket, 'key').map(({ id }) => id)
  agents.down.add(first ?? '')
  const missed: string[] = []
  for (let i = 0; i < 20; i++)
    missed.push((await write(c, await writeOf(c, weak, 'key', `text ${i}`))).version.id)
  await settle()
  agents.down.clear()
  agents.sent.length = 0
  const p = place(c, bucket, 'key')
  const deadline = new Deadline(c.environment.clock, undefined)
  const done = await Promise.all(Array.from({ length: 30 }, () => reconcile(c, p, deadline)))
  t.ok(done.every(({ onQuorum, state }) => onQuorum && state.versions.size === 21))
  t.equal(agents.sentTo('merge').length, 20)
  t.equal(agents.sentTo('fetchKey').length, 2 * 3, 'once for the first, once for all who came meanwhile')
})

t.test('a reader who shared a run that failed for another tries for itself', async t => {
  const cluster = fakeCluster()
  const { c, agents } = cluster
  await write(c, await writeOf(c, bucket, 'key', 'text'))
  await settle()
  const p = place(c, bucket, 'key')
  const patient = new Deadline(c.environment.clock, undefined)
  const given = new AbortController()
  const impatient = new Deadline(c.environment.clock, undefined, given.signal)
  const running = reconcile(c, p, patient)
  const givenUp = reconcile(c, p, impatient)
  const shared = reconcile(c, p, patient)
  given.abort()
  await t.rejects(givenUp, { code: 'CANCELLED' })
  t.equal((await shared).onQuorum, true)
  t.equal((await running).onQuorum, true)
  t.notOk(agents.down.size)
})

t.test('a repair that nobody waits for is not begun again by the next read', async t => {
  const cluster = fakeCluster()
  const { c, agents } = cluster
  const p = place(c, testBucket(3, 3, 2), 'key')
  await write(c, await writeOf(c, bucket, 'key', 'text'))
  await settle()
  const [first] = cluster.owners(bucket, 'key').map(({ id }) => id)
  agents.down.add(first ?? '')
  for (let i = 0; i < 5; i++) await write(c, await writeOf(c, weak, 'key', `text ${i}`))
  await settle()
  agents.down.clear()
  let open: () => void = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  agents.gate = ({ name }) => (name === 'merge' ? opened : undefined)
  agents.sent.length = 0
  const deadline = new Deadline(c.environment.clock, undefined)
  for (let i = 0; i < 10; i++) t.equal((await reconcile(c, p, deadline)).onQuorum, true)
  await settle()
  t.equal(agents.sentTo('merge').length, 5)
  open()
  await settle()
  await settle()
  t.equal(new Set(statesOf(cluster).map(hex)).size, 1)
})
