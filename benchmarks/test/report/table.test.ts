import t from 'tap'
import { cases } from '../../src/cases.js'
import { describeLoad } from '../../src/report/machine.js'
import { withResults } from '../../src/report/readme.js'
import { type CaseResult, renderTable, resultJson } from '../../src/report/table.js'

function resultOf(name: string): CaseResult {
  const found = cases.find(one => one.name === name)
  if (found === undefined) throw new Error(`no case ${name}`)
  const side = (rate: number) => ({
    rate,
    rates: [rate],
    spread: 0,
    processes: ['server', 'agent-1', 'agent-2'].map(name => ({
      name,
      peakMemoryBytes: 100 * 1024 * 1024,
      cpuMsPerThousand: 2,
    })),
  })
  return { case: found, comparison: { baseline: side(2_097_152), torc: side(1_048_576), ratio: 0.5 } }
}

t.test('names of cases are unique', async t => {
  t.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
})

t.test('a table with rates in their unit', async t => {
  const table = renderTable([resultOf('put-large-n1'), resultOf('put-small-n1-64')])
  t.match(table, /\| put-large-n1 +\| 1 MiB\/s +\| 2 MiB\/s +\| 0\.50 +\| 0\.50/)
  t.match(table, /\| put-small-n1-64 +\| 1048576\/s/)
  t.match(table, /server 100, agent-1 100/)
  t.match(table, /6 \(server 2, agents 4\)/)
  t.equal(new Set(table.split('\n').map(line => line.length)).size, 1, 'columns line up')
})

t.test('json carries the numbers', async t => {
  t.match(resultJson(resultOf('put-large-n3')), {
    case: 'put-large-n3',
    replicas: 3,
    ratio: 0.5,
    torc: { rate: 1_048_576 },
  })
})

t.test('results replace those between the marks of a page', async t => {
  const marks = ['<!-- results: written by `npm run bench -- --write-readme` -->', '<!-- end of results -->']
  const page = withResults(
    `before\n${marks[0]}\nold\n${marks[1]}\nafter`,
    [resultOf('put-large-n1')],
    'Measured on 2 cores.',
  )
  t.match(page, /^before\n.*Measured on 2 cores\..*put-large-n1.*\nafter$/s)
  t.notMatch(page, /old/)
  t.throws(() => withResults('no marks', [], ''), /no marks/)
})

t.test('a busy machine is named as such', async t => {
  t.equal(describeLoad(0.1), undefined)
  t.match(describeLoad(7), /load average was 7\.0/)
})
