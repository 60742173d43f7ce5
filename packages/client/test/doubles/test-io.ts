import { PassThrough, Writable } from 'node:stream'
import type { Io } from '../../src/output/io.js'

class Capture extends Writable {
  readonly chunks: Buffer[] = []
  isTTY = false
  columns = 100

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.chunks.push(Buffer.from(chunk))
    done()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  get text(): string {
    return this.bytes.toString()
  }
}

export interface TestIoOptions {
  readonly input?: string | Uint8Array
  readonly terminal?: boolean
  readonly variables?: Readonly<Record<string, string | undefined>>
  readonly directory?: string
}

/** Streams that remember what was written to them, and an interrupt key. */
export class TestIo implements Io {
  readonly stdin = new PassThrough() as PassThrough & { isTTY?: boolean }
  readonly stdout = new Capture()
  readonly stderr = new Capture()
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly directory: string
  readonly #interrupts = new Set<() => void>()

  constructor(options: TestIoOptions = {}) {
    this.variables = {
      TORC_ACCESS_KEY: 'key',
      TORC_SECRET_KEY: 'secret',
      NO_COLOR: '1',
      ...options.variables,
    }
    this.directory = options.directory ?? process.cwd()
    if (options.terminal === true) {
      this.stdin.isTTY = true
      this.stdout.isTTY = true
      this.stderr.isTTY = true
    } else this.stdin.end(options.input ?? '')
  }

  onInterrupt(callback: () => void): () => void {
    this.#interrupts.add(callback)
    return () => this.#interrupts.delete(callback)
  }

  interrupt(): void {
    for (const callback of this.#interrupts) callback()
  }

  get interruptible(): boolean {
    return this.#interrupts.size > 0
  }

  /** Standard output as the objects on its lines. */
  get records(): Record<string, unknown>[] {
    return linesOf(this.stdout.text).map(line => JSON.parse(line))
  }

  get errors(): { error: { code: string; message: string; hint: string; retryable: boolean } }[] {
    return linesOf(this.stderr.text).map(line => JSON.parse(line))
  }
}

export function linesOf(text: string): string[] {
  return text.split('\n').filter(line => line !== '')
}
