import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { askSecretKey, askYesOrNo } from '../../src/cli/prompt.js'
import { runCli } from '../../src/cli/run-cli.js'
import { MemoryStore } from '../doubles/memory-store.js'
import { TestIo } from '../doubles/test-io.js'

const never = new AbortController().signal

t.test('a secret is asked for and not shown', async t => {
  const io = new TestIo({ terminal: true })
  const answer = askSecretKey(io, 'KEY', never)
  io.stdin.write('top secret\r')
  t.equal(await answer, 'top secret')
  t.equal(io.stderr.text, 'Secret of access key KEY: \n')
  t.equal(io.stdout.text, '')
})

t.test('Ctrl-C, Ctrl-D and an abort are no answer', async t => {
  for (const key of ['\u0003', '\u0004']) {
    const io = new TestIo({ terminal: true })
    const answer = askSecretKey(io, 'KEY', never)
    io.stdin.write(key)
    await t.rejects(answer, { code: 'INTERRUPTED', exitCode: 130 })
  }
  const controller = new AbortController()
  const answer = askYesOrNo(new TestIo({ terminal: true }), 'Sure?', controller.signal)
  controller.abort(new TorcError('INTERRUPTED', 'stop'))
  await t.rejects(answer, { code: 'INTERRUPTED' })
})

t.test('only yes is yes', async t => {
  for (const [typed, yes] of [
    ['y', true],
    ['YES', true],
    ['', false],
    ['no', false],
    ['yep', false],
  ] as const) {
    const io = new TestIo({ terminal: true })
    const answer = askYesOrNo(io, 'Sure?', never)
    io.stdin.write(`${typed}\n`)
    t.equal(await answer, yes, typed)
  }
})

t.test('the CLI asks for the secret that nothing else tells', async t => {
  const variables = { TORC_CONFIG_DIR: t.testdir(), TORC_SECRET_KEY: '' }
  const io = new TestIo({ terminal: true, variables })
  let used: unknown
  const connect = async (options: { credentials?: unknown }): Promise<MemoryStore> => {
    used = options.credentials
    return new MemoryStore()
  }
  const ran = runCli(['ls', '--access-key', 'KEY'], io, { version: '1', connect })
  io.stdin.write('asked\r')
  t.equal(await ran, 0)
  t.same(used, { accessKey: 'KEY', secretKey: 'asked' })
  const piped = new TestIo({ variables })
  t.equal(await runCli(['ls', '--access-key', 'KEY'], piped, { version: '1', connect }), 2)
  t.match(piped.stderr.text, 'TORC_SECRET_KEY')
})
