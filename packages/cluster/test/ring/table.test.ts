import fc from 'fast-check'
import t from 'tap'
import { idealLoads } from '../../src/ring/ideal-loads.js'
import { assignTable, fallbacks, preferenceList, type RingAgent, type Table } from '../../src/ring/table.js'
import { validateTable } from '../../src/ring/validate.js'
import { runs } from '../support/runs.js'

function agentsOf(
  count: number,
  zoneOf: (n: number) => string = n => `z${n}`,
  capacityOf: (n: number) => number = () => 100,
): RingAgent[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `agent-${String(n).padStart(3, '0')}`,
    zone: zoneOf(n),
    capacity: capacityOf(n),
  }))
}

function loadsOf(table: Table): Map<string, number> {
  const loads = new Map<string, number>()
  for (const id of table.rows.flat()) loads.set(id, (loads.get(id) ?? 0) + 1)
  return loads
}

function movedBetween(table: Table, previous: Table): number {
  return table.rows.reduce((sum, row, p) => sum + row.filter(id => !previous.rows[p]?.includes(id)).length, 0)
}

function fail(what: string): never {
  throw new Error(what)
}

const agentLists = fc
  .array(
    fc.record({
      zone: fc.nat(4),
      capacity: fc.oneof(fc.constant(100), fc.constant(100), fc.integer({ min: 0, max: 1000 })),
    }),
    {
      minLength: 1,
      maxLength: 10,
    },
  )
  .map(list => list.map(({ zone, capacity }, n) => ({ id: `a${n}`, zone: `z${zone}`, capacity })))
  .filter(list => list.some(agent => agent.capacity > 0))
const shapes = fc.record({
  partitions: fc.constantFrom(1, 4, 16, 64),
  replicas: fc.integer({ min: 1, max: 5 }),
})

t.test(
  'any agents, any shape: rows are distinct, over zones, balanced; and again after a change',
  async () => {
    const changes = fc.record({ drop: fc.nat(20), add: fc.nat(2) })
    fc.assert(
      fc.property(agentLists, shapes, changes, (agents, shape, { drop, add }) => {
        const first = assignTable(agents, shape)
        const report = validateTable(first, agents)
        if (report.problems.length > 0) fail(report.problems.join('; '))

        const kept = agents.filter((_, n) => n !== drop)
        const added = Array.from({ length: add }, (_, n) => ({ id: `b${n}`, zone: `z${n}`, capacity: 100 }))
        const changed = [...kept, ...added]
        if (!changed.some(agent => agent.capacity > 0)) return
        const second = assignTable(changed, shape, first)
        const again = validateTable(second, changed, first)
        if (again.problems.length > 0) fail(again.problems.join('; '))
        if (again.moved !== movedBetween(second, first)) fail('moved is miscounted')
        const same = assignTable(changed, shape, second)
        if (JSON.stringify(same) !== JSON.stringify(second)) fail('the same agents moved something')
      }),
      runs(500),
    )
  },
)

t.test('equal weights: loads differ by at most one, in distinct zones', async () => {
  const cases = fc.record({
    zones: fc.integer({ min: 3, max: 7 }),
    perZone: fc.integer({ min: 1, max: 4 }),
    replicas: fc.integer({ min: 1, max: 3 }),
  })
  fc.assert(
    fc.property(cases, ({ zones, perZone, replicas }) => {
      const agents = agentsOf(zones * perZone, n => `z${n % zones}`)
      const zoneOf = new Map(agents.map(agent => [agent.id, agent.zone]))
      const table = assignTable(agents, { partitions: 64, replicas })
      for (const row of table.rows) {
        if (row.length !== replicas || new Set(row.map(id => zoneOf.get(id))).size !== replicas)
          fail('zones repeat')
      }
      const loads = agents.map(agent => loadsOf(table).get(agent.id) ?? 0)
      if (Math.max(...loads) - Math.min(...loads) > 1) fail(`loads ${loads.join()}`)
    }),
    runs(100),
  )
})

