import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'
import { runTorcInProcess } from '../harness/processes/in-process-torc.js'
import type { RunResult } from '../harness/processes/run-torc.js'

/** What a command printed under `--json`. */
type Printed = Record<string, unknown>

let cluster: Cluster

t.before(async () => {
  cluster = await startCluster()
})
t.teardown(() => cluster.stop())

const run = (args: readonly string[], stdin = ''): Promise<RunResult> =>
  runTorcInProcess(args, { stdin, variables: cluster.variables })

/** Runs a command that must succeed, and returns what it printed as JSON. */
async function torc(test: Test, args: readonly string[], stdin = ''): Promise<Printed[]> {
  const result = await run([...args, '--json'], stdin)
  test.equal(result.code, 0, `torc ${args.join(' ')}: ${result.stderr}`)
  return result.records()
}

async function one(test: Test, args: readonly string[], stdin = ''): Promise<Printed> {
  const printed = await torc(test, args, stdin)
  test.equal(printed.length, 1, `torc ${args.join(' ')} prints one object`)
  return printed[0] ?? {}
}

/** Runs a command that must fail with an exit status and a code; returns its error. */
async function refused(
  test: Test,
  args: readonly string[],
  expected: {
    readonly status: number
    readonly code: string
    readonly message: RegExp
    readonly hint?: RegExp
  },
): Promise<void> {
  const result = await run([...args, '--json'])
  test.equal(
    result.code,
    expected.status,
    `torc ${args.join(' ')} exits ${expected.status}: ${result.stderr}`,
  )
  const { error } = JSON.parse(result.stderr.trim().split('\n').at(-1) ?? '{}')
  const { code, message, hint = /\S/ } = expected
  test.match(error, { code, message, hint, retryable: false })
}

/** A version of `key` in the bucket of the file. */
const put = (test: Test, key: string, text: string, ...more: string[]): Promise<Printed> =>
  one(test, ['put', `causal/${key}`, ...more], text)

async function textOf(test: Test, key: string, ...more: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(['get', `causal/${key}`, ...more])
  test.equal(code, 0, `get ${key} ${more.join(' ')}: ${stderr}`)
  return stdout.toString()
}

const idOf = ({ versionId }: Printed): string => String(versionId)
const contextOf = ({ context }: Printed): string => String(context)
const idsOf = async (test: Test, name: string): Promise<string[]> =>
  (await torc(test, ['log', name])).map(idOf)

t.test('a bucket', async t => {
  await one(t, ['mb', 'causal'])
})

t.test('siblings: kept, named in every answer, written side by side, resolved', async t => {
  const base = await put(t, 'plan', 'base')
  t.strictSame(base.siblings, [])
  const { context } = await one(t, ['head', 'causal/plan'])
  const left = await put(t, 'plan', 'left', '--context', String(context))
  t.strictSame(left.siblings, [], 'it covers what its writer had read')
  const right = await put(t, 'plan', 'right', '--context', String(context))
  t.strictSame(right.siblings, [idOf(left)])

  const head = await one(t, ['head', 'causal/plan'])
  t.match(head, { versionId: right.versionId, siblings: [left.versionId], isLatest: true })
  const file = join(cluster.folder, 'latest')
  t.match(await one(t, ['get', 'causal/plan', file]), {
    versionId: right.versionId,
    siblings: [left.versionId],
  })
  t.equal(readFileSync(file, 'utf8'), 'right')
  t.match(await one(t, ['ls', 'causal/plan']), { versionId: right.versionId, siblings: [left.versionId] })

  const folder = join(cluster.folder, 'heads')
  const written = await torc(t, ['get', 'causal/plan', '--all-siblings', folder])
  t.strictSame(written.map(idOf), [idOf(right), idOf(left)])
  t.strictSame(readdirSync(folder).sort(), [idOf(left), idOf(right)].sort())
  t.equal(readFileSync(join(folder, idOf(left)), 'utf8'), 'left')
  t.equal(readFileSync(join(folder, idOf(right)), 'utf8'), 'right')
  const tokens = new Set(written.map(contextOf))
  t.equal(tokens.size, 1, 'each line carries the token that resolves all')

  const both = await put(t, 'plan', 'left and right', '--context', [...tokens][0] ?? '')
  t.strictSame(both.siblings, [])
  t.equal(await textOf(t, 'plan'), 'left and right')
  t.strictSame(await idsOf(t, 'causal/plan'), [both, right, left, base].map(idOf), 'nothing was lost')

  const history = await torc(t, ['log', 'causal/plan'])
  t.match(history, [
    { kind: 'object', size: 14, seq: 3, isLatest: true, isHead: true },
    { seq: 2, isLatest: false, isHead: false, parents: [idOf(base)] },
    { seq: 2, isLatest: false, isHead: false, parents: [idOf(base)] },
    { seq: 1, parents: [] },
  ])
  t.strictSame(new Set(history[0]?.parents as string[]), new Set([idOf(left), idOf(right)]))
  const agents = new Set(cluster.agents.map(({ id }) => id))
  for (const { mintedBy } of history) t.ok(agents.has(String(mintedBy)), `minted by ${mintedBy}`)
})

