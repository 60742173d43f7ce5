import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { batchCases, batchesOf, runBatch, seedMax } from './batches.js'
import { readOptions } from './options.js'

async function program(...args: string[]): Promise<{ status: number; output: string }> {
  const main = fileURLToPath(new URL('main.js', import.meta.url))
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (output += data))
  const [status] = await once(child, 'close')
  return { status, output }
}

t.test('workers share the cases; the seeds do not depend on how many there are', async t => {
  const all = [...batchesOf(7, 2500)]
  t.same(all, [
    { seed: 7, cases: batchCases },
    { seed: 8, cases: batchCases },
    { seed: 9, cases: 500 },
  ])
  const shared = [...batchesOf(7, 2500, 0, 2), ...batchesOf(7, 2500, 1, 2)]
  t.same(
    shared.sort((a, b) => a.seed - b.seed),
    all,
  )
  t.same([...batchesOf(seedMax, 1001)].at(-1), { seed: 0, cases: 1 })
  t.same([...batchesOf(1, 10, 1, 2)], [])
})

t.test('a case that fails is told, and its seed fails again', async t => {
  const batch = { seed: 3, cases: 50 }
  const check = ([history]: readonly [readonly unknown[], ...unknown[]]) => {
    if (history.length > 3) throw new Error('more than three steps')
  }
  const failure = runBatch(batch, check)
  t.match(failure, /more than three steps/)
  t.match(failure, /"kind"/, 'with the steps')
  const found = (text: string | undefined) => /^Counterexample.*/m.exec(text ?? '')?.[0]
  t.equal(found(runBatch(batch, check)), found(failure))
  t.ok(found(failure))
  t.equal(
    runBatch(batch, () => {}),
    undefined,
  )
})

t.test('options are checked', async t => {
  t.same(readOptions([], 5), { runs: 100_000, seed: 5, jobs: 2 })
  t.same(readOptions(['--runs', '10', '--seed', '0', '--jobs=1'], 5), { runs: 10, seed: 0, jobs: 1 })
  for (const wrong of [['--runs', '0'], ['--runs', '1.5'], ['--seed', '-1'], ['--seed=x'], ['--jobs=0']]) {
    t.throws(() => readOptions(wrong, 5), wrong.join(' '))
  }
  const { status, output } = await program('--run', '5')
  t.equal(status, 2)
  t.match(output, /Usage/)
})

t.test('the program runs the cases that it was asked for and says so', async t => {
  const { status, output } = await program('--runs', '30', '--seed', '11')
  t.equal(status, 0)
  t.match(output, /30 cases held, 0 failed, seed 11/)
})
