import fc from 'fast-check'
import t from 'tap'
import { leaseCounters } from '../../src/index/counter-lease.js'
import { LeaseCluster } from './lease-cluster.js'

/** Of three agents, number 0 is the one whose disk is put back. */
type Step =
  | { readonly kind: 'mint'; readonly agent: number; readonly count: number }
  | { readonly kind: 'restart' | 'stop'; readonly agent: number }
  | { readonly kind: 'copy' | 'restore' }
  /** Of the other agents, agent 0 reaches just these. */
  | { readonly kind: 'reach'; readonly others: readonly number[] }
  | { readonly kind: 'answers'; readonly lost: boolean }
  | { readonly kind: 'wait'; readonly ms: number }

const agent = fc.constantFrom(0, 0, 0, 1, 2)
const count = fc.constantFrom(1, 2, leaseCounters / 2 + 1, leaseCounters)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('mint'), agent, count }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('copy', 'restore') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('restart', 'restart', 'stop'), agent }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('reach'), others: fc.constantFrom([], [1], [2], [1, 2]) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('answers'), lost: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.constantFrom(1, 5_000, 700_000) }) },
)

async function take(cluster: LeaseCluster, one: Step): Promise<void> {
  const restorable = cluster.agent(0)
  switch (one.kind) {
    case 'mint':
      if (cluster.agent(one.agent).life !== undefined) await cluster.agent(one.agent).mint(one.count)
      break
    case 'restart':
    case 'stop':
      cluster.agent(one.agent).crash()
      if (one.kind === 'restart') await cluster.agent(one.agent).start()
      break
    case 'copy':
      restorable.copy = restorable.disk.copy()
      break
    case 'restore':
      if (restorable.copy === undefined) break
      restorable.crash()
      restorable.disk = restorable.copy.copy()
      await restorable.start()
      break
    case 'reach':
      cluster.cutOff.clear()
      for (const other of [1, 2]) if (!one.others.includes(other)) cluster.cutOff.add(cluster.agent(other).id)
      break
    case 'answers':
      cluster.answersLost = one.lost
      break
    default:
      await cluster.time.advance(one.ms)
  }
  // Long enough for leases, too short for what comes by time.
  await cluster.time.advance(200)
}

// Two disks that are put back at once are beyond it: with them goes what they kept for each other.
t.test('no dot is minted twice, whatever happens to one disk and to all processes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }),
      fc.integer({ min: 1, max: 1_000_000 }),
      async (steps, seed) => {
        const cluster = new LeaseCluster(3, seed)
        await cluster.start()
        try {
          for (const one of steps) await take(cluster, one)
          if (cluster.mintedTwice.length > 0)
            throw new Error(`minted twice: ${cluster.mintedTwice.slice(0, 3).join()}`)
        } finally {
          await cluster.stop()
        }
      },
    ),
    { numRuns: 25 },
  )
})
