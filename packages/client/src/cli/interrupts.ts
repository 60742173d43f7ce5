import { setMaxListeners } from 'node:events'
import { errorTable, TorcError } from '@torc/protocol/errors'
import { fileError } from '../files/file-errors.js'
import type { Io } from '../output/io.js'
import type { Output } from '../output/output.js'

/**
 * Ctrl-C, SIGTERM and a reader that went away. The first interrupt aborts `signal` (or goes to whoever took
 * it), the second ends the run at once.
 */
export class Interrupts {
  readonly #controller = new AbortController()
  readonly #stopListening: () => void
  readonly #takers: (() => void)[] = []
  #insist: (code: number) => void = () => {}
  /** Resolves when someone interrupts again. */
  readonly insisted: Promise<number>
  /** Why standard output can't be written any more. */
  pipeClosed: TorcError | undefined

  constructor(io: Pick<Io, 'onInterrupt'>) {
    this.insisted = new Promise(resolve => {
      this.#insist = resolve
    })
    // Every request of a tree listens to it at once.
    setMaxListeners(0, this.#controller.signal)
    this.#stopListening = io.onInterrupt(() => this.#interrupt())
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  take(handler: () => void): () => void {
    this.#takers.push(handler)
    return () => {
      const at = this.#takers.lastIndexOf(handler)
      if (at >= 0) this.#takers.splice(at, 1)
    }
  }

  /** Standard output failed: EPIPE means that its reader has enough, which ends the run quietly. */
  pipeFailed(error: NodeJS.ErrnoException): void {
    this.pipeClosed ??= new TorcError('INTERRUPTED', `can't write standard output: ${error.message}`, {
      cause: error,
    })
    this.#controller.abort(this.pipeClosed)
  }

  stop(): void {
    this.#stopListening()
  }

  /** Prints what ended the run, and its exit status. */
  exitCodeOf(thrown: unknown, output: Output): number {
    if (this.pipeClosed !== undefined) {
      const { code } = (this.pipeClosed.cause ?? {}) as NodeJS.ErrnoException
      if (code === 'EPIPE') return 0
      output.error(fileError(this.pipeClosed.cause, 'standard output'))
      return errorTable.INTERNAL.exitCode
    }
    // Whatever the abort made of the command, what happened is the interrupt.
    const error = TorcError.from(this.signal.aborted ? this.signal.reason : thrown)
    output.error(error)
    return error.exitCode
  }

  #interrupt(): void {
    const taker = this.#takers.at(-1)
    if (taker !== undefined) taker()
    else if (this.signal.aborted) this.#insist(errorTable.INTERRUPTED.exitCode)
    else
      this.#controller.abort(
        new TorcError('INTERRUPTED', 'interrupted', { hint: 'What was already done stays done.' }),
      )
  }
}
