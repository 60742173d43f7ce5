import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { renderTable } from './report/table.js'
import { runScale, type ScaleRun } from './scale.js'

function runIn(t: Test): ScaleRun {
  const folder = mkdtempSync(join(tmpdir(), 'torc-scale-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return {
    keys: 10_000,
    versions: 1_500,
    repetitions: 7,
    inFlight: 128,
    folder,
    signal: new AbortController().signal,
    onLoad: () => () => undefined,
    onCheck: () => undefined,
  }
}

t.test('what costs little among few costs no more among many', async t => {
  const run = runIn(t)
  const checks = await runScale(run)
  const missed = checks.filter(({ ok }) => ok === false)
  if (missed.length > 0) t.comment(renderTable(checks))
  t.strictSame(missed, [])
  const asked = checks.filter(({ ok }) => ok !== undefined).map(({ quantity }) => quantity)
  t.ok(asked.includes('rowsRead'))
  if (existsSync('/proc/self/status')) {
    t.equal(asked.filter(quantity => quantity === 'peakMemory').length, 3, 'of three agents')
  }
  t.strictSame(readdirSync(run.folder), [], 'nothing is left')
})

t.test('a run that is interrupted leaves nothing', async t => {
  const interrupt = new AbortController()
  const run: ScaleRun = {
    ...runIn(t),
    signal: interrupt.signal,
    onLoad: () => done => {
      if (done === 500) interrupt.abort(new Error('interrupted'))
    },
  }
  await t.rejects(runScale(run), /interrupted/)
  t.strictSame(readdirSync(run.folder), [])
})
