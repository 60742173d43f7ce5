import { TorcError } from '@torc/protocol/errors'
import type { Answer, RequestOptions } from '@torc/protocol/exchange/exchange'
import { checkerOf, type Fields } from '@torc/protocol/messages/fields'
import { type MessageName, messages, type RequestOf, type ResponseOf } from '@torc/protocol/messages/table'
import { type Agents, notSent } from '../../src/agents/agents.js'

interface FakeRow {
  readonly bucketId: Uint8Array
  readonly key: string
  readonly versionId: string
  readonly type: 'put' | 'marker' | 'remove'
  readonly loggedAt: number
}

/** The log of changes of one agent, in memory. */
export class FakeLog {
  logId = new Uint8Array(16)
  first = 1
  readonly rows: FakeRow[] = []
  readonly #waits = new Set<() => void>()

  get last(): number {
    return this.rows.length
  }

  note(row: FakeRow): void {
    this.rows.push(row)
    for (const wake of [...this.#waits]) wake()
  }

  changes({ bucketId, prefix, after, since, limit }: RequestOf<'fetchChanges'>): ResponseOf<'fetchChanges'> {
    const { logId, first, last } = this
    const late = this.rows.findIndex(({ loggedAt }, i) => i + 1 >= first && loggedAt >= (since ?? 0))
    const from = after ?? (since === undefined ? last : late < 0 ? last : late)
    const rows = from + 1 < first ? [] : this.rows.map((row, i) => ({ ...row, position: i + 1 })).slice(from)
    const found = rows.filter(
      row => Buffer.compare(row.bucketId, bucketId) === 0 && row.key.startsWith(prefix),
    )
    const page = found.slice(0, limit)
    const position = page.length < found.length ? (page.at(-1)?.position ?? last) : Math.max(from, last)
    const changes = page.map(({ position: at, key, versionId, type, loggedAt }) => ({
      ...{ position: at, key, versionId, kind: 'object' as const, type, createdAt: loggedAt, loggedAt },
    }))
    return { time: 1, logId, first, last, from, position, changes }
  }

  async tail(
    { logId, after }: RequestOf<'fetchChangesTail'>,
    signal: AbortSignal | undefined,
  ): Promise<ResponseOf<'fetchChangesTail'>> {
    const isSame = logId !== undefined && Buffer.compare(logId, this.logId) === 0
    if (isSame && after === this.last) await this.#grown(signal)
    if (!isSame || after === undefined) return { logId: this.logId, last: this.last }
    return { logId: this.logId, last: this.last, buckets: this.rows.slice(after).map(row => row.bucketId) }
  }

  #grown(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        this.#waits.delete(wake)
        resolve()
      }
      this.#waits.add(wake)
      signal?.addEventListener('abort', () => {
        this.#waits.delete(wake)
        reject(new TorcError('CANCELLED', 'cancelled'))
      })
    })
  }

  /** Held requests. */
  get held(): number {
    return this.#waits.size
  }
}

/** Agents that have logs and nothing else. Heads pass the message table's checks in both directions. */
export class FakeLogs implements Agents {
  readonly logs: ReadonlyMap<string, FakeLog>
  readonly down = new Set<string>()
  readonly sent: string[] = []
  /** Holds back answers of `fetchChanges`. */
  gate: ((agent: string) => Promise<void> | undefined) | undefined

  constructor(ids: readonly string[]) {
    this.logs = new Map(
      ids.map((id, i) => [id, Object.assign(new FakeLog(), { logId: new Uint8Array(16).fill(i + 1) })]),
    )
  }

  log(agent: string): FakeLog {
    const log = this.logs.get(agent)
    if (log === undefined) throw new RangeError(agent)
    return log
  }

  isAlive(agent: string): boolean {
    return this.logs.has(agent) && !this.down.has(agent)
  }

  isReachable(agent: string): boolean {
    return this.isAlive(agent)
  }

  async request<N extends MessageName>(
    agent: string,
    name: N,
    head: RequestOf<N>,
    { signal }: RequestOptions = {},
  ): Promise<Answer<N>> {
    if (!this.isAlive(agent)) throw notSent(agent)
    const { request, response } = messages[name] as { request: Fields; response: Fields }
    const asked = checkerOf(request)(head) as never
    this.sent.push(`${name} ${agent}`)
    if (name === 'fetchChanges') await this.gate?.(agent)
    const log = this.log(agent)
    const answer = name === 'fetchChanges' ? log.changes(asked) : await log.tail(asked, signal ?? undefined)
    return { head: checkerOf(response)(answer) as never, body: undefined }
  }

  fetch(): AsyncIterable<never> {
    throw new TorcError('INTERNAL', 'not asked for here')
  }
}