t.test('loads are in proportion to capacity, as far as distinct owners allow', async t => {
  const agents = agentsOf(4, undefined, n => [100, 200, 300, 200][n] ?? 0)
  t.same([...loadsOf(assignTable(agents, { partitions: 256, replicas: 2 }))].sort(), [
    ['agent-000', 64],
    ['agent-001', 128],
    ['agent-002', 192],
    ['agent-003', 128],
  ])
  // One agent has most of the capacity, but can hold each partition only once; the others share the rest.
  const uneven = agentsOf(3, undefined, n => (n === 0 ? 10_000 : 100))
  t.same([...loadsOf(assignTable(uneven, { partitions: 256, replicas: 2 }))].sort(), [
    ['agent-000', 256],
    ['agent-001', 128],
    ['agent-002', 128],
  ])
  const terabytes = agentsOf(4, undefined, n => (n + 1) * 2 ** 42)
  t.same(
    [...idealLoads(terabytes, 256, 1).values()],
    [
      { least: 25, most: 26 },
      { least: 51, most: 52 },
      { least: 76, most: 77 },
      { least: 102, most: 103 },
    ],
  )
})

t.test('fewer zones than replicas: every zone holds every partition', async t => {
  const agents = agentsOf(6, n => (n < 1 ? 'small' : 'large'))
  const table = assignTable(agents, { partitions: 64, replicas: 3 })
  t.same(validateTable(table, agents).problems, [])
  for (const row of table.rows) t.ok(row.includes('agent-000'))
  // A bucket of two replicas gets the first two: they are in both zones.
  const zoneOf = new Map(agents.map(agent => [agent.id, agent.zone]))
  for (let p = 0; p < 64; p++) t.equal(new Set(preferenceList(table, p, 2).map(id => zoneOf.get(id))).size, 2)
})

t.test('fewer agents than replicas: all of them', async t => {
  const agents = agentsOf(2)
  const table = assignTable(agents, { partitions: 16, replicas: 3 })
  t.same(validateTable(table, agents).problems, [])
  t.equal(table.replicas, 3)
  for (const row of table.rows) t.equal(row.length, 2)
  t.equal(preferenceList(table, 3, 3).length, 2)
  t.same(preferenceList(table, 99, 3), [])
})

t.test('movement: a new agent gets just its share, a lost one gives just what it had', async t => {
  for (const count of [3, 4, 7, 12]) {
    const agents = agentsOf(count)
    const before = assignTable(agents, { partitions: 256, replicas: 3 })
    const grown = agentsOf(count + 1)
    const after = assignTable(grown, { partitions: 256, replicas: 3 }, before)
    t.equal(
      movedBetween(after, before),
      loadsOf(after).get(grown.at(-1)?.id ?? ''),
      `${count} agents and one`,
    )
    const lost = agents[1]?.id ?? ''
    const shrunk = agents.filter(agent => agent.id !== lost)
    const rest = assignTable(shrunk, { partitions: 256, replicas: 3 }, before)
    t.equal(
      movedBetween(rest, before),
      count === 3 ? 0 : loadsOf(before).get(lost),
      `${count} agents less one`,
    )
  }
})

t.test('movement: no table of any kind moves less (all tables of small clusters)', async () => {
  const small = fc.record({
    before: fc.array(fc.nat(5), { minLength: 4, maxLength: 4 }),
    zones: fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
    capacities: fc.array(fc.constantFrom(100, 100, 50, 300), { minLength: 4, maxLength: 4 }),
  })
  const pairs = [0, 1, 2, 3].flatMap(a => [0, 1, 2, 3].filter(b => b > a).map(b => [a, b] as const))
  fc.assert(
    fc.property(small, ({ before, zones, capacities }) => {
      const agents = agentsOf(
        4,
        n => `z${zones[n]}`,
        n => capacities[n] ?? 1,
      )
      const rowOf = (pair: number) => (pairs[pair] ?? []).map(n => agents[n]?.id ?? '')
      const previous: Table = { partitions: 4, replicas: 2, rows: before.map(rowOf) }
      const best = assignTable(agents, { partitions: 4, replicas: 2 }, previous)
      const moved = validateTable(best, agents, previous).moved

      const bounds = idealLoads(agents, 4, 2)
      const zoneCount = Math.min(2, new Set(zones).size)
      const allowed = pairs.flatMap(([a, b], i) =>
        new Set([zones[a], zones[b]]).size >= zoneCount ? [i] : [],
      )
      let least = Number.POSITIVE_INFINITY
      const search = (rows: string[][]): void => {
        if (rows.length < 4) {
          for (const pair of allowed) search([...rows, rowOf(pair)])
          return
        }
        const table = { partitions: 4, replicas: 2, rows }
        const loads = loadsOf(table)
        for (const [id, { least: min, most: max }] of bounds) {
          const load = loads.get(id) ?? 0
          if (load < min || load > max) return
        }
        least = Math.min(least, movedBetween(table, previous))
      }
      search([])
      if (moved !== least) fail(`moved ${moved}, ${least} would do`)
    }),
    runs(60),
  )
})

