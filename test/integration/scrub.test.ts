import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startCluster } from '../harness/processes/cluster.js'
import { runTorcInProcess } from '../harness/processes/in-process-torc.js'
import type { RunResult } from '../harness/processes/run-torc.js'

interface Shown {
  readonly healthy: boolean
  readonly problems: readonly string[]
  readonly agents: readonly { readonly id: string; readonly blocksRepaired: number }[]
  readonly workers: readonly { readonly agent: string; readonly name: string; readonly state: string }[]
}

interface ShownScrub {
  readonly blocksMissing: number
  readonly blocksCorrupt: number
  readonly agents: readonly {
    readonly id: string
    readonly blocks: number
    readonly found: number
    readonly repaired: number
  }[]
}

const cluster = await startCluster()
t.teardown(() => cluster.stop())

function torc(...args: string[]): Promise<RunResult> {
  return runTorcInProcess(args, { variables: cluster.variables })
}

async function json<T>(...args: string[]): Promise<{ readonly code: number | string; readonly shown: T }> {
  const result = await torc(...args, '--json')
  const [shown] = result.records()
  if (shown === undefined) throw new Error(result.stderr)
  return { code: result.code, shown: shown as T }
}

/** The block files of an agent, by path, in order. */
function blockFiles(data: string): string[] {
  return readdirSync(join(data, 'blocks'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}

function flipBit(path: string): void {
  const bytes = readFileSync(path)
  const at = Math.floor(bytes.length / 3)
  bytes[at] = (bytes[at] ?? 0) ^ 4
  writeFileSync(path, bytes)
}

const [first, second, third] = cluster.agents
if (first === undefined || second === undefined || third === undefined) throw new Error('three agents')
const body = randomBytes(6 * 1024 * 1024 + 12_345)

t.test('a bit that flipped and a file that was lost are found and repaired', async t => {
  t.equal((await torc('mb', 'things')).code, 0)
  t.equal((await cluster.torc(['put', 'things/large'], { stdin: body })).code, 0)
  const files = blockFiles(first.data)
  t.equal(files.length, 7)
  const [flipped, lost] = [files[1] ?? '', files[5] ?? '']
  const before = [readFileSync(flipped), readFileSync(lost)]
  flipBit(flipped)
  rmSync(lost)

  const scrubbed = await cluster.torc(['repair', 'scrub', '--now', '--json'])
  t.equal(scrubbed.code, 0)
  const [shown] = scrubbed.records() as unknown as ShownScrub[]
  if (shown === undefined) throw new Error(scrubbed.stderr)
  t.match(shown, { blocksMissing: 0, blocksCorrupt: 0 })
  for (const { id, blocks, found, repaired } of shown.agents) {
    const damaged = id === first.id ? 2 : 0
    t.same({ blocks, found, repaired }, { blocks: 7, found: damaged, repaired: damaged }, id)
  }
  t.same([readFileSync(flipped), readFileSync(lost)], before)
  t.same(blockFiles(first.data), files)

  const status = await json<Shown>('status')
  t.equal(status.code, 0)
  t.match(status.shown, { healthy: true, problems: [] })
  t.equal(status.shown.agents.find(({ id }) => id === first.id)?.blocksRepaired, 2)
  t.same(
    status.shown.workers.filter(({ name }) => name === 'scrub').map(({ agent }) => agent),
    [...cluster.agents.map(({ id }) => id)].sort(),
  )
  t.match(cluster.log('agent-1'), /a damaged block was repaired from another owner/)
})

t.test(
  'what no agent has is reported until it comes back, and the copy that is left is not touched',
  async t => {
    const name = blockFiles(first.data)[2]?.slice(first.data.length) ?? ''
    const whole = readFileSync(join(first.data, name))
    for (const { data } of cluster.agents) flipBit(join(data, name))
    const damaged = readFileSync(join(second.data, name))
    const { code, shown } = await json<ShownScrub>('repair', 'scrub', '--now')
    t.equal(code, 8)
    t.match(shown, { blocksMissing: 0, blocksCorrupt: 3 })
    t.same(readFileSync(join(second.data, name)), damaged)
    const status = await json<Shown>('status')
    t.equal(status.code, 8)
    t.match(status.shown.problems, [
      /^Agent .* has 1 damaged block \(0 lost, 1 corrupt\)/,
      /1 damaged block/,
      /1 damaged block/,
    ])
    // An operator puts the file back on one of them, from a backup say: it is enough for all.
    writeFileSync(join(third.data, name), whole)
    const again = await json<ShownScrub>('repair', 'scrub', '--now')
    t.match(again, { code: 0, shown: { blocksCorrupt: 0 } })
    for (const { data } of cluster.agents) t.same(readFileSync(join(data, name)), whole)
    t.equal((await torc('status')).code, 0)
  },
)

t.test('a crash between a file and its row leaves nothing behind', async t => {
  const stray = 'ab'.repeat(32)
  writeFileSync(join(second.data, 'blocks', 'ab', stray), 'half a write')
  await cluster.killAndRestart('agent-2')
  const files = blockFiles(second.data)
  const { shown } = await json<ShownScrub>('repair', 'scrub', '--now')
  t.ok(shown.agents.every(({ blocks }) => blocks === 7))
  t.same(
    blockFiles(second.data),
    files.filter(file => !file.endsWith(stray)),
  )
  const got = await cluster.torc(['get', 'things/large'])
  t.ok(got.stdout.equals(body))
})