t.test('log --graph draws it', async t => {
  const { code, stdout } = await run(['log', 'causal/plan', '--graph'])
  t.equal(code, 0)
  const lines = stdout.toString().trimEnd().split('\n')
  const ids = await idsOf(t, 'causal/plan')
  const beside = ids.map(id => `${id.slice(0, 6)}  TIME  `)
  const shown = lines.map(line => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'TIME'))
  const places = ['*    ', '* |  ', '| *  ', '*    ']
  const nodes = shown.filter(line => line.includes('TIME'))
  t.equal(nodes.length, 4)
  nodes.forEach((line, index) => {
    t.ok(line.startsWith(`${places[index]}${beside[index]}`), line)
  })
  t.strictSame(
    lines.filter(line => !/\d/.test(line)),
    ['|\\', '|/'],
  )
  t.match(lines[0], / +14 B {2}agent-\d-\w+ {2}\[latest\]$/)
  const limited = await run(['log', 'causal/plan', '--graph', '--limit', '1'])
  t.match(limited.stdout.toString(), /^\* .*\n\|\\\n\| \| .*older versions are not shown\n$/)
})

t.test('a plain PUT covers what is there; one with an old context stands beside it', async t => {
  const first = await put(t, 'plain', 'one')
  const second = await put(t, 'plain', 'two')
  t.strictSame(second.siblings, [])
  const third = await put(t, 'plain', 'three', '--context', contextOf(first))
  t.strictSame(third.siblings, [idOf(second)], 'the second was not seen by its writer')
  const fourth = await put(t, 'plain', 'four')
  t.strictSame(fourth.siblings, [], 'without a context it covers both')
  t.equal((await torc(t, ['log', 'causal/plain'])).length, 4)
})

t.test('DELETE of a version, of a key, by marker, and undelete', async t => {
  const first = await put(t, 'gone', 'one')
  const second = await put(t, 'gone', 'two')
  const third = await put(t, 'gone', 'three')
  const removed = await one(t, ['rm', 'causal/gone', '--version-id', idOf(third).slice(0, 12)])
  t.match(removed, { removed: [idOf(third)], marker: null })
  t.equal(await textOf(t, 'gone'), 'two', 'the version below is current again')

  const { marker } = await one(t, ['rm', 'causal/gone', '--marker'])
  await refused(t, ['get', 'causal/gone', join(cluster.folder, 'none')], {
    ...{ status: 3, code: 'KEY_NOT_FOUND', message: /deleted/, hint: new RegExp(String(marker)) },
  })
  t.strictSame(await torc(t, ['ls', 'causal/gone']), [], 'not listed')
  t.strictSame(await idsOf(t, 'causal/gone'), [String(marker), idOf(second), idOf(first)])
  const graph = (await run(['log', 'causal/gone', '--graph'])).stdout.toString()
  t.match(graph, /^x {2}\S+ {2}.* deleted {2}.*\[latest\]\n\* .*\n\* .*\n$/)
  t.equal(await textOf(t, 'gone', '--version-id', idOf(second)), 'two', 'its versions can be read')

  await one(t, ['rm', 'causal/gone', '--version-id', String(marker)])
  t.equal(await textOf(t, 'gone'), 'two', 'removing the marker brings it back')
  t.strictSame(
    new Set((await one(t, ['rm', 'causal/gone'])).removed as string[]),
    new Set([idOf(first), idOf(second)]),
  )
  await refused(t, ['log', 'causal/gone'], { status: 3, code: 'KEY_NOT_FOUND', message: /causal\/gone/ })
  t.strictSame((await put(t, 'gone', 'again')).siblings, [], 'and it can be made again')
  t.equal(await textOf(t, 'gone'), 'again')
})

