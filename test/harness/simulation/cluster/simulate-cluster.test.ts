import t from 'tap'
import { watchForLeaks } from '../determinism-guard.js'
import { faultKinds } from './faults.js'
import { type SimulationResult, simulateCluster } from './simulate-cluster.js'

// `npm run simulate` runs more; a failure names its seed: `TORC_SIMULATION_SEED=… …` runs that one alone.
const only = process.env.TORC_SIMULATION_SEED
const seeds = only === undefined ? Array.from({ length: 5 }, (_, index) => `seed-${index + 1}`) : [only]

function describe(result: SimulationResult): string {
  const failures = [...result.failures].map(([code, count]) => `${code} ${count}`).join(', ')
  const seconds = (result.virtualMs / 1000).toFixed(0)
  return (
    `${result.events} events in ${seconds} virtual s, ${result.acknowledged} writes acknowledged, ` +
    `${result.indeterminate} indeterminate, ${result.reads} reads, ${result.faults.length} faults (${failures})`
  )
}

t.test('one seed is one run, and nothing but the seed decides', async t => {
  const options = { seed: 'twice', operations: 15 }
  const { value: first, leaks } = await watchForLeaks(() => simulateCluster(options))
  t.same(leaks, [], 'no production code looks past what it was given')
  t.equal((await simulateCluster(options)).traceHash, first.traceHash)
  t.not((await simulateCluster({ ...options, seed: 'other' })).traceHash, first.traceHash)
})

t.test('without faults every call succeeds', async t => {
  const result = await simulateCluster({ seed: 'quiet', faults: [], operations: 30 })
  t.equal(result.indeterminate, 0)
  t.same([...result.failures], [])
  t.ok(result.acknowledged > 0 && result.reads > 0, describe(result))
})

t.test('one agent, one replica', async t => {
  const result = await simulateCluster({ seed: 'single', agents: 1, operations: 20, faults: ['crash agent'] })
  t.ok(result.acknowledged > 0, describe(result))
})

t.test('owners that are gone are seen, and the failure names its seed', async t => {
  const whole = { seed: 'broken', replicas: 1, operations: 10 }
  await t.resolves(simulateCluster({ ...whole, faults: ['reset'] }))
  const broken = simulateCluster({ ...whole, faults: ['lose disk'] })
  await t.rejects(broken, {
    name: 'SimulationFailure',
    seed: 'broken',
    message: /^seed "broken": .*\nfaults:\n {2}/s,
  })
})

t.test('quorums that do not overlap are seen', async t => {
  // Not every run has a read that asks the one agent which missed the write.
  let seen: unknown
  for (let seed = 1; seed <= 30 && seen === undefined; seed++) {
    await simulateCluster({ seed: `weak ${seed}`, readQuorum: 1 }).catch(error => {
      seen = error
    })
  }
  t.match(seen, { name: 'SimulationFailure', message: /was acknowledged/ })
})

t.test('whoever tries a write again and reaches all owners has the last word', async t => {
  // The second server is never disturbed: it takes over what the first one began, and what that sent comes late.
  const faults = ['partition', 'slow link', 'crash server'] as const
  for (const seed of ['handed over 1', 'handed over 2']) {
    const result = await simulateCluster({ seed, faultyServers: ['server-1'], faults, faultsAtOnce: 3 })
    t.equal(result.lateTwins, 0, describe(result))
  }
})

t.test('blocks that are kept compressed, under all faults; a seed is still one run', async t => {
  const result = await simulateCluster({ seed: 'compressed 1', load: 'compressed', operations: 25 })
  t.ok(result.acknowledged > 0 && result.reads > 0, describe(result))
  const options = { seed: 'compressed', load: 'compressed', operations: 10 } as const
  const { traceHash } = await simulateCluster(options)
  t.equal((await simulateCluster(options)).traceHash, traceHash)
})

t.test('null versions take the place of what they cover, under all faults', async t => {
  for (const sloppy of [false, true]) {
    const options = { seed: `null versions ${sloppy}`, unversioned: true, sloppy, agents: 4 }
    const result = await simulateCluster({ ...options, operations: 25 })
    t.ok(result.acknowledged > 0 && result.reads > 0, describe(result))
  }
})

t.test('an agent whose disk is an old copy takes no part, and nothing is lost', async t => {
  const result = await simulateCluster({
    ...{ seed: 'old copy 2', agents: 5, operations: 60 },
    faults: [...faultKinds, 'restore disk', 'restore disk', 'restore disk'],
  })
  t.ok(result.acknowledged > 0, describe(result))
  t.not(result.restored, undefined, 'it came about')
})

for (const seed of seeds) {
  t.test(`what was acknowledged is there after all faults: ${seed}`, async t => {
    const result = await simulateCluster({ seed })
    t.ok(result.acknowledged > 0, describe(result))
  })
}

for (const seed of ['conditions 1', 'conditions 2']) {
  t.test(`keys that all write under conditions behave as one register each: ${seed}`, async t => {
    const result = await simulateCluster({ seed, load: 'conditions', clients: 4, operations: 25 })
    t.ok(result.contested > 0, describe(result))
  })
}

for (const seed of ['sloppy 1', 'sloppy 2']) {
  t.test(`others stand in for owners that are down, and hand everything over: ${seed}`, async t => {
    const result = await simulateCluster({ seed, agents: 5, sloppy: true })
    t.ok(result.acknowledged > 0, describe(result))
  })
}

t.test('agents join, are drained and replaced meanwhile, and nothing is lost', async t => {
  const changes: string[] = []
  for (const options of [
    { seed: 'layouts 1', agents: 4 },
    { seed: 'layouts 2', agents: 5, sloppy: true },
  ]) {
    const result = await simulateCluster({ ...options, layouts: true, operations: 30 })
    t.ok(result.acknowledged > 0, describe(result))
    changes.push(...result.faults.filter(what => what.endsWith(' applied')))
  }
  t.ok(changes.length > 0, changes.join(', '))
})

t.test('of keys that are removed for good nothing is left on any agent', async t => {
  const result = await simulateCluster({ seed: 'removals 3', load: 'removals', agents: 4, operations: 20 })
  t.ok(result.collectedPartitions > 0, `${result.collectedPartitions} partitions were collected`)
})