t.test('each place is spread evenly: minting, and buckets with fewer replicas', async t => {
  for (const count of [3, 5, 9]) {
    const table = assignTable(agentsOf(count), { partitions: 256, replicas: 3 })
    for (let place = 0; place < 3; place++) {
      const counts = new Map<string, number>()
      for (const row of table.rows) counts.set(row[place] ?? '', (counts.get(row[place] ?? '') ?? 0) + 1)
      const values = [...counts.values()]
      t.ok(
        counts.size === count && Math.max(...values) - Math.min(...values) <= 2,
        `place ${place} of ${count}: ${values}`,
      )
    }
  }
})

t.test('the load of an agent that is down spreads over many partners', async t => {
  const partners = (agents: RingAgent[], id: string) => {
    const { rows } = assignTable(agents, { partitions: 256, replicas: 3 })
    return new Set(rows.filter(row => row.includes(id)).flat()).size - 1
  }
  t.equal(partners(agentsOf(12), 'agent-004'), 11)
  t.equal(
    partners(
      agentsOf(12, n => `z${n % 3}`),
      'agent-004',
    ),
    8,
    'all that are in other zones',
  )
})

t.test('fallbacks: everyone else, in ring order, each once', async t => {
  const table: Table = {
    partitions: 4,
    replicas: 2,
    rows: [
      ['a', 'b'],
      ['c', 'a'],
      ['d', 'c'],
      ['e', 'b'],
    ],
  }
  t.same(fallbacks(table, 0), ['c', 'd', 'e'])
  t.same(fallbacks(table, 2), ['e', 'b', 'a'])
  t.same(preferenceList(table, 2, 1), ['d'])
  t.same(preferenceList(table, 2, 2), ['d', 'c'])
})

t.test('another number of partitions is a new table', async t => {
  const agents = agentsOf(4)
  const before = assignTable(agents, { partitions: 16, replicas: 2 })
  const after = assignTable(agents, { partitions: 32, replicas: 2 }, before)
  t.same(after, assignTable(agents, { partitions: 32, replicas: 2 }))
  t.same(validateTable(after, agents, before).problems, [])
})

t.test('the order in which agents are given does not matter', async t => {
  const agents = agentsOf(5)
  t.same(
    assignTable([...agents].reverse(), { partitions: 64, replicas: 3 }),
    assignTable(agents, { partitions: 64, replicas: 3 }),
  )
})

t.test('shapes and agents that no table can have are refused', async t => {
  const agents = agentsOf(3)
  const refused = { name: 'TorcError', code: 'BAD_REQUEST' }
  for (const partitions of [0, 3, -4, 2 ** 17, 1.5])
    t.throws(() => assignTable(agents, { partitions, replicas: 1 }), refused)
  for (const replicas of [0, -1, 65, 1.5])
    t.throws(() => assignTable(agents, { partitions: 16, replicas }), refused)
  t.throws(() => assignTable([], { partitions: 16, replicas: 1 }), refused)
  t.throws(
    () =>
      assignTable(
        agentsOf(2, undefined, () => 0),
        { partitions: 16, replicas: 1 },
      ),
    refused,
  )
  t.throws(() => assignTable([...agents, ...agents], { partitions: 16, replicas: 1 }), refused)
})

t.test('a hundred agents take well under a second', async t => {
  const agents = agentsOf(
    100,
    n => `z${n % 7}`,
    n => 100 + n,
  )
  const table = assignTable(agents, { partitions: 256, replicas: 3 })
  t.same(
    validateTable(
      assignTable(agents.slice(3), { partitions: 256, replicas: 3 }, table),
      agents.slice(3),
      table,
    ).problems,
    [],
  )
})