t.test('a marker beside a version: both are named, and resolved together', async t => {
  const base = await put(t, 'torn', 'base')
  const { marker } = await one(t, ['rm', 'causal/torn', '--marker', '--context', contextOf(base)])
  const kept = await put(t, 'torn', 'kept', '--context', contextOf(base))
  t.strictSame(kept.siblings, [marker])
  await one(t, ['rm', 'causal/torn', '--marker', '--context', contextOf(kept)])
  const last = await put(t, 'torn', 'last', '--context', contextOf(kept))
  const late = await one(t, ['rm', 'causal/torn', '--marker', '--context', contextOf(last)])
  const folder = join(cluster.folder, 'torn')
  const written = await torc(t, ['get', 'causal/torn', '--all-siblings', folder])
  t.strictSame(
    readdirSync(folder),
    written.flatMap(({ kind, versionId }) => (kind === 'object' ? versionId : [])),
  )
  t.equal(written[0]?.versionId, late.marker, 'the latest says that it is deleted')
  t.equal(new Set(written.map(contextOf)).size, 1)
  const resolved = await put(t, 'torn', 'resolved', '--context', contextOf(written[0] ?? {}))
  t.strictSame(resolved.siblings, [])
})

t.test('a DELETE with a context leaves what was written since', async t => {
  const first = await put(t, 'raced', 'one')
  const second = await put(t, 'raced', 'two')
  t.strictSame((await one(t, ['rm', 'causal/raced', '--context', contextOf(first)])).removed, [idOf(first)])
  t.strictSame(await idsOf(t, 'causal/raced'), [idOf(second)])
})

t.test('cp and mv, from old versions too, and no data moves', async t => {
  const large = 'x'.repeat(300_000)
  const old = await put(t, 'from', large, '--content-type', 'text/x', '--meta', 'who=me')
  await put(t, 'from', 'small')
  const copy = await one(t, ['cp', 'causal/from', 'causal/to', '--version-id', idOf(old).slice(0, 10)])
  t.match(copy, { sourceVersionId: idOf(old), size: 300_000, sha256: old.sha256, sentBytes: 0, siblings: [] })
  t.match(await one(t, ['head', 'causal/to']), { contentType: 'text/x', metadata: [['who', 'me']] })
  t.equal(await textOf(t, 'to'), large)

  await one(t, ['cp', 'causal/from', 'causal/from', '--version-id', idOf(old)])
  t.equal(await textOf(t, 'from'), large, 'an old version is the latest again')
  t.equal((await idsOf(t, 'causal/from')).length, 3, 'and none is gone')

  const first = await put(t, 'away', 'one')
  const second = await put(t, 'away', 'two')
  const moved = await one(t, ['mv', 'causal/away', 'causal/there', '--version-id', idOf(first)])
  t.strictSame([moved.sourceVersionId, moved.removed], [idOf(first), [idOf(first)]])
  t.equal(await textOf(t, 'there'), 'one')
  t.strictSame(await idsOf(t, 'causal/away'), [idOf(second)], 'what was not moved is still there')
  await one(t, ['mv', 'causal/away', 'causal/there'])
  t.equal(await textOf(t, 'there'), 'two')
  t.equal((await idsOf(t, 'causal/there')).length, 2)
  await refused(t, ['head', 'causal/away'], { status: 3, code: 'KEY_NOT_FOUND', message: /away/ })
})

t.test('tags belong to a version, and can be changed without making one', async t => {
  const first = await put(t, 'tagged', 'one')
  t.match(await one(t, ['tag', 'set', 'causal/tagged', 'place=Kiel', 'mood=calm']), {
    tags: { place: 'Kiel', mood: 'calm' },
  })
  const second = await put(t, 'tagged', 'two')
  t.strictSame((await one(t, ['tag', 'show', 'causal/tagged'])).tags, {}, 'a new version has none')
  await one(t, ['tag', 'rm', 'causal/tagged', 'mood', '--version-id', idOf(first)])
  t.match(await one(t, ['tag', 'show', 'causal/tagged', '--version-id', idOf(first)]), {
    ...{ versionId: idOf(first), tags: { place: 'Kiel' } },
  })
  t.strictSame(await idsOf(t, 'causal/tagged'), [idOf(second), idOf(first)])
})

