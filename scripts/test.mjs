// Runs the compiled tests with tap, says what failed, checks coverage, and ends with one line
// `N passed, N failed`. Arguments (compiled test files, options of tap) pass through.
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { coverageProblems } from './coverage.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tap = join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')
const summaryFile = join(root, '.tap', 'report', 'coverage-summary.json')

/** tap's counts as its last comment tells them, and whether it ended well. */
async function runTap(args) {
  const child = spawn(process.execPath, [tap, 'run', '--reporter=tap', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `status ${code}`)))
  })
  const report = new Report(line => process.stdout.write(`${line}\n`))
  for await (const line of createInterface({ input: child.stdout })) report.line(line)
  return { failure: await ended, ...report.end() }
}

/**
 * Reads TAP line by line. A test file that passed is one line; one that failed is shown whole, because the
 * reason may stand anywhere in it.
 */
class Report {
  #print
  #block = []
  #failed
  #counts

  constructor(print) {
    this.#print = print
  }

  line(line) {
    const counts =
      /^# \{ total: \d+(?:, pass: (\d+))?(?:, fail: (\d+))?(?:, skip: (\d+))?(?:, todo: (\d+))? \}$/.exec(
        line,
      )
    if (counts !== null) {
      const [passed, failed, skipped, todo] = counts.slice(1).map(text => Number(text ?? 0))
      this.#counts = { passed, failed, skipped: skipped + todo }
      return
    }
    if (/^(TAP version|1\.\.\d|# time=)/.test(line)) return
    const end = /^(not )?ok \d+ - (.*)$/.exec(line)
    if (end === null) {
      if (line.startsWith('# Subtest')) {
        this.#failed = false
        this.#block = []
      }
      // What follows a failed file's last line (its diagnostics) belongs to it.
      if (this.#failed) this.#print(line)
      else this.#block.push(line)
      return
    }
    this.#failed = end[1] !== undefined
    if (this.#failed) for (const held of this.#block) this.#print(held)
    this.#print(this.#failed ? line : `ok ${end[2]}`)
    this.#block = []
  }

  end() {
    return this.#counts ?? { passed: 0, failed: 0, skipped: 0 }
  }
}

/** tap builds its test class anew when its plugins changed, but a run that is under way keeps the old one. */
async function buildTap() {
  const built = join(root, 'node_modules', '@tapjs', 'test', 'test-built', 'dist', 'esm', 'index.js')
  if (!readFileSync(built, 'utf8').includes('@tapjs/typescript')) return
  const child = spawn(process.execPath, [tap, 'build'], { cwd: root, stdio: ['ignore', 2, 2] })
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (code !== 0) throw new Error(`tap could not be set up (status ${code})`)
}

const args = process.argv.slice(2)
const whole = args.length === 0
rmSync(summaryFile, { force: true })
await buildTap()
const result = await runTap(whole ? args : ['--disable-coverage', ...args])
let { failed } = result
if (whole) {
  for (const problem of coverageProblems(root, summaryFile)) {
    process.stdout.write(`not ok ${problem}\n`)
    failed += 1
  }
}
// A run that broke off (no test found, a crash of the runner) fails even where no assertion did.
if (result.failure !== undefined && failed === 0) {
  process.stdout.write(`not ok tap ended with ${result.failure}\n`)
  failed += 1
}
const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : ''
process.stdout.write(`${result.passed} passed, ${failed} failed${skipped}\n`)
process.exitCode = failed === 0 && result.passed > 0 ? 0 : 1
