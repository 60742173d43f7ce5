import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(import.meta.resolve('torc/entry'))

/** A line of JSON that a process printed. */
export type Line = Readonly<Record<string, unknown>>

export interface TorcProcessOptions {
  /** `TORC_CONFIG_DIR` of the process: nothing of the person who runs the tests is read or changed. */
  readonly configDirectory: string
  /** Working directory; the repository's root when absent. */
  readonly directory?: string
  readonly variables?: Readonly<Record<string, string>>
  /** Words of a command (`nsenter` and its options, say) that runs the program somewhere else, and becomes it. */
  readonly within?: readonly string[] | undefined
}

/** A test never waits for ever: what takes longer has failed, and says what was there. */
const waitMs = 60_000

/** A `torc` process that prints JSON lines: `torc up --json`, `torc agent`, `torc server`. */
export class TorcProcess {
  readonly child: ChildProcess
  readonly lines: Line[] = []
  /** Standard error so far. */
  errors = ''
  readonly exited: Promise<number | string>
  readonly #waiting = new Set<() => void>()

  constructor(args: readonly string[], options: TorcProcessOptions) {
    const variables = { TORC_CONFIG_DIR: options.configDirectory, ...options.variables }
    const [command = '', ...words] = [...(options.within ?? []), ...undisturbed(variables, [entry, ...args])]
    this.child = spawn(command, words, {
      cwd: options.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { stdout, stderr } = this.child
    stderr?.setEncoding('utf8').on('data', text => {
      this.errors += text
    })
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', text => {
        this.lines.push(parseLine(text))
        for (const look of [...this.#waiting]) look()
      })
    }
    const killWithTest = (): void => void this.child.kill('SIGKILL')
    process.once('exit', killWithTest)
    this.exited = new Promise(resolve => {
      this.child.once('close', (code, signal) => {
        process.off('exit', killWithTest)
        resolve(code ?? signal ?? 'unknown')
        for (const look of [...this.#waiting]) look()
      })
    })
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process could not be started')
    return this.child.pid
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** The first line, from number `from` on, that `matches`. Rejects when the process ends or nothing comes. */
  waitFor(what: string, matches: (line: Line) => boolean, from = 0): Promise<Line> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        done()
        const last = this.lines.slice(-5).map(line => JSON.stringify(line))
        reject(new Error([`${why} while waiting for ${what}`, ...last, this.errors].join('\n')))
      }
      const timer = setTimeout(() => fail(`nothing came in ${waitMs} ms`), waitMs)
      const look = (): void => {
        const found = this.lines.slice(from).find(matches)
        if (found !== undefined) {
          done()
          resolve(found)
        } else if (!this.running) fail('the process ended')
      }
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Sends a signal and waits for the end; the exit status, or the name of the signal that ended it. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    if (this.running) this.child.kill(signal)
    return await this.exited
  }
}

/**
 * The command that runs node as a user's shell would: with the variables of this process but those that steer
 * Torc, and without what tap adds to every child that node starts (a loader that costs it time and memory).
 * `env` becomes the process that it starts, which so keeps its number.
 */
export function undisturbed(
  variables: Readonly<Record<string, string>>,
  args: readonly string[],
): [command: string, ...words: string[]] {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TORC_|TAP|_TAPJS_|NODE_OPTIONS$|NODE_V8_COVERAGE$)/.test(name),
  )
  const all = [...kept, ...Object.entries(variables)].map(([name, value]) => `${name}=${value ?? ''}`)
  return ['env', '-i', ...all, process.execPath, ...args]
}

function parseLine(text: string): Line {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Line
  } catch {
    // Not every line is JSON (a help text); it is kept as it is.
  }
  return { text }
}