/** A moment after all that was done before and before all that is done after, as `--at` takes it. */
async function moment(test: Test): Promise<string> {
  const tick = async (): Promise<number> => Date.parse(String((await put(test, 'clock', 'tick')).createdAt))
  const at = (await tick()) + 1
  while ((await tick()) <= at);
  return new Date(at).toISOString()
}

t.test('time travel: get, ls and ls --versions as of then; restore only adds', async t => {
  await one(t, ['mb', 'past'])
  const inPast = (key: string, text: string): Promise<Printed> => one(t, ['put', `past/${key}`], text)
  const kept = await inPast('d/kept', 'same')
  const changed = await inPast('d/changed', 'before')
  await inPast('d/deleted', 'was there')
  await inPast('other', 'before')
  const then = await moment(t)
  await inPast('d/changed', 'after')
  await inPast('d/kept', 'same')
  await inPast('d/new', 'not then')
  await inPast('other', 'after')
  await one(t, ['rm', 'past/d/deleted', '--marker'])

  const read = await run(['get', 'past/d/changed', '--at', then])
  t.equal(read.stdout.toString(), 'before', read.stderr)
  await refused(t, ['head', 'past/d/new', '--at', then], {
    status: 3,
    code: 'KEY_NOT_FOUND',
    message: /d\/new/,
  })
  const keysAt = async (...at: string[]): Promise<unknown[]> =>
    (await torc(t, ['ls', 'past', '--recursive', ...at])).map(({ key }) => key)
  t.strictSame(await keysAt('--at', then), ['d/changed', 'd/deleted', 'd/kept', 'other'])
  t.strictSame(await keysAt(), ['d/changed', 'd/kept', 'd/new', 'other'])
  const versions = await torc(t, ['ls', 'past/d/', '--versions', '--recursive', '--at', then])
  t.strictSame(
    versions.map(({ key, isLatest }) => [key, isLatest]),
    [
      ['d/changed', true],
      ['d/deleted', true],
      ['d/kept', true],
    ],
  )
  t.equal(idOf(versions[0] ?? {}), idOf(changed))

  const before = (await torc(t, ['ls', 'past', '--versions', '--recursive'])).map(idOf)
  const wanted = [
    { key: 'd/changed', action: 'restored', from: idOf(changed) },
    { key: 'd/deleted', action: 'restored' },
    { key: 'd/new', action: 'deleted', from: null },
  ]
  t.match(await torc(t, ['restore', 'past/d/', '--at', then, '--dry-run']), wanted)
  t.strictSame(
    (await torc(t, ['ls', 'past', '--versions', '--recursive'])).map(idOf),
    before,
    'nothing was done',
  )

  const restored = await torc(t, ['restore', 'past/d/', '--at', then])
  t.match(restored, wanted)
  t.equal(restored.length, wanted.length, 'what has the content of then is left alone')
  t.strictSame(await keysAt(), ['d/changed', 'd/deleted', 'd/kept', 'other'])
  t.equal((await run(['get', 'past/d/changed'])).stdout.toString(), 'before')
  t.equal((await run(['get', 'past/other'])).stdout.toString(), 'after', 'only below the prefix')
  const after = new Set((await torc(t, ['ls', 'past', '--versions', '--recursive'])).map(idOf))
  t.ok(
    before.every(id => after.has(id)),
    'all versions of before are there',
  )
  t.ok(after.has(idOf(kept)))
  t.equal(after.size, before.length + 3)
  t.strictSame(await torc(t, ['restore', 'past/d/', '--at', then]), [], 'done twice it does nothing')
})

