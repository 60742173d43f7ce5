import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { faultKinds } from './faults.js'
import { parseSeed, scenarioOf } from './scenario.js'

const main = fileURLToPath(new URL('../main.js', import.meta.url))

t.test('a seed is a number of 64 bits', async t => {
  t.equal(parseSeed('17'), 17n)
  t.equal(parseSeed('0xffffffffffffffff'), 2n ** 64n - 1n)
  for (const text of ['', '-1', 'seed-1', '1.5', '18446744073709551616'])
    t.equal(parseSeed(text), undefined, text)
})

t.test('scenarios have all faults, and one thing at most that takes data', async t => {
  const scenarios = Array.from({ length: 200 }, (_, seed) => scenarioOf(BigInt(seed)))
  for (const { faults = [], destroys } of scenarios) {
    t.same(faults.slice(0, faultKinds.length), faultKinds)
    t.ok(faults.length - faultKinds.length + Number(destroys) <= 1)
  }
  t.same(scenarioOf(5n), scenarioOf(5n))
  for (const name of ['sloppy', 'layouts', 'load', 'clients', 'faultsAtOnce'] as const)
    t.ok(new Set(scenarios.map(scenario => scenario[name])).size > 1, `${name} is drawn`)
})

t.test('one seed is one run, whatever the time zone, the language and the folder', async t => {
  const run = async (cwd: string, env: NodeJS.ProcessEnv): Promise<string> => {
    const args = [main, '--seed', '0xfeedfacecafebeef', '--seconds', '3']
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd,
      env: { ...process.env, ...env },
    })
    return /"traceHash": "(\w+)"/.exec(stdout)?.[1] ?? stdout
  }
  const [here, there] = await Promise.all([
    run(process.cwd(), { TZ: 'America/Adak', LANG: 'C', LC_ALL: 'C' }),
    run(tmpdir(), { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }),
  ])
  t.match(here, /^[0-9a-f]{64}$/)
  t.equal(there, here)
})
