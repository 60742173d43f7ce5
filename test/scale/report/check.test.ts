import t from 'tap'
import { atMost, compareCosts, compareValues, exactly } from './check.js'
import { renderTable } from './table.js'

const cost = { rowsRead: 10, rowsWritten: 0, clientBytes: 100, agentBytes: 200, milliseconds: 2 }

t.test('within ten percent in both directions', async t => {
  const okOf = (short: number, long: number) => compareValues('PUT', 'rowsRead', short, long, true).ok
  t.strictSame(
    [okOf(100, 110), okOf(100, 90), okOf(100, 111), okOf(100, 89), okOf(0, 0), okOf(0, 1), okOf(4, 4)],
    [true, true, false, false, true, false, true],
  )
  t.equal(okOf(Number.NaN, 4), false)
  t.equal(compareValues('PUT', 'milliseconds', 1, 9, false).ok, undefined, 'only told')
})

t.test('quantities that are limited, and what else there was', async t => {
  const checks = compareCosts('PUT', { short: cost, long: { ...cost, clientBytes: 500 } }, [
    'rowsRead',
    'rowsWritten',
  ])
  t.strictSame(
    checks.map(({ quantity, ok }) => [quantity, ok]),
    [
      ['rowsRead', true],
      ['rowsWritten', true],
      ['clientBytes', undefined],
      ['agentBytes', undefined],
      ['milliseconds', undefined],
    ],
  )
  const told = compareCosts('LIST', { short: cost, long: cost }, [])
  t.notOk(
    told.some(({ quantity }) => quantity === 'rowsWritten'),
    'nothing beside nothing is not told',
  )
})

t.test('absolute limits', async t => {
  t.equal(atMost('memory', 'peakMemory', 5, 5).ok, true)
  t.equal(atMost('memory', 'peakMemory', 6, 5).ok, false)
  t.equal(atMost('memory', 'peakMemory', undefined, 5).ok, undefined, 'not told by this system')
  t.equal(exactly('listing', 'keysListed', 3, 4).ok, false)
})

t.test('the table says each once', async t => {
  const table = renderTable([
    ...compareCosts('PUT', { short: cost, long: { ...cost, rowsRead: 12 } }, ['rowsRead', 'clientBytes']),
    atMost('memory of agent-1', 'peakMemory', undefined, 300 * 2 ** 20),
    exactly('the whole listing', 'keysListed', 3, 3),
  ])
  t.equal(
    table,
    [
      '| what              | quantity              | short | long                    | ratio | limit       | ok  |',
      '|-------------------|-----------------------|-------|-------------------------|-------|-------------|-----|',
      '| PUT               | rows read             | 10    | 12                      | 1.20  | 0.90 – 1.10 | NO  |',
      '|                   | bytes client ↔ server | 100   | 100                     | 1.00  | 0.90 – 1.10 | yes |',
      '|                   | bytes server ↔ agents | 200   | 200                     | 1.00  |             |     |',
      '|                   | time (ms)             | 2     | 2                       | 1.00  |             |     |',
      '| memory of agent-1 | peak memory (MiB)     |       | not told by this system |       | ≤ 300       |     |',
      '| the whole listing | keys listed           |       | 3                       |       | 3           | yes |',
    ].join('\n'),
  )
})
