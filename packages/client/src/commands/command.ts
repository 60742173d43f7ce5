import type { Environment } from '@torc/protocol/environment/system'
import type { OptionsOf, OptionTable } from '../config/option.js'
import type { GlobalOptions } from '../config/options.js'
import type { Variables } from '../config/resolve.js'
import { printable } from '../output/format.js'
import type { Io } from '../output/io.js'
import type { Output } from '../output/output.js'
import type { ProgressFactory } from '../output/progress.js'
import type { Store } from '../store/remote-store.js'

/** What an argument names: decides how the REPL resolves it against its directories and completes it. */
export type ArgumentKind = 'target' | 'bucket' | 'prefix' | 'file' | 'directory' | 'access-key' | 'word'

export interface ArgumentDescriptor {
  /** How usage lines name it, `BUCKET/KEY` say. */
  readonly label: string
  readonly kind: ArgumentKind
  /** Its kind under `--recursive`, where that differs. */
  readonly recursiveKind?: ArgumentKind
  readonly required: boolean
  readonly doc: string
  readonly choices?: readonly string[]
  /** What completion offers where more than these is taken. */
  readonly suggestions?: readonly string[]
}

export type ArgumentTable = Readonly<Record<string, ArgumentDescriptor>>

export type ArgumentsOf<A extends ArgumentTable> = {
  readonly [K in keyof A]: A[K] extends { readonly required: true } ? string : string | undefined
}

export interface Example {
  readonly line: string
  readonly does: string
}

/** What a command runs with. The CLI and the REPL each make their own. */
export interface CommandContext<
  A extends ArgumentTable = ArgumentTable,
  O extends OptionTable = OptionTable,
> {
  readonly arguments: ArgumentsOf<A>
  /** Words after the arguments, for a command that takes any. */
  readonly rest: readonly string[]
  readonly options: OptionsOf<O>
  readonly settings: GlobalOptions
  readonly variables: Variables
  readonly io: Io
  readonly output: Output
  readonly progress: ProgressFactory
  readonly environment: Environment
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal
  /** Local directory that paths are relative to. */
  readonly directory: string
  /** The connected store; connects at the first call. */
  store(): Promise<Store>
  /** Lets `handler` have Ctrl-C (and SIGTERM) instead of aborting `signal`, until the returned function is called. */
  takeInterrupts(handler: () => void): () => void
  /** Asks a yes-or-no question; only where `interactive`. */
  confirm(question: string): Promise<boolean>
  /** Someone sits at a terminal and can be asked. */
  readonly interactive: boolean
  /** Runs inside the REPL: standard input belongs to it. */
  readonly inShell: boolean
  /** All commands of this program, for the REPL, help and completion. */
  readonly commands: readonly Command[]
  readonly program: string
  readonly version: string
}

export interface Command<A extends ArgumentTable = ArgumentTable, O extends OptionTable = OptionTable> {
  /** One word, or two (`bucket show`). */
  readonly name: string
  readonly describe: string
  /** In the order in which they are written. */
  readonly arguments: A
  readonly options: O
  readonly examples: readonly Example[]
  /** Usage lines (without the program's name) where arguments alone don't tell. */
  readonly usage?: readonly string[]
  /** Where it is offered; everywhere when absent. */
  readonly only?: 'cli' | 'shell'
  /** Not shown in helps. */
  readonly hidden?: boolean
  /** Takes any words after its arguments. */
  readonly takesRest?: boolean
  /** Does it; a number is the exit status. Throws TorcError. */
  run(context: CommandContext<A, O>): Promise<number | undefined>
}

/** Keeps the exact types of a command's arguments and options for its `run`. */
export function defineCommand<const A extends ArgumentTable, const O extends OptionTable>(
  command: Command<A, O>,
): Command<A, O> {
  return Object.freeze(command)
}

/** Usage lines of a command, without the program's name. */
export function usageOf(command: Command): readonly string[] {
  if (command.usage !== undefined) return command.usage.map(line => `${command.name} ${line}`.trim())
  const words = Object.values(command.arguments).map(({ label, required }) =>
    required ? label : `[${label}]`,
  )
  return [[command.name, ...words].join(' ')]
}

/** How a command line typed here names an object: in the shell, whose names are relative, from the top. */
export function nameToType(
  { inShell }: Pick<CommandContext, 'inShell'>,
  bucket: string,
  key: string,
): string {
  return `${inShell ? '/' : ''}${bucket}/${printable(key)}`
}

/** Checks a table of arguments while its exact types stay known. */
export function defineArguments<const A extends ArgumentTable>(table: A): A {
  return Object.freeze(table)
}
