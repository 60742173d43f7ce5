import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const scripts = fileURLToPath(new URL('../../../scripts', import.meta.url))

/** Stands in for npm: notes the call, then does what `npm ci` does to node_modules. */
const fakeNpm = `
const { appendFileSync, cpSync, existsSync, mkdirSync, rmSync } = require('node:fs')
appendFileSync('calls', 'npm ' + process.argv.slice(2).join(' ') + ' nodedir=' + (process.env.npm_config_nodedir ?? '') + '\\n')
console.log('npm speaks')
if (existsSync('npm-fails')) process.exit(1)
rmSync('node_modules', { recursive: true, force: true })
mkdirSync('node_modules/typescript/bin', { recursive: true })
cpSync('fake-tsc.cjs', 'node_modules/typescript/bin/tsc')
cpSync('package-lock.json', 'node_modules/.package-lock.json')
`

/** Stands in for the compiler: makes a .js of every .ts. */
const fakeTsc = `
const { appendFileSync, mkdirSync, readdirSync, writeFileSync } = require('node:fs')
appendFileSync('calls', 'tsc\\n')
console.log('tsc speaks')
mkdirSync('packages/one/build/src', { recursive: true })
for (const name of readdirSync('packages/one/src')) {
  for (const ending of ['.js', '.d.ts']) writeFileSync('packages/one/build/src/' + name.slice(0, -3) + ending, '')
}
writeFileSync('packages/one/build/tsconfig.tsbuildinfo', '{}')
`

const lock = (version: string): string =>
  JSON.stringify({
    packages: {
      '': { name: 'root' },
      'node_modules/needed': { version },
      'node_modules/for-another-platform': { version: '1.0.0', optional: true },
    },
  })

class Project {
  readonly root: string

  constructor(t: Test) {
    this.root = t.testdir({
      'package.json': '{"type":"commonjs"}',
      'package-lock.json': lock('1.0.0'),
      'tsconfig.json': '{"references":[{"path":"packages/one"}]}',
      'tsconfig.base.json': '{}',
      'fake-npm.js': fakeNpm,
      'fake-tsc.cjs': fakeTsc,
      calls: '',
      packages: { one: { 'package.json': '{}', 'tsconfig.json': '{}', src: { 'a.ts': '', 'b.ts': '' } } },
    })
    cpSync(scripts, join(this.root, 'scripts'), { recursive: true })
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    writeFileSync(join(this.root, path), content)
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path))
  }

  /** What was called since the last look. */
  calls(): string[] {
    const lines = readFileSync(join(this.root, 'calls'), 'utf8').split('\n').slice(0, -1)
    this.write('calls', '')
    return lines.map(line => line.split(' ')[0] ?? '')
  }

  run(): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return new Promise(resolve => {
      const env = {
        ...process.env,
        npm_execpath: join(this.root, 'fake-npm.js'),
        npm_config_nodedir: undefined,
      }
      const child = spawn(process.execPath, [join(this.root, 'scripts', 'ensure-built.mjs')], { env })
      const said = { stdout: '', stderr: '' }
      for (const stream of ['stdout', 'stderr'] as const) {
        child[stream].setEncoding('utf8').on('data', text => {
          said[stream] += text
        })
      }
      child.on('close', code => resolve({ code, ...said }))
    })
  }
}

t.test('a bare clone is installed and built; after that nothing is done or said', async t => {
  const project = new Project(t)
  const first = await project.run()
  t.match(first, {
    code: 0,
    stdout: '',
    stderr: /installing[\s\S]*npm speaks[\s\S]*compiling[\s\S]*tsc speaks/,
  })
  t.strictSame(project.calls(), ['npm', 'tsc'])
  t.strictSame(await project.run(), { code: 0, stdout: '', stderr: '' })
  t.strictSame(project.calls(), [])
})

t.test('a source that changes, comes or goes is compiled; its old output goes', async t => {
  const project = new Project(t)
  await project.run()
  project.calls()
  project.write('packages/one/src/a.ts', 'export const changed = true')
  t.equal((await project.run()).code, 0)
  t.strictSame(project.calls(), ['tsc'])
  project.write('packages/one/src/c.ts', '')
  await project.run()
  t.ok(project.has('packages/one/build/src/c.js'))
  rmSync(join(project.root, 'packages/one/src/c.ts'))
  await project.run()
  t.strictSame(project.calls(), ['tsc', 'tsc'])
  for (const ending of ['.js', '.d.ts']) t.notOk(project.has(`packages/one/build/src/c${ending}`))
  t.ok(project.has('packages/one/build/src/a.js'))
  rmSync(join(project.root, 'packages/one/build'), { recursive: true })
  await project.run()
  t.strictSame(project.calls(), ['tsc'], 'an output that was removed is made again')
})

t.test('other versions in the lock file are installed, an install by hand counts', async t => {
  const project = new Project(t)
  await project.run()
  project.calls()
  project.write('package-lock.json', lock('2.0.0'))
  await project.run()
  t.strictSame(project.calls(), ['npm', 'tsc'])
  project.write('package-lock.json', lock('3.0.0'))
  project.write('node_modules/.package-lock.json', lock('3.0.0'))
  await project.run()
  t.strictSame(project.calls(), ['tsc'])
  project.write('node_modules/.torc-platform', 'another node')
  await project.run()
  t.match(project.calls(), ['npm'], 'native modules are compiled for the Node that runs')
})

t.test('two at a time: one works, the other waits', async t => {
  const project = new Project(t)
  const runs = await Promise.all([project.run(), project.run(), project.run()])
  t.strictSame(
    runs.map(({ code }) => code),
    [0, 0, 0],
  )
  t.strictSame(project.calls(), ['npm', 'tsc'])
  t.notOk(project.has('build/lock'))
})

t.test('the lock of a process that is gone is taken over', async t => {
  const project = new Project(t)
  // No process has this number: it is above what systems give out.
  project.write('build/lock', '99999999')
  t.equal((await project.run()).code, 0)
  t.strictSame(project.calls(), ['npm', 'tsc'])
  // The number may belong to another process by now: a holder that lives touches its lock.
  project.write('build/lock', String(process.pid))
  const longAgo = new Date('2020-01-01')
  utimesSync(join(project.root, 'build/lock'), longAgo, longAgo)
  project.write('packages/one/src/d.ts', '')
  t.equal((await project.run()).code, 0)
  t.strictSame(project.calls(), ['tsc'])
})

t.test('a failure is said and tried again the next time', async t => {
  const project = new Project(t)
  project.write('npm-fails', '')
  t.match(await project.run(), { code: 1, stdout: '', stderr: /npm ci failed \(status 1\)/ })
  t.notOk(project.has('build/lock'))
  rmSync(join(project.root, 'npm-fails'))
  t.equal((await project.run()).code, 0)
  t.strictSame(project.calls(), ['npm', 'npm', 'tsc'])
})
