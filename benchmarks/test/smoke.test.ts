import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { cases } from '../src/cases.js'
import { runCases } from '../src/run.js'

// Checks the machinery, not the speed: each kind of case runs, counts something and leaves nothing behind.
const effort = { seconds: 0.05, largeBytes: 3 * 1024 * 1024 + 17, rounds: 1 }

function directoryOf(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'torc-bench-test-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const chosen = cases.filter(({ name }) =>
  ['put-small-n3-16', 'get-small-n1-64', 'put-large-n3', 'get-large-n1', 's3-put-256k', 's3-get-4k'].includes(
    name,
  ),
)

t.test('a baseline alone', async t => {
  const directory = directoryOf(t)
  const [first] = await runCases(chosen.slice(0, 1), { ...effort, directory, baselinesOnly: true })
  t.ok((first?.comparison.baseline.rate ?? 0) > 0)
  t.equal(first?.comparison.torc, undefined)
  t.same(readdirSync(directory), [], 'no file is left')
})

t.test('each kind of case runs against a cluster', async t => {
  const directory = directoryOf(t)
  const results = await runCases(chosen, { ...effort, directory, baselinesOnly: false })
  t.equal(results.length, 6)
  for (const { case: one, comparison } of results) {
    t.ok(comparison.baseline.rate > 0, one.name)
    t.ok((comparison.torc?.rate ?? 0) > 0, one.name)
    t.ok((comparison.ratio ?? 0) > 0)
    t.same(
      comparison.torc?.processes.map(({ name }) => name),
      ['server', 'agent-1', 'agent-2', 'agent-3', 'client'],
    )
  }
  t.same(readdirSync(directory), [], 'no file is left')
})

t.test('a run that is interrupted leaves nothing', async t => {
  const directory = directoryOf(t)
  const interrupt = new AbortController()
  const run = runCases(chosen, {
    ...effort,
    seconds: 60,
    directory,
    baselinesOnly: true,
    signal: interrupt.signal,
    onBegin: () => interrupt.abort(new Error('interrupted')),
  })
  await t.rejects(run, /interrupted/)
  t.same(readdirSync(directory), [])
})
