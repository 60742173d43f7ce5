import {
  type CausalContext,
  contextOfDots,
  emptyContext,
  isEmptyContext,
  joinContexts,
} from '@torc/cluster/clocks/causal-context'
import { actorId, type Dot, dotText } from '@torc/cluster/clocks/dot'
import { attributesOf } from '@torc/cluster/state/attributes'
import { differenceOf, isLevel } from '@torc/cluster/state/difference'
import { type KeyState, makeState, mergeStates } from '@torc/cluster/state/key-state'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import t from 'tap'
import { Deadline } from '../../src/core/deadline.js'
import { place } from '../../src/core/placement.js'
import { writeBack } from '../../src/flows/write-back.js'
import { fakeCluster, testBucket } from '../fakes/fake-cluster.js'

const a = actorId('a'.repeat(16))
const b = actorId('b'.repeat(16))

function version(dot: Dot, after: number, context: CausalContext, createdAt: number): Version {
  const opId = Buffer.alloc(16)
  opId.writeUInt32BE(createdAt, 12)
  return {
    dot,
    after,
    id: versionIdOf(opId),
    context,
    kind: 'object',
    size: 0,
    etag: '',
    sha256: new Uint8Array(32),
    contentType: '',
    metadata: [],
    createdAt,
    seq: createdAt,
    opId,
    blocks: undefined,
  }
}

/** Each covers the one before. */
function historyOf(count: number): Version[] {
  const versions: Version[] = []
  let context = emptyContext
  for (let i = 1; i <= count; i++) {
    const dot = { actor: a, counter: i }
    versions.push(version(dot, i - 1, context, i))
    context = joinContexts(context, contextOfDots([dot]))
  }
  return versions
}

t.test('nothing differs', t => {
  const state = makeState(emptyContext, historyOf(3))
  const difference = differenceOf(state, state)
  t.strictSame(difference, { missing: [], removed: [], context: emptyContext, attributes: [] })
  t.equal(isLevel(difference), true)
  t.end()
})

t.test('missing versions, removed ones from the oldest, and no context that these carry themselves', t => {
  const [one, two, three] = historyOf(3) as [Version, Version, Version]
  const other = version({ actor: b, counter: 5 }, 2, emptyContext, 9)
  const gone = contextOfDots([one.dot, two.dot])
  const merged = mergeStates(makeState(gone, [three, other]), makeState(emptyContext, []))
  const held = makeState(emptyContext, [two, one])
  const difference = differenceOf(merged, held)
  t.strictSame(
    difference.missing.map(({ id }) => id),
    [three.id, other.id],
  )
  t.strictSame(
    difference.removed.map(dotText),
    [one, two].map(({ dot }) => dotText(dot)),
  )
  t.ok(isEmptyContext(difference.context))
  const past = { actor: b, counter: 1 }
  const more: KeyState = { ...merged, context: joinContexts(merged.context, contextOfDots([past])) }
  t.strictSame(differenceOf(more, held).context, contextOfDots([past]))
  t.end()
})

t.test('registers that are missing or older', t => {
  const register = (name: string, time: number) => ({
    version: undefined,
    name,
    value: undefined,
    time,
    dot: { actor: b, counter: time },
  })
  const merged = {
    ...makeState(emptyContext, []),
    attributes: attributesOf([register('x', 2), register('y', 3)]),
  }
  const held = {
    ...makeState(emptyContext, []),
    attributes: attributesOf([register('x', 1), register('y', 3)]),
  }
  t.strictSame(differenceOf(merged, held).attributes, [register('x', 2)])
  t.equal(isLevel(differenceOf(merged, held)), false)
  t.end()
})

t.test('ten thousand removals go in parts, the oldest first, and registers in parts too', async t => {
  const { c, agents, agent } = fakeCluster({ agents: 1, replicas: 1 })
  const bucket = testBucket(1, 1, 1)
  const p = place(c, bucket, 'key')
  const deadline = new Deadline(c.environment.clock, undefined)
  const history = historyOf(10_000)
  const none = makeState(emptyContext, [])
  const old = history.filter((_, i) => i % 2 === 0)
  const held = makeState(emptyContext, history)
  // As large as the agent's table of messages lets them be.
  const registers = Array.from({ length: 9 }, (_, i) => ({
    version: undefined,
    name: `n${i}`,
    value: new Uint8Array(60_000),
    time: 1,
    dot: { actor: b, counter: i + 1 },
  }))
  const kept = history.filter((_, i) => i % 2 === 1)
  const merged = {
    ...makeState(held.context, kept),
    attributes: attributesOf(registers),
  }
  // The first version makes the key known; the others need not pass through ten thousand merges.
  await writeBack(
    c,
    p,
    'agent-0',
    differenceOf(makeState(emptyContext, history.slice(0, 1)), none),
    () => [],
    deadline,
  )
  for (const stored of agent(0).keys.values()) stored.state = held
  agents.sent.length = 0
  const difference = differenceOf(merged, held)
  t.strictSame(
    difference.removed.map(dotText),
    old.map(({ dot }) => dotText(dot)),
  )
  await writeBack(c, p, 'agent-0', difference, () => [], deadline)
  t.equal(agents.sentTo('merge').length, 2 + 5)
  const state = agent(0).stateOf(bucket.id, 'key')
  t.equal(state.versions.size, kept.length)
  t.equal(state.attributes.size, 9)
  t.ok(isLevel(differenceOf(merged, state)))
})
