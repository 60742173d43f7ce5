import { createInterface } from 'node:readline'
import type { CommandContext } from '../commands/command.js'
import type { Interpreter } from './interpreter.js'
import { tokenize } from './tokenizer.js'

/** Runs lines until the first that fails; the answer is its status. Open quotes join lines. */
export async function runScript(
  interpreter: Interpreter,
  lines: AsyncIterable<string> | Iterable<string>,
  signal: AbortSignal,
): Promise<number> {
  let joined = ''
  for await (const line of lines) {
    joined = joined === '' ? line : `${joined}\n${line}`
    if (!joined.trimStart().startsWith('!') && tokenize(joined).open !== undefined) continue
    const code = await interpreter.run(joined, signal)
    if (code !== 0 || interpreter.leaving) return code
    joined = ''
  }
  // What is still open at the end is an error that the interpreter tells.
  return joined === '' ? 0 : interpreter.run(joined, signal)
}

/** The lines of a piped standard input. */
export function linesOf(context: CommandContext): AsyncIterable<string> {
  const { io, signal } = context
  const lines = createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY })
  signal.addEventListener('abort', () => lines.close(), { once: true })
  return lines
}
