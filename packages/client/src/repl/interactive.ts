import { setMaxListeners } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { TorcError } from '@torc/protocol/errors'
import { isYes } from '../cli/prompt.js'
import type { CommandContext } from '../commands/command.js'
import { complete } from './completer.js'
import { completionSources } from './completion-sources.js'
import { History, historyLinesMax } from './history.js'
import { Interpreter } from './interpreter.js'
import { escapeWord, tokenize } from './tokenizer.js'

/** The shell at a terminal: a prompt, history, completion; Ctrl-C cancels, Ctrl-D leaves. */
export async function runInteractive(context: CommandContext): Promise<number> {
  const terminal = new Terminal(context)
  try {
    return await terminal.run()
  } finally {
    terminal.close()
  }
}

class Terminal {
  readonly #context: CommandContext
  readonly #interpreter: Interpreter
  readonly #history: History
  readonly #reader: Interface
  readonly #releaseInterrupts: () => void
  readonly #lines: string[] = []
  #waiting: ((line: string | undefined) => void) | undefined
  #closed = false
  /** What is typed next is an answer, not a command. */
  #answering = false
  /** Cancels the command that runs. */
  #running: AbortController | undefined

  constructor(context: CommandContext) {
    this.#context = context
    this.#history = new History(context.variables)
    this.#interpreter = new Interpreter({ ...context, confirm: question => this.#confirm(question) })
    this.#reader = createInterface({
      input: context.io.stdin,
      output: context.io.stdout,
      terminal: true,
      history: this.#history.load(),
      historySize: historyLinesMax,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        this.#complete(line).then(
          result => done(null, result),
          () => done(null, [[], line]),
        )
      },
    })
    this.#reader.on('line', line => this.#deliver(line))
    this.#reader.on('close', () => {
      this.#closed = true
      this.#running?.abort(interrupted())
      this.#deliver(undefined)
    })
    this.#reader.on('history', lines => {
      if (this.#answering) lines.shift()
    })
    this.#reader.on('SIGINT', () => this.#interrupt())
    // A SIGINT from elsewhere, or while `!command` owns the terminal, must not end the shell.
    this.#releaseInterrupts = context.takeInterrupts(() => this.#running?.abort(interrupted()))
  }

  async run(): Promise<number> {
    const { io, version, output } = this.#context
    output.note(`Torc ${version}. Type help for the commands, Ctrl-D to leave.`)
    for (;;) {
      const line = await this.#nextLine()
      if (line === undefined) {
        io.stdout.write('\n')
        return 0
      }
      this.#history.add(line)
      await this.#runLine(line)
      if (this.#interpreter.leaving || this.#closed) return 0
    }
  }

  close(): void {
    this.#releaseInterrupts()
    this.#reader.close()
  }

  async #runLine(line: string): Promise<void> {
    const local = line.trimStart().startsWith('!')
    this.#running = new AbortController()
    // Every request of a tree listens to it at once.
    setMaxListeners(0, this.#running.signal)
    // The local command reads the terminal itself, in its usual mode.
    if (local) this.#lendTerminal(true)
    try {
      await this.#interpreter.run(line, this.#running.signal)
    } finally {
      this.#running = undefined
      if (local) this.#lendTerminal(false)
    }
  }

  #lendTerminal(lent: boolean): void {
    const input = this.#context.io.stdin as NodeJS.ReadStream
    if (lent) this.#reader.pause()
    input.setRawMode?.(!lent)
    if (!lent) this.#reader.resume()
  }

  #nextLine(): Promise<string | undefined> {
    const typed = this.#lines.shift()
    if (typed !== undefined || this.#closed) return Promise.resolve(typed)
    this.#reader.setPrompt(this.#interpreter.prompt)
    this.#reader.prompt()
    return new Promise(resolve => {
      this.#waiting = resolve
    })
  }

  #deliver(line: string | undefined): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) waiting(line)
    // Typed ahead while a command runs.
    else if (line !== undefined) this.#lines.push(line)
  }

  #interrupt(): void {
    const { stdout } = this.#context.io
    if (this.#running !== undefined) {
      this.#lines.length = 0
      this.#running.abort(interrupted())
      return
    }
    if (this.#reader.line === '') stdout.write('\n(Ctrl-D or exit leaves the shell)\n')
    else {
      stdout.write('^C\n')
      this.#clearLine()
    }
    this.#reader.prompt()
  }

  #clearLine(): void {
    this.#reader.write(null, { ctrl: true, name: 'e' })
    this.#reader.write(null, { ctrl: true, name: 'u' })
  }

  #confirm(question: string): Promise<boolean> {
    const signal = this.#running?.signal
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting = undefined
        this.#answering = false
        this.#clearLine()
        this.#context.io.stdout.write('\n')
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#answering = true
      this.#reader.setPrompt(`${question} [y/N] `)
      this.#reader.prompt()
      this.#waiting = line => {
        this.#answering = false
        signal?.removeEventListener('abort', onAbort)
        resolve(line !== undefined && isYes(line))
      }
    })
  }

  /** Readline wants candidates in the form in which they are typed, quotes included. */
  async #complete(line: string): Promise<[string[], string]> {
    if (line.trimStart().startsWith('!')) return [[], line]
    const { commands, open, inWord } = tokenize(line)
    // A trailing separator begins a new command.
    const fresh = /[;\n]\s*$/.test(line) && open === undefined && !inWord
    const words = fresh ? [] : (commands.at(-1) ?? [])
    const typing = inWord ? words.at(-1) : undefined
    const before = (inWord ? words.slice(0, -1) : words).map(({ text }) => text)
    const written = typing === undefined ? '' : line.slice(typing.start)
    const { location, directory, commands: known } = this.#interpreter
    const sources = completionSources(this.#context, known, location, directory)
    const found = await complete(before, typing?.text ?? '', sources)
    const quote = open === "'" || open === '"' ? open : undefined
    const candidates = found.map(text => {
      if (quote !== undefined && written.startsWith(quote)) return quote + text
      return escapeWord(text)
    })
    const fitting = candidates.filter(candidate => candidate.startsWith(written))
    const [only] = fitting
    // What is complete gets a blank behind it; a folder may go on.
    if (only !== undefined && fitting.length === 1 && !only.endsWith('/'))
      return [[`${only}${quote ?? ''} `], written]
    return [fitting, written]
  }
}

function interrupted(): TorcError {
  return new TorcError('INTERRUPTED', 'interrupted', { hint: 'What was already done stays done.' })
}
