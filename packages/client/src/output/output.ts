import type { Writable } from 'node:stream'
import { TorcError } from '@torc/protocol/errors'
import Table from 'cli-table3'
import picocolors from 'picocolors'
import { formatBytes, printable } from './format.js'

export type Colors = ReturnType<typeof picocolors.createColors>
export type OutputMode = 'json' | 'terminal' | 'plain'

export interface OutputOptions {
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly json: boolean
  readonly quiet: boolean
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** How a command says things: tables on a terminal, tab-separated lines on pipes, or JSON lines. */
export class Output {
  readonly mode: OutputMode
  readonly quiet: boolean
  readonly colors: Colors
  readonly #stdout: Writable
  readonly #stderr: Writable
  readonly #errorColors: Colors

  constructor(options: OutputOptions) {
    this.mode = options.json ? 'json' : options.stdout.isTTY === true ? 'terminal' : 'plain'
    this.quiet = options.quiet
    this.#stdout = options.stdout
    this.#stderr = options.stderr
    // https://no-color.org
    const colorful = (options.variables.NO_COLOR ?? '') === '' && options.variables.TERM !== 'dumb'
    this.colors = picocolors.createColors(colorful && this.mode === 'terminal')
    this.#errorColors = picocolors.createColors(colorful && options.stderr.isTTY === true && !options.json)
  }

  get json(): boolean {
    return this.mode === 'json'
  }

  /** One JSON object on a line. */
  record(record: object): void {
    this.#stdout.write(`${JSON.stringify(record)}\n`)
  }

  /** A line of data: what the command was asked for. */
  line(text: string): void {
    this.#stdout.write(`${text}\n`)
  }

  /** What was done, in a sentence; nothing under `--quiet` and `--json`. */
  summary(text: string): void {
    if (!this.quiet && this.mode !== 'json') this.#stdout.write(`${text}\n`)
  }

  /** A remark to the person in front, on standard error; nothing under `--quiet` and `--json`. */
  note(text: string): void {
    if (!this.quiet && this.mode !== 'json') this.#stderr.write(`${this.#errorColors.dim(text)}\n`)
  }

  /** What must be known although the command goes on, on standard error; nothing under `--json`, which has records. */
  warning(text: string): void {
    if (this.mode !== 'json') this.#stderr.write(`${this.#errorColors.yellow('warning:')} ${text}\n`)
  }

  /** Rows with aligned columns on a terminal, tab-separated without a header elsewhere. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    if (this.mode !== 'terminal') {
      for (const row of rows) this.line(row.join('\t'))
      return
    }
    if (rows.length === 0) return
    const table = new Table({
      head: head.map(title => this.colors.bold(title)),
      chars: borderless,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    })
    for (const row of rows) table.push([...row])
    this.line(trimEnds(table.toString()))
  }

  /** Names and values, one a line. */
  fields(pairs: readonly (readonly [string, string])[]): void {
    const width = Math.max(...pairs.map(([name]) => name.length))
    for (const [name, value] of pairs) {
      if (this.mode === 'terminal') this.line(`${this.colors.dim(name.padEnd(width))}  ${value}`)
      else this.line(`${name}\t${value}`)
    }
  }

  /** A byte count for people or, on pipes, for programs. */
  bytes(amount: number): string {
    return this.mode === 'terminal' ? formatBytes(amount) : String(amount)
  }

  error(thrown: unknown): void {
    const error = TorcError.from(thrown)
    if (this.mode === 'json') {
      this.#stderr.write(`${JSON.stringify(error)}\n`)
      return
    }
    const { red, dim } = this.#errorColors
    this.#stderr.write(`${red('error:')} ${printable(error.message)}\n`)
    if (error.hint !== '') this.#stderr.write(`${dim(`hint: ${printable(error.hint)}`)}\n`)
  }

  /** Raw bytes to standard output, at the reader's pace. */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#stdout.write(bytes)) return
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        this.#stdout.off('drain', onDrain)
        this.#stdout.off('error', onError)
        signal.removeEventListener('abort', onAbort)
      }
      const onDrain = (): void => {
        stop()
        resolve()
      }
      const onError = (error: Error): void => {
        stop()
        reject(error)
      }
      const onAbort = (): void => {
        stop()
        reject(signal.reason)
      }
      this.#stdout.once('drain', onDrain)
      this.#stdout.once('error', onError)
      signal.addEventListener('abort', onAbort)
    })
  }
}

const borderless = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map(part => [part, '']),
)

function trimEnds(text: string): string {
  return text.replace(/[ \t]+$/gm, '')
}
