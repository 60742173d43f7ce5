import { PassThrough, Writable } from 'node:stream'
import { runCli } from '@torc/client/cli/run-cli'
import type { Command } from '@torc/client/commands/command'
import type { RunResult } from './run-torc.js'

class Capture extends Writable {
  readonly #chunks: Buffer[] = []

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk))
    done()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

/**
 * Runs one `torc` command as `runTorc` does, over real connections, but in this process: for tests that run a
 * hundred of them. What only a process has (signals, a terminal, `entry`) is not tried so.
 */
export async function runTorcInProcess(
  args: readonly string[],
  options: {
    readonly variables: Readonly<Record<string, string>>
    readonly stdin?: string
    /** Commands beside those of the client. */
    readonly extraCommands?: readonly Command[]
  },
): Promise<RunResult> {
  const [stdin, stdout, stderr] = [new PassThrough(), new Capture(), new Capture()]
  stdin.end(options.stdin ?? '')
  const io = {
    ...{ stdin, stdout, stderr, variables: options.variables, directory: process.cwd() },
    onInterrupt: () => () => undefined,
  }
  const code = await runCli(args, io, { version: '0.0.0', extraCommands: options.extraCommands ?? [] })
  return {
    code,
    stdout: stdout.bytes,
    stderr: stderr.bytes.toString(),
    records: () =>
      stdout.bytes
        .toString()
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as Record<string, unknown>),
  }
}
