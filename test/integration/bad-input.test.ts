import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'
import type { RunOptions } from '../harness/processes/run-torc.js'

interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: RegExp
  readonly hint: RegExp
}

/** Runs a command under `--json` and compares its exit status and its one error line. */
async function refused(
  test: Test,
  cluster: Cluster,
  args: readonly string[],
  expected: Refusal,
  options: Omit<RunOptions, 'configDirectory'> = {},
): Promise<void> {
  const result = await cluster.torc([...args, '--json'], options)
  test.equal(result.code, expected.status, `torc ${args.join(' ')} exits ${expected.status}`)
  const { error } = JSON.parse(result.stderr.trim().split('\n').at(-1) ?? '{}')
  test.match(error, { code: expected.code, message: expected.message, hint: expected.hint })
  test.type(error.retryable, 'boolean')
}

t.test('bad input gets its code, message, hint and exit status', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'torc-bad-input-'))
  const root = join(folder, 'root')
  mkdirSync(root)
  writeFileSync(join(folder, 'secret.txt'), 'outside')
  writeFileSync(join(root, 'inside.txt'), 'inside')
  symlinkSync(join(folder, 'secret.txt'), join(root, 'leak.txt'))
  symlinkSync(folder, join(root, 'up'))
  const cluster = await startCluster({ sharedRoots: { root } })
  t.teardown(async () => {
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  t.equal((await cluster.torc(['mb', 'here'])).code, 0)
  t.equal((await cluster.torc(['put', 'here/k', join(root, 'inside.txt')])).code, 0)

  await t.test('names', async t => {
    const noBucket = { status: 3, code: 'BUCKET_NOT_FOUND', message: /nowhere/, hint: /torc mb/ }
    await refused(t, cluster, ['put', 'nowhere/k', join(root, 'inside.txt')], noBucket)
    await refused(t, cluster, ['ls', 'nowhere'], noBucket)
    await refused(t, cluster, ['get', 'here/none', join(folder, 'out')], {
      status: 3,
      code: 'KEY_NOT_FOUND',
      message: /none/,
      hint: /torc ls/,
    })
    await refused(t, cluster, ['get', 'here/k', join(folder, 'out'), '--version-id', 'zzzz'], {
      status: 3,
      code: 'VERSION_NOT_FOUND',
      message: /zzzz/,
      hint: /versions/,
    })
    await refused(t, cluster, ['mb', 'UPPER'], {
      status: 2,
      code: 'BAD_REQUEST',
      message: /UPPER/,
      hint: /lower-case/,
    })
    await refused(t, cluster, ['mb', 'here'], {
      status: 6,
      code: 'BUCKET_EXISTS',
      message: /here/,
      hint: /bucket/,
    })
    await refused(t, cluster, ['rb', 'here'], {
      status: 6,
      code: 'BUCKET_NOT_EMPTY',
      message: /here/,
      hint: /--force/,
    })
    await refused(t, cluster, ['put', `here/${'k'.repeat(1025)}`, join(root, 'inside.txt')], {
      status: 2,
      code: 'BAD_REQUEST',
      message: /key/,
      hint: /1024 bytes/,
    })
    await refused(t, cluster, ['put', 'here/k', join(root, 'inside.txt'), '--context', 'nonsense'], {
      status: 2,
      code: 'BAD_REQUEST',
      message: /context/,
      hint: /./,
    })
  })

  await t.test('files', async t => {
    await refused(t, cluster, ['put', 'here/x', join(folder, 'missing')], {
      status: 3,
      code: 'FILE_NOT_FOUND',
      message: /missing/,
      hint: /path/,
    })
    await refused(t, cluster, ['put', 'here/x', root], {
      status: 2,
      code: 'NOT_A_FILE',
      message: /root/,
      hint: /--recursive/,
    })
  })

  await t.test('shared paths', async t => {
    const denied = { status: 4, code: 'PATH_DENIED', message: /./, hint: /--shared-root/ }
    await refused(t, cluster, ['put', 'here/x', join(folder, 'secret.txt'), '--shared'], denied)
    await refused(t, cluster, ['put', 'here/x', join(root, 'leak.txt'), '--shared'], denied)
    await refused(t, cluster, ['put', 'here/x', join(root, 'up', 'secret.txt'), '--shared'], denied)
    await refused(t, cluster, ['get', 'here/k', join(root, 'up', 'written.txt'), '--shared'], denied)
    await refused(t, cluster, ['get', 'here/k', join(folder, 'written.txt'), '--shared'], denied)
    await refused(t, cluster, ['put', 'here/x', join(root, 'none.txt'), '--shared'], {
      status: 3,
      code: 'FILE_NOT_FOUND',
      message: /none/,
      hint: /path/,
    })
    await refused(t, cluster, ['put', 'here/x', root, '--shared'], {
      status: 2,
      code: 'NOT_A_FILE',
      message: /./,
      hint: /--recursive/,
    })
    t.equal(readFileSync(join(folder, 'secret.txt'), 'utf8'), 'outside')
    t.equal((await cluster.torc(['get', 'here/k', join(root, 'out.txt'), '--shared'])).code, 0)
    t.equal(readFileSync(join(root, 'out.txt'), 'utf8'), 'inside')
  })

  await t.test('who may not come in', async t => {
    const { accessKey } = JSON.parse(readFileSync(cluster.credentials, 'utf8'))
    const wrong = join(folder, 'wrong.json')
    writeFileSync(
      wrong,
      JSON.stringify({ accessKey, secretKey: Buffer.alloc(32, 7).toString('base64url') }),
      { mode: 0o600 },
    )
    const denied = { status: 4, code: 'DENIED', message: /./, hint: /secret|access key/ }
    await refused(t, cluster, ['ls'], denied, { variables: { TORC_CREDENTIALS: wrong } })
    writeFileSync(wrong, JSON.stringify({ accessKey: 'TORCAAAAAAAAAAAAAAAA', secretKey: 'x' }), {
      mode: 0o600,
    })
    await refused(t, cluster, ['ls'], denied, { variables: { TORC_CREDENTIALS: wrong } })
  })

  await t.test('usage', async t => {
    t.equal((await cluster.torc(['frobnicate'])).code, 2)
    t.equal((await cluster.torc(['ls', '--no-such-option'])).code, 2)
    t.equal((await cluster.torc(['get', 'here/k', '--json'])).code, 2)
  })

  await t.test('a server that is not there', async t => {
    await cluster.end()
    await refused(t, cluster, ['ls', '--timeout', '3000'], {
      status: 5,
      code: 'UNREACHABLE',
      message: /127\.0\.0\.1/,
      hint: /npm start/,
    })
  })
})