t.test('policies: set with a PUT and later; a pruned version is said to be pruned', async t => {
  const first = await put(t, 'short', 'one')
  await put(t, 'short', 'two', '--policy', 'global:2')
  t.match(await one(t, ['policy', 'show', 'causal/short']), {
    ...{
      policy: 'global:2',
      from: 'object',
      own: 'global:2',
      versions: 2,
      next: [{ versionId: idOf(first) }],
    },
  })
  await put(t, 'short', 'three')
  t.equal((await idsOf(t, 'causal/short')).length, 2)
  await refused(t, ['head', 'causal/short', '--version-id', idOf(first)], {
    ...{ status: 3, code: 'VERSION_REMOVED', message: /pruned/, hint: /torc log/ },
  })
  const graph = (await run(['log', 'causal/short', '--graph'])).stdout.toString()
  t.match(graph, /^\* .*\n\* .*\n: +older versions are gone\n$/)
  await one(t, ['rm', 'causal/short', '--marker'])
  t.equal((await idsOf(t, 'causal/short')).length, 2, 'a delete at the cap works')
  await one(t, ['policy', 'set', 'all', 'causal/short'])
  await put(t, 'short', 'four')
  t.equal((await idsOf(t, 'causal/short')).length, 3)

  const purged = await put(t, 'purged', 'one')
  await put(t, 'purged', 'two')
  await one(t, ['rm', 'causal/purged', '--version-id', idOf(purged)])
  await refused(t, ['head', 'causal/purged', '--version-id', idOf(purged)], {
    ...{ status: 3, code: 'VERSION_REMOVED', message: /purged/ },
  })
})

t.test('bad input', async t => {
  const file = join(cluster.folder, 'body')
  writeFileSync(file, 'body')
  const mine = await put(t, 'mine', 'one')
  await put(t, 'theirs', 'one')
  const bad = { status: 2, code: 'BAD_REQUEST' }
  for (const token of ['nonsense', `${contextOf(mine)}AAAA`, contextOf(mine).slice(0, -4)]) {
    await refused(t, ['put', 'causal/mine', file, '--context', token], {
      ...bad,
      message: /context/,
      hint: /`context`.*head/,
    })
  }
  const otherKey = { ...bad, message: /another key/ }
  await refused(t, ['put', 'causal/theirs', file, '--context', contextOf(mine)], otherKey)
  await refused(t, ['rm', 'causal/theirs', '--context', contextOf(mine)], otherKey)
  await refused(t, ['cp', 'causal/mine', 'causal/theirs', '--context', contextOf(mine)], otherKey)
  t.equal((await idsOf(t, 'causal/theirs')).length, 1, 'nothing was written or removed')

  const never = { status: 3, code: 'VERSION_NOT_FOUND', message: /zzzzzz/, hint: /versions/ }
  await refused(t, ['get', 'causal/mine', join(cluster.folder, 'x'), '--version-id', 'zzzzzz'], never)
  await refused(t, ['rm', 'causal/mine', '--version-id', 'zzzzzz'], never)
  await refused(t, ['cp', 'causal/mine', 'causal/copy', '--version-id', 'zzzzzz'], never)

  for (const policy of ['sometimes', 'global', 'global:0', 'global:-1', 'dynamic:x', 'global:1000001']) {
    await refused(t, ['policy', 'set', policy, 'causal/mine'], {
      ...bad,
      message: /policy/,
      hint: /global:N/,
    })
  }
  await refused(t, ['put', 'causal/mine', file, '--policy', 'global:5,age:30d'], { ...bad, message: /comma/ })
  await refused(t, ['mb', 'nonsense', '--policy', 'most'], { ...bad, message: /policy/ })
  await refused(t, ['head', 'nonsense/k'], { status: 3, code: 'BUCKET_NOT_FOUND', message: /nonsense/ })

  const future = { ...bad, message: /future/ }
  const soon = new Date(Date.now() + 30_000).toISOString()
  for (const at of ['2999-01-01', soon]) {
    await refused(t, ['get', 'causal/mine', join(cluster.folder, 'x'), '--at', at], future)
    await refused(t, ['ls', 'causal', '--at', at], future)
    await refused(t, ['restore', 'causal', '--at', at], future)
  }
  await refused(t, ['ls', 'causal', '--at', 'yesterday'], {
    status: 2,
    code: 'CONFIG',
    message: /--at/,
    hint: /10m/,
  })
  await refused(t, ['restore', 'causal'], { ...bad, message: /--at/ })
  t.equal((await idsOf(t, 'causal/mine')).length, 1, 'nothing of that wrote anything')
})
