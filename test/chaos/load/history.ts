import { createWriteStream, type WriteStream } from 'node:fs'
import { TorcError } from '@torc/client'

/** What a call does; `create` and `replace` are under a condition, `head` reads a key that is written so. */
export type CallKind =
  | 'put'
  | 'delete'
  | 'get'
  | 'list'
  | 'versions'
  | 'upload'
  | 'create'
  | 'replace'
  | 'head'

/** What is known of a call before it is made. */
export interface Call {
  /** Who makes it; each makes one call after the other. */
  readonly process: string
  readonly kind: CallKind
  readonly bucket: string
  /** The key, or the prefix of a listing. */
  readonly key: string
  /** Of a write: the id that its version has. */
  readonly version?: string
  /** Of a write: SHA-256 of its bytes, in hexadecimal; of a read those that came. */
  readonly hash?: string
  /** Of `replace`: the version that it expects. */
  readonly expected?: string
}

/** What an answer told. */
export interface Answer {
  /** Of a read: the version that it shows; null where there is none. */
  readonly shown?: string | null
  readonly hash?: string
  /** Of a read: the answer says that somebody did not answer who may know more. */
  readonly degraded?: boolean
  /** Of `delete`: the versions that it took away. */
  readonly removed?: readonly string[]
  /** Of `list`: the keys; of `versions`: `KEY@VERSION`. */
  readonly listed?: readonly string[]
}

/** One call of a history; a line of JSON in its file. Times are milliseconds since the start, no two are the same. */
export interface RecordedCall extends Call, Answer {
  readonly calledAt: number
  readonly returnedAt: number
  /** `failed`: it surely changed nothing. `unknown`: it may take effect at any time, or never. */
  readonly result: 'ok' | 'failed' | 'unknown'
  /** Code and message of what went wrong. */
  readonly error?: string
  /** No fault was in force from before the call until after it, and what earlier ones left was mended. */
  readonly calm: boolean
  /** Made after the end, when the cluster was whole and nobody wrote. */
  readonly final: boolean
}

/** What a read of something answers that is not there, and a write whose condition does not hold: nothing changed. */
const definite = new Set(['CONDITION_FAILED', 'KEY_NOT_FOUND', 'VERSION_NOT_FOUND', 'VERSION_REMOVED'])
/** What a retry may be told because of what an earlier attempt did, or what another one overtook. */
const overtaken = new Set(['SUPERSEDED', 'UPLOAD_NOT_FOUND', 'INVALID_PART'])

/** All calls of a run, in memory and, line by line, in a file. */
export class History {
  readonly calls: RecordedCall[] = []
  /** Calls that failed in a way that no fault explains. */
  readonly badFailures: RecordedCall[] = []
  /** Set while a fault is in force, or what it left is not mended. */
  calm = true
  final = false
  readonly #file: WriteStream | undefined
  readonly #beganMs = performance.now()
  #lastMs = 0
  /** Number of the last moment at which it was not calm, so that a call can tell whether it was all the time. */
  #storms = 0

  constructor(file?: string) {
    this.#file = file === undefined ? undefined : createWriteStream(file)
  }

  /** Milliseconds since the start; never twice the same. */
  now(): number {
    const now = Math.max(performance.now() - this.#beganMs, this.#lastMs + 0.001)
    this.#lastMs = Math.round(now * 1000) / 1000
    return this.#lastMs
  }

  storm(): void {
    this.calm = false
    this.#storms++
  }

  /** Makes a call and notes what came of it. Rejects only where that is no answer of a store. */
  async record(call: Call, make: () => Promise<Answer>): Promise<RecordedCall> {
    const calledAt = this.now()
    const calm = this.calm
    const storms = this.#storms
    let answer: Answer = {}
    let result: RecordedCall['result'] = 'ok'
    let error: TorcError | undefined
    try {
      answer = await make()
    } catch (thrown) {
      if (!(thrown instanceof TorcError)) throw thrown
      error = thrown
      result = definite.has(thrown.code) ? 'failed' : 'unknown'
    }
    const recorded: RecordedCall = {
      ...call,
      ...answer,
      ...{ calledAt, returnedAt: this.now(), result },
      ...(error === undefined ? {} : { error: `${error.code} ${error.message}` }),
      calm: calm && this.calm && storms === this.#storms,
      final: this.final,
    }
    this.calls.push(recorded)
    this.#file?.write(`${JSON.stringify(recorded)}\n`)
    if (error !== undefined && !error.retryable && !definite.has(error.code) && !overtaken.has(error.code))
      this.badFailures.push(recorded)
    return recorded
  }

  /** Puts something else into the file, for its reader. */
  note(what: object): void {
    this.#file?.write(`${JSON.stringify(what)}\n`)
  }

  async close(): Promise<void> {
    const file = this.#file
    if (file !== undefined) await new Promise<void>(resolve => file.end(resolve))
  }
}
