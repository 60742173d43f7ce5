import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { CommandContext } from '../commands/command.js'
import { fileError } from '../files/file-errors.js'
import { runInteractive } from './interactive.js'
import { Interpreter } from './interpreter.js'
import { linesOf, runScript } from './script.js'

export interface ShellScripts {
  /** Commands to run, parted by `;` or line ends. */
  readonly commands?: string | undefined
  /** File of commands. */
  readonly file?: string | undefined
}

/**
 * The shell: commands of a text, a file or a piped standard input until the first failure, whose status is
 * the answer; else a dialogue at the terminal.
 */
export async function runShell(context: CommandContext, scripts: ShellScripts = {}): Promise<number> {
  if (scripts.commands === undefined && scripts.file === undefined && context.io.stdin.isTTY === true) {
    return runInteractive(context)
  }
  const interpreter = new Interpreter({ ...context, interactive: false })
  if (scripts.commands !== undefined)
    return runScript(interpreter, scripts.commands.split('\n'), context.signal)
  const lines =
    scripts.file === undefined ? linesOf(context) : readLines(resolve(context.directory, scripts.file))
  return runScript(interpreter, lines, context.signal)
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/)
  } catch (error) {
    throw fileError(error, path)
  }
}
