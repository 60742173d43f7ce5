import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../entry.js', import.meta.url))

/** Program and arguments of another process of this same Torc. */
export function nodeProgram(args: readonly string[]): [program: string, ...args: string[]] {
  return [process.execPath, '--enable-source-maps', entry, ...args]
}
