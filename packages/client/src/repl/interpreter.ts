import { spawn } from 'node:child_process'
import { TorcError } from '@torc/protocol/errors'
import { type ParsedLine, parseCommandLine } from '../cli/parse-command-line.js'
import type { ArgumentDescriptor, Command, CommandContext } from '../commands/command.js'
import type { OptionTable } from '../config/option.js'
import { globalOptions } from '../config/options.js'
import { resolveOptions } from '../config/resolve.js'
import { Output } from '../output/output.js'
import { noProgress } from '../output/progress.js'
import { builtins, type ShellState } from './builtins.js'
import { locationText, resolveArgument, top } from './location.js'
import { tokenize } from './tokenizer.js'

/** Global options that make sense for a single command of a session. */
const perCommand: OptionTable = {
  json: globalOptions.json,
  quiet: globalOptions.quiet,
  progress: globalOptions.progress,
}

/** Runs lines of the shell, one after the other, in a context that they share. */
export class Interpreter {
  readonly #context: CommandContext
  readonly #state: ShellState
  readonly commands: readonly Command[]

  constructor(context: CommandContext) {
    this.#context = context
    this.#state = {
      location: top,
      directory: context.directory,
      leaving: false,
      help: words => this.#help(words),
    }
    this.commands = [...context.commands.filter(({ only }) => only !== 'cli'), ...builtins(this.#state)]
  }

  get leaving(): boolean {
    return this.#state.leaving
  }

  get location(): ShellState['location'] {
    return this.#state.location
  }

  get directory(): string {
    return this.#state.directory
  }

  get prompt(): string {
    const place = this.location.bucket === '' ? '' : ` ${locationText(this.location).slice(1)}`
    return `torc${place}> `
  }

  /** Runs all commands of a line, up to the first that fails; the answer is the last status. */
  async run(line: string, signal: AbortSignal): Promise<number> {
    const trimmed = line.trim()
    if (trimmed.startsWith('!')) return this.#runLocally(trimmed.slice(1), signal)
    const { commands, open } = tokenize(line)
    if (open !== undefined) {
      this.#context.output.error(
        new TorcError('CONFIG', `the line ends within ${open}`, { hint: `Close the ${open}.` }),
      )
      return 2
    }
    let code = 0
    for (const words of commands) {
      code = await this.#runCommand(
        words.map(({ text }) => text),
        signal,
      )
      if (code !== 0 || this.leaving) break
    }
    return code
  }

  async #runCommand(words: readonly string[], signal: AbortSignal): Promise<number> {
    const context = this.#context
    let { output } = context
    try {
      const parsed = await this.#parse(words)
      if (parsed.kind === 'help') {
        output.line(parsed.text)
        return 0
      }
      const settings = resolveOptions(perCommand, { flags: parsed.flags })
      const json = context.settings.json || settings.json === true
      const quiet = context.settings.quiet || settings.quiet === true
      if (json !== output.json || quiet !== output.quiet) output = new Output({ ...context.io, json, quiet })
      const { command, flags } = parsed
      return (
        (await command.run({
          ...context,
          arguments: this.#resolved(parsed),
          rest: parsed.rest,
          options: resolveOptions(command.options, { flags, variables: context.variables }),
          output,
          progress: json || quiet || settings.progress === false ? noProgress : context.progress,
          signal,
          directory: this.directory,
          inShell: true,
        })) ?? 0
      )
    } catch (thrown) {
      // Whatever the interrupt made of the command, what happened is the interrupt.
      const error = TorcError.from(signal.aborted ? signal.reason : thrown)
      output.error(error)
      return error.exitCode
    }
  }

  #parse(words: readonly string[]): Promise<ParsedLine> {
    const width = Math.min(this.#context.io.stdout.columns ?? 100, 120)
    return parseCommandLine(words, { program: '', commands: this.commands, globals: perCommand, width })
  }

  /** Remote names are relative to where the shell is. */
  #resolved({
    command,
    arguments: given,
    flags,
  }: Extract<ParsedLine, { kind: 'run' }>): Record<string, string | undefined> {
    const recursive = flags.recursive === true
    const resolved: Record<string, string | undefined> = {}
    for (const [name, argument] of Object.entries(command.arguments)) {
      const written = given[name]
      const kind = recursive ? (argument.recursiveKind ?? argument.kind) : argument.kind
      if (written !== undefined) resolved[name] = resolveArgument(this.location, kind, written)
      else resolved[name] = this.#absent(command, argument)
    }
    return resolved
  }

  /** `ls` without a name lists where the shell is; `cd` without one goes to the top. */
  #absent(command: Command, { kind }: ArgumentDescriptor): string | undefined {
    const { bucket, folder } = this.location
    return kind === 'prefix' && command.name === 'ls' && bucket !== '' ? `${bucket}/${folder}` : undefined
  }

  async #help(words: readonly string[]): Promise<string> {
    const parsed = await this.#parse([...words, '--help'])
    return parsed.kind === 'help' ? parsed.text : ''
  }

  /** A command of the system's shell, which owns the terminal meanwhile. */
  #runLocally(command: string, signal: AbortSignal): Promise<number> {
    const { io, output, variables } = this.#context
    const inherits = io.stdout === process.stdout
    return new Promise(resolve => {
      const child = spawn(variables.SHELL ?? '/bin/sh', ['-c', command], {
        cwd: this.directory,
        stdio: inherits ? 'inherit' : ['ignore', 'pipe', 'pipe'],
        signal,
      })
      child.stdout?.on('data', (chunk: Buffer) => io.stdout.write(chunk))
      child.stderr?.on('data', (chunk: Buffer) => io.stderr.write(chunk))
      child.once('error', error => {
        if (!signal.aborted)
          output.error(new TorcError('FILE_NOT_FOUND', `can't run it: ${error.message}`, { cause: error }))
        resolve(signal.aborted ? 130 : 1)
      })
      child.once('close', code => resolve(code ?? 130))
    })
  }
}
