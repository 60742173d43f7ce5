import fc from 'fast-check'
import t from 'tap'
import { RemainderWorld } from './remainder-world.js'
import { fallback, keys, owners } from './world-agent.js'
import { propose } from './world-rounds.js'

const key = fc.constantFrom(...keys)
const owner = fc.constantFrom(...owners)
const agent = fc.constantFrom(...owners, fallback)
const server = fc.nat(1)
const which = fc.nat(40)

type Step = (world: RemainderWorld) => void | Promise<void>

/** What happens next. Those that say nothing else only put messages on their way. */
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(server, key, owner, owner, fc.integer({ min: 0, max: 5 })).map(
      ([s, k, at, other, via]): Step =>
        world =>
          world.write(s, k, at, other, via === 0),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(server, key, owner).map(
      ([s, k, at]): Step =>
        world =>
          world.purge(s, k, at),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(server, key, agent, owner).map(
      ([s, k, from, to]): Step =>
        world =>
          world.writeBack(s, k, from, to),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(key, owner, owner).map(
      ([k, from, to]): Step =>
        world =>
          world.pull(k, from, to),
    ),
  },
  {
    weight: 1,
    arbitrary: key.map(
      (k): Step =>
        world =>
          world.handOver(k),
    ),
  },
  {
    weight: 1,
    arbitrary: key.map(
      (k): Step =>
        world =>
          world.forget(k),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(owner, fc.boolean()).map(
      ([at, slowly]): Step =>
        world => {
          const run = world.collect(at, slowly)
          return slowly ? undefined : run
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(server, key).map(
      ([s, k]): Step =>
        world => {
          // It goes on as its messages come.
          void propose(world, s, k)
        },
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>(world => world.passTime()) },
  {
    weight: 18,
    arbitrary: which.map(
      (n): Step =>
        world =>
          world.deliver(n, false),
    ),
  },
  {
    weight: 3,
    arbitrary: which.map(
      (n): Step =>
        world =>
          world.deliver(n, true),
    ),
  },
  {
    weight: 1,
    arbitrary: which.map(
      (n): Step =>
        world =>
          world.lose(n),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(agent, fc.boolean()).map(
      ([at, crash]): Step =>
        world =>
          world.agent(at).restart(crash),
    ),
  },
)

interface Runs {
  readonly details: fc.RunDetails<[Step[]]>
  readonly collected: number
}

async function runs(isFenced: boolean, numRuns: number): Promise<Runs> {
  let collected = 0
  const details = await fc.check(
    fc.asyncProperty(fc.array(step, { maxLength: 90, size: 'max' }), async steps => {
      const world = new RemainderWorld(isFenced)
      try {
        for (const one of steps) {
          await one(world)
          // Whoever waits for an answer goes on before the next thing happens.
          await new Promise<void>(resolve => setImmediate(resolve))
        }
        world.settle()
        await new Promise<void>(resolve => setImmediate(resolve))
        const [problem] = world.problems()
        if (problem !== undefined) throw new Error(problem)
        collected += world.collected
      } finally {
        world.close()
      }
    }),
    { numRuns, seed: 4, endOnFailure: true },
  )
  return { details, collected }
}

t.test(
  'nothing purged comes back and nothing acknowledged is lost, whatever comes late or twice',
  async t => {
    const { details, collected } = await runs(true, 60)
    t.equal(details.failed, false, fc.defaultReportMessage(details) ?? '')
    t.ok(collected > 50, `${collected} remainders were collected`)
  },
)

t.test('without the fence the same runs bring purged versions back', async t => {
  t.equal((await runs(false, 60)).details.failed, true)
})
