import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { runCli } from '../../src/cli/run-cli.js'
import { defineCommand } from '../../src/commands/command.js'
import { run } from '../doubles/run.js'
import { TestIo } from '../doubles/test-io.js'

t.test('helps and version', async t => {
  const overview = await run(['--help'])
  t.equal(overview.code, 0)
  for (const word of [
    'Usage: torc COMMAND',
    'put BUCKET/KEY [FILE|-]',
    'bucket show BUCKET',
    '--server',
    '$TORC_SERVER',
    '--no-progress',
  ]) {
    t.match(overview.out, word)
  }
  t.notMatch(overview.out, 'complete ', 'hidden commands are not shown')
  const put = await run(['put', '-h'])
  t.match(put.out, 'torc put --recursive DIR BUCKET[/PREFIX]')
  t.match(put.out, 'Examples:')
  t.match((await run(['layout', '--help'])).out, 'layout init')
  for (const line of put.out.split('\n')) t.ok(line.length <= 100, 'lines fit')
  t.same([(await run(['--version'])).out, (await run(['--version'])).code], ['1.2.3\n', 0])
})

t.test('usage errors exit 2 and say what to do', async t => {
  for (const [argv, said, hint] of [
    [[], 'no command', 'torc --help'],
    [['puut', 'x'], 'no command "puut"', 'Did you mean `torc put`?'],
    [['bucket'], 'name what to do', 'torc bucket show'],
    [['put'], 'BUCKET/KEY is missing', 'Usage: torc put'],
    [['put', 'a/b', '-', 'c'], '"c" is one argument too many', 'Usage'],
    [['put', 'a/b', '--nope'], 'unknown option --nope', 'torc put --help'],
    [['ls', '--limit'], '--limit needs a value', 'torc ls --help'],
    [['ls', 'a', '--limit', '1e3'], '--limit must be a whole number', ''],
    [['completion', 'ksh'], 'must be one of bash, zsh, fish', ''],
    [['put', 'a/b', '--meta', 'x'], '--meta must be NAME=VALUE', ''],
    [['get', 'a/b', '--range', '5-2'], '--range must be', 'included'],
    [['get', 'a'], 'names no key', 'BUCKET/KEY'],
    [['ls', 'Bad_Bucket'], "not a bucket's name", 'lower-case'],
    [['ls', '--profile', 'none'], 'no profile none', 'torc up'],
    [['get', 'a/b', '--json'], 'get --json needs a FILE', ''],
    [['shell', '-c', 'ls', '-f', 'x'], '-c or -f, not both', ''],
  ] as const) {
    const { code, err, out } = await run(argv)
    t.equal(code, 2, argv.join(' '))
    t.match(err, said)
    t.ok(err.includes(hint), hint)
    t.equal(out, '')
  }
})

t.test('errors under --json are one object, with the exit status of their code', async t => {
  const { code, io, out } = await run(['head', 'b/k', '--json'])
  t.equal(code, 3)
  t.equal(out, '')
  t.same(io.errors, [
    {
      error: {
        code: 'BUCKET_NOT_FOUND',
        message: 'there is no bucket b',
        hint: 'List the buckets with `torc ls`, or create it with `torc mb BUCKET`.',
        retryable: false,
      },
    },
  ])
  const usage = await run(['--json', 'put'])
  t.equal(usage.code, 2)
  t.equal(usage.io.errors[0]?.error.code, 'CONFIG')
})

t.test('credentials are needed, and come from the environment alone here', async t => {
  const io = new TestIo({
    variables: { TORC_CONFIG_DIR: t.testdir(), TORC_ACCESS_KEY: '', TORC_SECRET_KEY: '' },
  })
  t.equal(await runCli(['ls'], io, { version: '1' }), 2)
  t.match(io.stderr.text, /no access key is known[\s\S]*torc up/)
})

