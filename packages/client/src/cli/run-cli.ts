import { type Environment, systemEnvironment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { clientCommands } from '../commands/client-commands.js'
import type { Command, CommandContext } from '../commands/command.js'
import { globalOptions } from '../config/options.js'
import { resolveOptions } from '../config/resolve.js'
import { loadSettings } from '../config/settings.js'
import type { Io } from '../output/io.js'
import { Output } from '../output/output.js'
import { Interrupts } from './interrupts.js'
import { parseCommandLine } from './parse-command-line.js'
import { askYesOrNo } from './prompt.js'
import { type Connect, Session } from './session.js'

export interface RunCliOptions {
  /** Commands beside those of the client, of the same shape. */
  readonly extraCommands?: readonly Command[]
  /** Name in usage lines. */
  readonly program?: string
  /** What `--version` prints. */
  readonly version: string
  readonly environment?: Environment
  /** How the store is reached (for tests); the library's `connect` when absent. */
  readonly connect?: Connect
}

/** Runs one command line; the answer is the exit status (INTERFACE, "JSON"). Never throws. */
export async function runCli(argv: readonly string[], io: Io, options: RunCliOptions): Promise<number> {
  const interrupts = new Interrupts(io)
  const wantsJson = argv.includes('--json') || /^(1|true|yes|on)$/i.test(io.variables.TORC_JSON ?? '')
  // Used until the settings are known.
  let output = new Output({ ...io, json: wantsJson, quiet: false })
  const onPipeError = (error: NodeJS.ErrnoException): void => interrupts.pipeFailed(error)
  io.stdout.on('error', onPipeError)
  io.stderr.on('error', ignore)
  try {
    return await Promise.race([
      interrupts.insisted,
      run(argv, io, options, interrupts, used => {
        output = used
      }),
    ])
  } catch (thrown) {
    return interrupts.exitCodeOf(thrown, output)
  } finally {
    interrupts.stop()
    io.stderr.off('error', ignore)
  }
}

/** Standard error is the last place to complain: nobody is left to tell. */
function ignore(): void {}

async function run(
  argv: readonly string[],
  io: Io,
  options: RunCliOptions,
  interrupts: Interrupts,
  onOutput: (output: Output) => void,
): Promise<number> {
  const program = options.program ?? 'torc'
  const environment = options.environment ?? systemEnvironment
  const commands = [...(options.extraCommands ?? []), ...clientCommands]
  const offered = commands.filter(({ only }) => only !== 'shell')
  // Alone on a terminal it is the shell.
  const words = argv.length === 0 && io.stdin.isTTY === true && io.stdout.isTTY === true ? ['shell'] : argv
  const width = Math.min(io.stdout.columns ?? 100, 120)
  const grammar = { program, commands: offered, globals: globalOptions, version: options.version, width }
  const parsed = await parseCommandLine(words, grammar)
  if (parsed.kind === 'help') {
    io.stdout.write(`${parsed.text}\n`)
    return 0
  }
  const { command, flags } = parsed
  const settings = loadSettings(flags, io.variables)
  const { signal } = interrupts
  const session = new Session({ io, settings, environment, signal, connect: options.connect })
  onOutput(session.output)
  const context: CommandContext = {
    arguments: parsed.arguments,
    rest: parsed.rest,
    options: resolveOptions(command.options, { flags, variables: io.variables }),
    settings,
    variables: io.variables,
    io,
    output: session.output,
    progress: session.progress,
    environment,
    signal,
    directory: io.directory,
    store: () => session.store(),
    takeInterrupts: handler => interrupts.take(handler),
    confirm: question => askYesOrNo(io, question, signal),
    interactive: session.interactive,
    inShell: false,
    commands,
    program,
    version: options.version,
  }
  try {
    const code = (await command.run(context)) ?? 0
    if (interrupts.pipeClosed !== undefined) throw interrupts.pipeClosed
    return code
  } finally {
    await session.close().catch((error: unknown) => {
      // The work is done; that the connection ended badly changes nothing.
      session.output.note(TorcError.from(error).message)
    })
  }
}
