import { createHash, type Hash } from 'node:crypto'

const linesKept = 200
/** Lines that are hashed together. */
const linesAtOnce = 64

/**
 * What happened, as one running hash: two runs of a seed are the same run when their hashes are equal. The last
 * lines are kept for people.
 */
export class Trace {
  readonly #hash: Hash = createHash('sha256')
  readonly #lines: string[] = []
  #count = 0
  #unhashed = ''

  record(timeMs: number, what: string): void {
    // Whole microseconds: what happens within one is told apart by its order.
    const line = `${Math.round(timeMs * 1000)} ${what}`
    this.#unhashed += `${line}\n`
    this.#lines[this.#count++ % linesKept] = line
    if (this.#count % linesAtOnce === 0) this.#flush()
  }

  /** Lines recorded so far. */
  get count(): number {
    return this.#count
  }

  /** Hex digest of all lines so far; recording may go on. */
  digest(): string {
    this.#flush()
    return this.#hash.copy().digest('hex')
  }

  /** The last lines, oldest first. */
  tail(): readonly string[] {
    if (this.#count <= linesKept) return [...this.#lines]
    const start = this.#count % linesKept
    return [...this.#lines.slice(start), ...this.#lines.slice(0, start)]
  }

  #flush(): void {
    this.#hash.update(this.#unhashed)
    this.#unhashed = ''
  }
}