t.test('extra commands get their options typed, from flag and environment', async t => {
  const seen: unknown[] = []
  const extra = defineCommand({
    name: 'up',
    describe: 'Start',
    arguments: { what: { label: 'WHAT', kind: 'word', required: false, doc: 'what' } },
    options: {
      agents: { type: 'integer', default: 3, doc: 'agents' },
      data: { type: 'path', default: './torc-data', doc: 'data' },
      sharedRoot: { type: 'repeated', doc: 'roots' },
      httpPort: { type: 'integer', doc: 'port' },
    },
    examples: [],
    only: 'cli',
    async run({ options, arguments: given, settings }) {
      seen.push(options, given, settings.server)
      return 8
    },
  })
  const argv = [
    'up',
    '007',
    '--agents',
    '4',
    '--shared-root',
    'a=/a',
    '--shared-root',
    'b=/b,c',
    '--server',
    'x:1,y:2',
  ]
  const { code } = await run(argv, {
    extraCommands: [extra],
    variables: { TORC_DATA: '/d', TORC_AGENTS: '9' },
  })
  t.equal(code, 8)
  t.same(seen, [
    { agents: 4, data: '/d', sharedRoot: ['a=/a', 'b=/b,c'], httpPort: undefined },
    { what: '007' },
    ['x:1', 'y:2'],
  ])
  t.match((await run(['--help'], { extraCommands: [extra] })).out, 'up [WHAT]')
})

t.test('an interrupt cancels the command and exits 130', async t => {
  const io = new TestIo()
  const waiting = defineCommand({
    name: 'wait',
    describe: 'Wait',
    arguments: {},
    options: {},
    examples: [],
    run: ({ signal }) =>
      new Promise<undefined>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new TorcError('CANCELLED', 'cancelled')))
        io.interrupt()
      }),
  })
  const { code, err } = await run(['wait'], { io, extraCommands: [waiting] })
  t.equal(code, 130)
  t.match(err, 'interrupted')
  t.equal(io.interruptible, false, 'nothing is left behind')
})

t.test('a second interrupt ends a command that does not listen', async t => {
  const io = new TestIo()
  const deaf = defineCommand({
    name: 'deaf',
    describe: 'Ignore everything',
    arguments: {},
    options: {},
    examples: [],
    run: () =>
      new Promise<undefined>(() => {
        io.interrupt()
        io.interrupt()
      }),
  })
  t.equal((await run(['deaf'], { io, extraCommands: [deaf] })).code, 130)
})

t.test('a command may take the interrupt and end in its own way', async t => {
  const io = new TestIo()
  const server = defineCommand({
    name: 'serve',
    describe: 'Serve',
    arguments: {},
    options: {},
    examples: [],
    run: ({ takeInterrupts }) =>
      new Promise<number>(resolve => {
        const release = takeInterrupts(() => {
          release()
          resolve(0)
        })
        io.interrupt()
      }),
  })
  t.equal((await run(['serve'], { io, extraCommands: [server] })).code, 0)
})

t.test('a reader that leaves ends the run quietly', async t => {
  const io = new TestIo()
  const chatty = defineCommand({
    name: 'chatty',
    describe: 'Talk',
    arguments: {},
    options: {},
    examples: [],
    run: ({ signal }) =>
      new Promise<undefined>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        io.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      }),
  })
  const { code, err } = await run(['chatty'], { io, extraCommands: [chatty] })
  t.equal(code, 0)
  t.equal(err, '')
})

t.test('a defect is an INTERNAL error, not a crash', async t => {
  const broken = defineCommand({
    name: 'broken',
    describe: 'Break',
    arguments: {},
    options: {},
    examples: [],
    async run() {
      throw new TypeError('x is not a function')
    },
  })
  const { code, io } = await run(['broken', '--json'], { extraCommands: [broken] })
  t.equal(code, 1)
  t.equal(io.errors[0]?.error.code, 'INTERNAL')
})

t.test('completion scripts name the program and ask it for candidates', async t => {
  for (const shell of ['bash', 'zsh', 'fish'])
    t.match((await run(['completion', shell])).out, 'torc complete --')
  t.equal((await run(['complete', '--', 'layout', 's'])).out, 'show\n')
  t.equal((await run(['complete', '--', 'pu'])).out, 'put\n')
})
