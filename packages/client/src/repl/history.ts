import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configDirectory } from '../config/directory.js'
import { writePrivateFile } from '../config/private-file.js'
import type { Variables } from '../config/resolve.js'

/** Lines that are kept; the file may grow to twice as many before it is cut. */
export const historyLinesMax = 1_000

/** What was typed, kept in a file that only its owner can read. A history that can't be kept is no error. */
export class History {
  readonly #path: string

  constructor(variables: Variables) {
    this.#path = join(configDirectory(variables), 'history')
  }

  /** The lines, newest first, as readline wants them. */
  load(): string[] {
    try {
      if (!existsSync(this.#path)) return []
      chmodSync(this.#path, 0o600)
      const lines = readFileSync(this.#path, 'utf8')
        .split('\n')
        .filter(line => line !== '')
      if (lines.length > 2 * historyLinesMax) {
        writePrivateFile(this.#path, `${lines.slice(-historyLinesMax).join('\n')}\n`)
      }
      return lines.slice(-historyLinesMax).reverse()
    } catch {
      return []
    }
  }

  /** A line that begins with a blank is not kept. */
  add(line: string): void {
    if (line.trim() === '' || line.startsWith(' ')) return
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
      appendFileSync(this.#path, `${line}\n`, { mode: 0o600 })
    } catch {
      // The session goes on without.
    }
  }
}
