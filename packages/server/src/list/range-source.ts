import { decodeContext } from '@torc/cluster/clocks/causal-context'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { compareKeys } from '@torc/protocol/identifiers/key-order'
import type { RequestOf } from '@torc/protocol/messages/table'
import { addressFields, type Coordination } from '../core/coordination.js'
import { type Deadline, readAttemptMs } from '../core/deadline.js'
import type { Layout } from '../layout/layout.js'
import type { KeyReport } from './judge.js'
import { endOfPrefix } from './key-order.js'
import type { PageSize, Progress } from './page-size.js'

export interface RangeQuery {
  readonly bucketId: Uint8Array
  readonly prefix: string
  readonly versions: boolean
  /** Only versions up to this hybrid time. */
  readonly at: number | undefined
  /** Only keys of which the agent holds hints. */
  readonly onlyHints: boolean
}

/** One agent's keys of a bucket in order, fetched page by page, each under the deadline that holds then. */
export class RangeSource {
  readonly agent: string
  readonly #c: Coordination
  readonly #layout: Layout
  readonly #query: RangeQuery
  readonly #deadline: () => Deadline
  #after: string
  #buffer: KeyReport[] = []
  #next = 0
  #exhausted = false
  readonly #size: PageSize

  constructor(
    c: Coordination,
    layout: Layout,
    agent: string,
    query: RangeQuery,
    start: { readonly after: string; readonly size: PageSize },
    deadline: () => Deadline,
  ) {
    this.agent = agent
    this.#c = c
    this.#layout = layout
    this.#query = query
    this.#deadline = deadline
    this.#after = start.after
    this.#size = start.size
  }

  /** The next report; undefined when the buffer is empty. */
  get head(): KeyReport | undefined {
    return this.#buffer[this.#next]
  }

  /** Nothing follows the buffer. */
  get exhausted(): boolean {
    return this.#exhausted
  }

  get done(): boolean {
    return this.#exhausted && this.head === undefined
  }

  shift(): void {
    this.#next++
  }

  /** Skips everything that begins with `prefix`; what is not buffered is not even fetched. */
  skip(prefix: string): void {
    const from = this.#next
    while (this.head?.key.startsWith(prefix) === true) this.#next++
    if (this.head !== undefined || this.#exhausted) return
    const end = endOfPrefix(prefix)
    if (compareKeys(end, this.#after) > 0) {
      this.#after = end
      // A prefix that took up most of a page may be long; after many short ones pages go on as they were.
      if (2 * (this.#next - from) > this.#buffer.length) this.#size.restart()
    }
  }

  /** Fetches until something is buffered or nothing is left. */
  async fill(progress?: Progress): Promise<void> {
    while (this.head === undefined && !this.#exhausted) await this.#fetchPage(progress)
  }

  async #fetchPage(progress: Progress | undefined): Promise<void> {
    const { bucketId, prefix, versions, at, onlyHints } = this.#query
    const head: RequestOf<'fetchRange'> = {
      ...addressFields(this.#c, this.#layout),
      bucketId,
      prefix,
      after: this.#after,
      limit: this.#size.next(progress),
      versions,
    }
    if (at !== undefined) head.at = at
    if (onlyHints) head.onlyHints = true
    const buffer: KeyReport[] = []
    const timeoutMs = this.#deadline().attempt(readAttemptMs)
    for await (const answer of this.#c.agents.fetch(this.agent, 'fetchRange', head, { timeoutMs })) {
      this.#c.hybridClock.observe(answer.head.time)
      for (const item of answer.head.keys) {
        const report: KeyReport = {
          agent: this.agent,
          key: item.key,
          context: decodeContext(item.context, 'CORRUPT'),
          headsCoverAll: item.headsCoverAll,
          heads: item.heads.map(record => decodeVersion(record)),
          versions: versions ? (item.versions ?? []).map(record => decodeVersion(record)) : undefined,
        }
        const last = buffer.at(-1)
        // A key with a long history comes in several parts.
        if (last?.key === item.key) buffer[buffer.length - 1] = joinParts(last, report)
        else buffer.push(report)
      }
      if (answer.head.exhausted === true) this.#exhausted = true
    }
    this.#buffer = buffer
    this.#next = 0
    this.#after = buffer.at(-1)?.key ?? this.#after
    if (buffer.length === 0) this.#exhausted = true
  }
}

function joinParts(first: KeyReport, more: KeyReport): KeyReport {
  return {
    ...first,
    heads: [...first.heads, ...more.heads],
    versions: first.versions === undefined ? undefined : [...first.versions, ...(more.versions ?? [])],
  }
}
