import t from 'tap'
import { assignTable, type RingAgent, type Table } from '../../src/ring/table.js'
import { validateTable } from '../../src/ring/validate.js'

const agents: RingAgent[] = ['a', 'b', 'c', 'd'].map((id, n) => ({ id, zone: `z${n % 3}`, capacity: 100 }))
const sound = assignTable(agents, { partitions: 16, replicas: 2 })

/** The sound table with partition 0 replaced. */
function withRow(row: readonly string[]): Table {
  return { ...sound, rows: [row, ...sound.rows.slice(1)] }
}

function problemsOf(table: Table, list = agents, previous?: Table): string {
  return validateTable(table, list, previous).problems.join('; ')
}

t.test('a sound table has no problems, and loads that add up', async t => {
  const report = validateTable(sound, agents)
  t.same(report.problems, [])
  t.equal(
    [...report.loads.values()].reduce((a, b) => a + b),
    32,
  )
  t.equal(report.moved, 32, 'without a table before, all of it is new')
  t.equal(report.minMoved, 32)
})

t.test('each kind of bad table is caught', async t => {
  const other = (row: readonly string[]) => agents.map(agent => agent.id).filter(id => !row.includes(id))
  const row = sound.rows[0] ?? []
  const [first = ''] = row
  t.match(problemsOf(withRow([first, first])), /partition 0 names an agent twice/)
  t.match(problemsOf(withRow([first])), /partition 0 has 1 owners instead of 2/)
  t.match(problemsOf(withRow([...row, other(row)[0] ?? ''])), /partition 0 has 3 owners instead of 2/)
  t.match(problemsOf(withRow([first, 'stranger'])), /unknown agent stranger/)
  t.match(problemsOf(withRow(['a', 'd'])), /partition 0 is in 1 zones instead of 2/)
  const lopsided = { ...sound, rows: sound.rows.map(() => ['a', 'b']) }
  t.match(problemsOf(lopsided), /agent a holds 16 partitions instead of \d+ to \d+/)
  t.match(problemsOf(lopsided), /agent c holds 0 partitions/)
})

t.test('a bad shape is caught without looking further', async t => {
  t.match(problemsOf({ ...sound, rows: sound.rows.slice(1) }), /15 rows for 16 partitions/)
  for (const partitions of [0, 3, -1, Number.NaN, 1e12])
    t.match(problemsOf({ ...sound, partitions }), /not a power of two/)
  t.match(problemsOf({ ...sound, replicas: 0 }), /no partition can have an owner/)
  t.match(problemsOf({ ...sound, replicas: Number.NaN }), /no partition can have an owner/)
  t.match(problemsOf(sound, []), /no partition can have an owner/)
  t.match(problemsOf(sound, [...agents, ...agents]), /listed twice/)
  t.match(
    problemsOf(
      sound,
      agents.map(agent => ({ ...agent, capacity: 0 })),
    ),
    /no partition can have an owner/,
  )
})

t.test('more movement than needed is caught', async t => {
  const agent = { id: 'e', zone: 'z4', capacity: 100 }
  const grown = [...agents, agent]
  const careful = assignTable(grown, { partitions: 16, replicas: 2 }, sound)
  const report = validateTable(careful, grown, sound)
  t.same(report.problems, [])
  t.equal(report.moved, report.minMoved)
  const careless = { ...careful, rows: [...careful.rows.slice(5), ...careful.rows.slice(0, 5)] }
  t.match(problemsOf(careless, grown, sound), /replicas move where \d+ would do/)
})

t.test('an agent without capacity that still holds something is caught', async t => {
  const drained = agents.map(agent => (agent.id === 'd' ? { ...agent, capacity: 0 } : agent))
  t.match(problemsOf(sound, drained), /agent d holds \d+ partitions instead of 0 to 0/)
  t.same(problemsOf(assignTable(drained, { partitions: 16, replicas: 2 }, sound), drained, sound), '')
})
