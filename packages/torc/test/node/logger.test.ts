import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import t from 'tap'

const module = import.meta.resolve('../../src/node/logger.js')

/** What a process writes with a logger of these options. */
function written(options: object): { stdout: string; stderr: string } {
  const script = `
    import { makeLogger } from ${JSON.stringify(module)}
    const log = makeLogger(${JSON.stringify({ name: 'agent-1', level: 'info', descriptor: 1, pretty: false, ...options })})
    log.debug({ key: 'k' }, 'stored')
    log.info({ id: 'agent-1-00000000' }, 'ready')
    process.kill(process.pid, 'SIGKILL')`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, NO_COLOR: '1' },
  })
  return { stdout, stderr }
}

t.test('lines are JSON, and are out before the process dies', async t => {
  const { stdout, stderr } = written({})
  t.match(JSON.parse(stdout), {
    level: 30,
    name: 'agent-1',
    id: 'agent-1-00000000',
    msg: 'ready',
    time: /Z$/,
  })
  t.equal(stderr, '')
  const lines = written({ level: 'debug' }).stdout.trim().split('\n')
  t.match(
    lines.map(line => JSON.parse(line)),
    [{ level: 20, msg: 'stored', key: 'k' }, { level: 30 }],
  )
})

t.test('people read one line each, where the REPL does not write', async t => {
  const { stdout, stderr } = written({ pretty: true, descriptor: 2 })
  t.equal(stdout, '')
  t.match(stderr, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: agent-1: ready \{"id":"agent-1-00000000"\}\n$/)
})

t.test('a log that can not be written ends no process', { skip: !existsSync('/dev/full') }, async t => {
  const script = `
    import { makeLogger } from ${JSON.stringify(module)}
    const log = makeLogger({ name: 'agent-1', level: 'info', descriptor: 1, pretty: false })
    for (let i = 0; i < 30_000; i++) log.info({ i }, 'a line of some length, of which many come')
    const { heapUsed } = process.memoryUsage()
    process.stderr.write('alive ' + (heapUsed < 100e6))`
  const full = openSync('/dev/full', 'w')
  t.teardown(() => closeSync(full))
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    stdio: ['ignore', full, 'pipe'],
    env: { PATH: process.env.PATH },
  })
  t.equal(stderr, 'alive true')
  t.equal(status, 0)
})
