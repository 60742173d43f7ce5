import { mergeStates, stateDigest } from '@torc/cluster/state/key-state'
import fc from 'fast-check'
import t from 'tap'
import { Deadline } from '../../src/core/deadline.js'
import { place } from '../../src/core/placement.js'
import { purge } from '../../src/flows/delete-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { reconcile } from '../../src/flows/reconcile.js'
import { differenceOf } from '../../src/flows/write-back.js'
import { fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket(3, 2, 3)

t.test('nothing differs', async t => {
  const { c, owners } = fakeCluster()
  await write(c, await writeOf(c, bucket, 'key', 'x'))
  const state = owners(bucket, 'key')[0]?.stateOf(bucket.id, 'key')
  if (state === undefined) throw new Error('no owner')
  t.strictSame(differenceOf(state, state), { missing: [], contextBehind: false })
})

t.test('property: owners end at the join of what they held, whatever was lost and interrupted', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), reached: fc.integer({ min: 1, max: 7 }) }),
    fc.record({ kind: fc.constant('purge' as const), reached: fc.integer({ min: 1, max: 7 }) }),
    fc.record({ kind: fc.constant('purge version' as const), reached: fc.integer({ min: 1, max: 7 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.integer(), async (steps, seed) => {
      const cluster = fakeCluster({ seed })
      const { c, agents, ids } = cluster
      const weak = testBucket(3, 1, 1)
      const ends = { timeoutMs: undefined, signal: undefined }
      let last = 'none'
      for (const { kind, reached } of steps) {
        agents.down.clear()
        for (const [i, id] of ids.entries()) if ((reached & (1 << i)) === 0) agents.down.add(id)
        if (kind === 'put') last = (await write(c, await writeOf(c, weak, 'key', `text ${last}`))).version.id
        else {
          const versionId = kind === 'purge' ? undefined : last
          await purge(c, { bucket: weak, key: 'key', versionId, token: undefined, retry: true, ...ends })
        }
        await new Promise(setImmediate)
      }
      agents.down.clear()
      const states = cluster.owners(bucket, 'key').map(owner => owner.stateOf(bucket.id, 'key'))
      const expected = Buffer.from(stateDigest(states.reduce(mergeStates))).toString('hex')
      // The first time some of the writing back is lost half way.
      let merges = 0
      agents.fault = ({ name }) => (name === 'merge' && merges++ === 1 ? { kind: 'answer lost' } : undefined)
      const deadline = new Deadline(c.environment.clock, undefined)
      await reconcile(c, place(c, bucket, 'key'), deadline)
      agents.fault = undefined
      const { state, onQuorum } = await reconcile(c, place(c, bucket, 'key'), deadline)
      await new Promise(setImmediate)
      const after = cluster.owners(bucket, 'key').map(owner => stateDigest(owner.stateOf(bucket.id, 'key')))
      const texts = [stateDigest(state), ...after].map(digest => Buffer.from(digest).toString('hex'))
      return onQuorum && texts.every(text => text === expected)
    }),
    { numRuns: 150 },
  )
})
