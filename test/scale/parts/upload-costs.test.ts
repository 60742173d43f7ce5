import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { renderTable } from '../report/table.js'
import { early, late, parseOptions } from './options.js'
import { runPartCosts } from './upload-costs.js'

t.test('a late part costs what an early one does', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'torc-parts-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const checks = await runPartCosts({
    ...{ between: 200, partBytes: 20_000, inFlight: 16, folder },
    signal: new AbortController().signal,
    onLoad: () => () => undefined,
  })
  const missed = checks.filter(({ ok }) => ok === false)
  if (missed.length > 0) t.comment(renderTable(checks))
  t.strictSame(missed, [])
  const asked = checks.filter(({ ok }) => ok !== undefined).map(({ quantity }) => quantity)
  for (const quantity of ['rowsRead', 'rowsWritten', 'clientBytes', 'agentBytes'] as const)
    t.ok(asked.includes(quantity), quantity)
  const written = checks.find(({ quantity }) => quantity === 'rowsWritten')
  t.ok((written?.long ?? 0) >= 3, 'a row on each of three agents, at least')
  t.strictSame(readdirSync(folder), [], 'nothing is left')
})

t.test('what is measured, and the options', async t => {
  t.ok(early.includes(10))
  t.ok(late.includes(9_990))
  const { between } = parseOptions([])
  t.equal(between + early.length + late.length, 10_000)
  for (const wrong of [
    ['--between', '10000'],
    ['--part-bytes', '0'],
    ['--in-flight', 'x'],
  ])
    t.throws(() => parseOptions(wrong), /must be a whole number/)
})
