import { type ErrorCode, TorcError } from '@torc/protocol/errors'
import type { Output } from '../output/output.js'

/** After these the rest of a tree would fail in the same way. */
const endsAll: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BUCKET_NOT_FOUND',
  'CANCELLED',
  'DENIED',
  'DISK_FULL',
  'INTERRUPTED',
  'NO_LAYOUT',
  'PATH_DENIED',
  'PROTOCOL',
  'UNREACHABLE',
])

/** Failures of single items of a tree: each is printed, and the others go on. */
export class TreeFailures {
  readonly #output: Output
  readonly #exitCodes = new Set<number>()
  count = 0

  constructor(output: Output) {
    this.#output = output
  }

  /** Prints the failure of one item, or throws it when it ends everything. */
  add(thrown: unknown, signal: AbortSignal): void {
    if (signal.aborted) throw signal.reason
    const error = TorcError.from(thrown)
    if (endsAll.has(error.code)) throw error
    this.count++
    this.#exitCodes.add(error.exitCode)
    this.#output.error(error)
  }

  /** What the failures have in common, else 1. */
  get exitCode(): number {
    const [only] = this.#exitCodes
    if (only === undefined) return 0
    return this.#exitCodes.size === 1 ? only : 1
  }
}
