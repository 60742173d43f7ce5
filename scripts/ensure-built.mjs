// Installs the dependencies and compiles the sources when, and only when, they changed. Plain node, no
// dependency: it is what runs first on a bare clone. Standard output stays clean; what takes time is said
// on standard error.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from './build-lock.mjs'
import { filesBelow } from './files.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const platformStamp = join(root, 'node_modules', '.torc-platform')
const builtStamp = join(root, 'build', 'built')
const lockFile = join(root, 'build', 'lock')
const sourceFolders = ['packages', 'test', 'benchmarks']

/** Brings `node_modules` and every `build` folder up to date. Throws with what to do when it can't. */
export async function ensureBuilt() {
  if (isInstalled() && isBuilt()) return
  await withLock(
    lockFile,
    () => say('another process is installing or building; waiting for it'),
    async () => {
      if (!isInstalled()) await install()
      if (!isBuilt()) await build()
    },
  )
}

// ---- dependencies

/** What a native module is compiled for. */
const platform = `${process.versions.modules} ${process.platform} ${process.arch}`

/**
 * Whether what npm says it installed is what the lock file asks for, and was built for this Node. It counts
 * whoever installed it; npm writes its own record last, so that a broken-off install is no install.
 */
function isInstalled() {
  const installed = readText(join(root, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return false
  const found = JSON.parse(installed).packages
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    // Optional ones are there or not, as the platform has it.
    if (!path.startsWith('node_modules/') || optional) continue
    if (found[path] === undefined || found[path].version !== version) return false
  }
  const builtFor = readText(platformStamp)
  if (builtFor === undefined) writeStamp(platformStamp, platform)
  return builtFor === undefined || builtFor === platform
}

async function install() {
  say('installing dependencies (about a minute and a half the first time) …')
  const started = Date.now()
  const npm = process.env.npm_execpath
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const environment = { ...process.env }
  // With Node's own headers at hand a native module can be compiled without a download.
  const prefix = dirname(dirname(process.execPath))
  if (existsSync(join(prefix, 'include', 'node', 'node.h'))) environment.npm_config_nodedir ??= prefix
  // Whoever runs with NODE_ENV=production wants to build here all the same.
  const failed = await run(command, [...first, 'ci', '--include=dev', '--no-audit', '--no-fund'], environment)
  if (failed !== undefined)
    throw new Error(
      `npm ci failed (${failed}); see its messages above. It needs an npm registry, and a C++ compiler where no binary of better-sqlite3 can be fetched.`,
    )
  writeStamp(platformStamp, platform)
  say(`installed in ${seconds(started)}`)
}

// ---- build

/** Name, size and time of everything that the compiler reads, and that its output is there. */
function sourcesState() {
  const files = sourceFolders.flatMap(folder =>
    ['.ts', 'package.json', 'tsconfig.json'].flatMap(ending => filesBelow(join(root, folder), ending)),
  )
  for (const name of ['tsconfig.json', 'tsconfig.base.json', 'package-lock.json'])
    files.push(join(root, name))
  const state = createHash('sha256')
  for (const file of files.sort()) {
    const { mtimeMs, size } = statSync(file)
    state.update(`${relative(root, file)} ${mtimeMs} ${size}\n`)
  }
  return state.digest('hex')
}

function projects() {
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'))
  return references.map(reference => join(root, reference.path))
}

function isBuilt() {
  if (!projects().every(project => existsSync(join(project, 'build', 'tsconfig.tsbuildinfo')))) return false
  return readText(builtStamp) === sourcesState()
}

async function build() {
  say('compiling …')
  const started = Date.now()
  // Taken before the compiler reads: a source that is saved meanwhile is compiled the next time.
  const state = sourcesState()
  const failed = await run(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'],
    process.env,
  )
  if (failed !== undefined) throw new Error(`the compiler failed (${failed}); see its messages above`)
  for (const project of projects()) removeOrphans(project)
  writeStamp(builtStamp, state)
  say(`compiled in ${seconds(started)}`)
}

/** The compiler leaves the output of a source that was removed or renamed; a test of it would still run. */
function removeOrphans(project) {
  const output = join(project, 'build')
  for (const file of filesBelow(output, '.js', new Set())) {
    const name = relative(output, file).slice(0, -'.js'.length)
    if (existsSync(join(project, `${name}.ts`))) continue
    for (const ending of ['.js', '.js.map', '.d.ts', '.d.ts.map'])
      rmSync(join(output, name + ending), { force: true })
  }
}

// ---- common

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function writeStamp(path, state) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, state)
}

/** Runs a command with its output on standard error; what went wrong, or undefined. */
function run(command, args, env) {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 2, 2] })
    child.on('error', error => resolve(error.message))
    child.on('exit', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `status ${code}`)))
  })
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

function say(text) {
  process.stderr.write(`torc: ${text}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureBuilt().catch(error => {
    say(error.message)
    process.exitCode = 1
  })
}
