import {
  addDot,
  type CausalContext,
  contextOfDot,
  contextOfExactDot,
  emptyContext,
  joinContexts,
} from '@torc/cluster/clocks/causal-context'
import { actorId, type Dot } from '@torc/cluster/clocks/dot'
import { headsOf, type KeyState, makeState, mergeStates } from '@torc/cluster/state/key-state'
import { headsCoverAll, summaryOf } from '@torc/cluster/state/key-summary'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import fc from 'fast-check'
import t from 'tap'
import { purge } from '../../src/flows/delete-flow.js'
import { read } from '../../src/flows/get-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { holdersOf, joinReports, judgeHeads, type KeyReport, versionsOf } from '../../src/list/judge.js'
import { fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const reportOf = (agent: string, state: KeyState, whole: boolean): KeyReport => {
  const heads = headsOf(state.versions.values())
  const others = [...state.versions.values()].filter(version => !heads.includes(version))
  return {
    agent,
    key: 'key',
    context: state.context,
    heads,
    headsCoverAll: headsCoverAll(summaryOf(state)),
    versions: whole ? others : undefined,
  }
}

t.test('property: heads judged from heads alone are those of the merged state, or undecided', async t => {
  const step = fc.record({
    kind: fc.constantFrom(
      'put',
      'put',
      'put with context',
      'purge',
      'purge version',
      'purge context',
      'marker',
    ),
    reached: fc.integer({ min: 1, max: 7 }),
  })
  let decided = 0
  let undecided = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), fc.integer(), async (steps, seed) => {
      const { c, agents, ids, owners } = fakeCluster({ seed })
      const bucket = testBucket(3, 1, 1)
      const ends = { timeoutMs: undefined, signal: undefined }
      const at = { bucket, key: 'key', ...ends }
      let token: Awaited<ReturnType<typeof read>> | undefined
      let last = 'none'
      for (const { kind, reached } of steps) {
        agents.down.clear()
        for (const [i, id] of ids.entries()) if ((reached & (1 << i)) === 0) agents.down.add(id)
        const known =
          token === undefined ? undefined : { context: token.context, newest: token.newest, seq: token.seq }
        if (kind === 'put' || kind === 'marker') {
          const more = { kind: kind === 'put' ? ('object' as const) : ('marker' as const) }
          last = (await write(c, await writeOf(c, bucket, 'key', '', more))).version.id
        } else if (kind === 'put with context') {
          last = (await write(c, await writeOf(c, bucket, 'key', '', { token: known }))).version.id
        } else {
          const versionId = kind === 'purge version' ? last : undefined
          await purge(c, {
            ...at,
            versionId,
            token: kind === 'purge context' ? known : undefined,
            retry: true,
          })
        }
        await new Promise(setImmediate)
        token = await read(c, { ...at, versionId: undefined }).catch(() => token)
      }
      const states = owners(bucket, 'key').map(owner => owner.stateOf(bucket.id, 'key'))
      const expected = headsOf(states.reduce(mergeStates).versions.values()).map(({ id }) => id)
      const judged = judgeHeads(states.map((state, i) => reportOf(String(i), state, false)))
      if (judged === undefined) undecided++
      else decided++
      const whole = joinReports(states.map((state, i) => reportOf(String(i), state, true)))
      t.strictSame(
        versionsOf(whole).heads.map(({ id }) => id),
        expected,
      )
      return judged === undefined || JSON.stringify(judged.map(({ id }) => id)) === JSON.stringify(expected)
    }),
    { numRuns: 200 },
  )
  t.ok(decided > undecided / 2, `${decided} decided, ${undecided} not`)
})

t.test('agreement and a stale replica are decided without asking', async t => {
  const { c, agents, owners } = fakeCluster()
  const bucket = testBucket(3, 1, 1)
  await write(c, await writeOf(c, bucket, 'key', '1'))
  await new Promise(setImmediate)
  const [first, second, third] = owners(bucket, 'key')
  agents.down.add(third?.id ?? '')
  const two = await write(c, await writeOf(c, bucket, 'key', '2'))
  await new Promise(setImmediate)
  const reports = [third, second, first].flatMap(owner =>
    owner === undefined ? [] : [reportOf(owner.id, owner.stateOf(bucket.id, 'key'), false)],
  )
  t.strictSame(
    judgeHeads(reports)?.map(({ id }) => id),
    [two.version.id],
  )
  t.strictSame(holdersOf(reports, two.version), [second?.id, first?.id])
})

t.test('a head that covers a version, but not what that one covered, does not decide alone', t => {
  // A minted w, then u above it. B received u alone, removed it, and minted h; A received h. B's removal of u
  // leaves w without a cover, which no report of heads shows.
  const a = actorId('a'.repeat(16))
  const b = actorId('b'.repeat(16))
  const make = (dot: Dot, after: number, context: CausalContext, createdAt: number): Version => ({
    dot,
    after,
    id: versionIdOf(Buffer.alloc(16, createdAt)),
    context,
    kind: 'object',
    size: 0,
    etag: '',
    sha256: new Uint8Array(32),
    contentType: '',
    metadata: [],
    createdAt,
    seq: createdAt,
    opId: Buffer.alloc(16, createdAt),
    blocks: undefined,
  })
  const w = make({ actor: a, counter: 1 }, 0, emptyContext, 1)
  const u = make({ actor: a, counter: 2 }, 1, contextOfDot(w.dot, 0), 2)
  const h = make({ actor: b, counter: 1 }, 0, contextOfExactDot(u.dot), 3)
  const all = joinContexts(addDot(contextOfDot(w.dot, 0), u.dot, 1), contextOfDot(h.dot, 0))
  const first = makeState(all, [w, u, h])
  const second = makeState(joinContexts(contextOfExactDot(u.dot), contextOfDot(h.dot, 0)), [h])
  t.strictSame(
    headsOf(mergeStates(first, second).versions.values()).map(({ id }) => id),
    [h.id, w.id],
  )
  t.equal(judgeHeads([reportOf('a', first, false), reportOf('b', second, false)]), undefined)
  t.end()
})
