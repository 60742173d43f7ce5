import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { cases } from '../src/cases.js'
import { runCases } from '../src/run.js'

// Checks the machinery, not the speed: every case runs, counts something and leaves nothing behind.
const effort = { seconds: 0.05, largeBytes: 3 * 1024 * 1024 + 17, rounds: 1 }

function directoryOf(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'torc-bench-test-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

t.test('every baseline runs', async t => {
  const directory = directoryOf(t)
  const results = await runCases(cases, { ...effort, directory, baselinesOnly: true })
  t.equal(results.length, cases.length)
  for (const { case: one, comparison } of results) t.ok(comparison.baseline.rate > 0, one.name)
  t.same(readdirSync(directory), [], 'no file is left')
})

t.test('every case runs against a cluster', async t => {
  const directory = directoryOf(t)
  const results = await runCases(cases, { ...effort, directory, baselinesOnly: false })
  for (const { case: one, comparison } of results) {
    t.ok((comparison.torc?.rate ?? 0) > 0, one.name)
    t.ok((comparison.ratio ?? 0) > 0)
    t.same(
      comparison.torc?.processes.map(({ name }) => name),
      ['server', 'agent-1', 'agent-2', 'agent-3', 'client'],
    )
  }
  t.same(readdirSync(directory), [], 'no file is left')
})
