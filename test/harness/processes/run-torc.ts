import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { undisturbed } from './torc-process.js'

const entry = fileURLToPath(import.meta.resolve('torc/entry'))

export interface RunOptions {
  /** Another program than `torc`, as a path. */
  readonly program?: string
  readonly configDirectory: string
  readonly stdin?: Uint8Array | string
  readonly directory?: string
  readonly variables?: Readonly<Record<string, string>>
}

export interface RunResult {
  /** Exit status, or the name of the signal that ended it. */
  readonly code: number | string
  readonly stdout: Buffer
  readonly stderr: string
  /** Standard output as JSON lines. */
  records(): Record<string, unknown>[]
}

/** Runs one `torc` command to its end, as a person or a script would. */
export function runTorc(args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const variables = { TORC_CONFIG_DIR: options.configDirectory, ...options.variables }
    const [command, ...words] = undisturbed(variables, [options.program ?? entry, ...args])
    const child = spawn(command, words, {
      cwd: options.directory,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const out: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', chunk => out.push(chunk))
    child.stderr.on('data', chunk => errors.push(chunk))
    // A command that ends before it read all of its input closes the pipe; its status tells the rest.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.stdin ?? '')
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const stdout = Buffer.concat(out)
      resolve({
        code: code ?? signal ?? 'unknown',
        stdout,
        stderr: Buffer.concat(errors).toString(),
        records: () =>
          stdout
            .toString()
            .split('\n')
            .filter(line => line !== '')
            .map(line => JSON.parse(line) as Record<string, unknown>),
      })
    })
  })
}
