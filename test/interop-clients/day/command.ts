import { spawn } from 'node:child_process'

export interface CommandOptions {
  /** The whole environment of the command, apart from the search path. */
  readonly variables?: Readonly<Record<string, string>>
  readonly directory?: string
  readonly input?: Uint8Array | string
  /** 5 minutes when absent; then the command is killed, which counts as a failure. */
  readonly timeoutMs?: number
}

export interface CommandResult {
  /** Exit status, or the name of the signal that ended it. */
  readonly code: number | string
  readonly stdout: Buffer
  readonly stderr: string
}

const outputBytesMax = 64 * 1024 * 1024

/** Runs a program to its end. Rejects where it can't be started. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { variables = {}, directory, input = '', timeoutMs = 300_000 } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: directory,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...variables },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const [out, errors]: [Buffer[], Buffer[]] = [[], []]
    let bytes = 0
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > outputBytesMax) child.kill('SIGKILL')
      else out.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
    // A program that ends before it read all of its input closes the pipe; its status tells the rest.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      resolve({
        code: code ?? signal ?? 'unknown',
        stdout: Buffer.concat(out),
        stderr: Buffer.concat(errors).toString(),
      })
    })
  })
}

/** The same, for what must go well: throws with the end of what the program said. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await runCommand(command, args, options)
  if (result.code !== 0) {
    const said = `${result.stderr}\n${result.stdout.toString().slice(-1000)}`.trim().slice(-1500)
    throw new Error(`${command} ${args.join(' ').slice(0, 200)} ended with ${result.code}: ${said}`)
  }
  return result
}
