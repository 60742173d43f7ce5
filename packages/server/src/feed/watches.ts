import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Buckets } from '../buckets/buckets.js'
import type { Coordination } from '../core/coordination.js'
import { readAttemptMs } from '../core/deadline.js'
import type { OperationLimits } from '../core/operations.js'
import type { Layout } from '../layout/layout.js'
import { AgentTails } from './agent-tails.js'
import { decodeCursor, encodeCursor, type FeedCursor, hashOfPrefix, sameBytes } from './cursor.js'
import { advanced, goesOn, type LogAnswer, type LogRead, type Lost, planReads } from './cursor-rules.js'
import { type LoggedChange, mergeLogs } from './merge-logs.js'
import { PromptAnswers } from './prompt-answers.js'

export interface WatchOperation extends OperationLimits {
  readonly bucket: string
  readonly prefix: string
  readonly cursor: string | undefined
  readonly waitMs: number
  readonly limit: number
}

export interface WatchedBatch {
  readonly changes: readonly LoggedChange[]
  readonly cursor: string
  readonly reset: boolean
  readonly more: boolean
}

/** Of an agent that was not reached when the cursor was made: so much before it is read too, as clocks differ. In µs. */
const skew = 60_000_000
/** After the first sign of a change: the other owners' reports of the same write shall be in the same batch. */
const lingerMs = 20
/** Of a bucket beside busy ones, which is woken for nothing again and again, the pause grows up to this. */
const lingerMsMax = 320
/** A watch looks again after so long, whatever woke it or not: agents may have joined since. */
const lookAgainMs = 5_000

/** One question of a watcher, as it is worked on. */
interface Question {
  readonly bucket: BucketView
  readonly prefix: string
  readonly limit: number
  readonly signal: AbortSignal | undefined
}

type Round =
  | { readonly lost: Lost }
  | ({ readonly lost?: undefined; readonly cursor: FeedCursor; readonly heard: boolean } & Pick<
      WatchedBatch,
      'changes' | 'more'
    >)

/** Answers those who follow the changes of a bucket. Holds nothing of them but that they wait now. */
export class Watches {
  readonly #c: Coordination
  readonly #buckets: Pick<Buckets, 'find'>
  readonly #tails: AgentTails
  readonly #answers: PromptAnswers
  #isClosed = false

  constructor(c: Coordination, buckets: Pick<Buckets, 'find'>) {
    this.#c = c
    this.#buckets = buckets
    this.#tails = new AgentTails(c.agents, c.environment)
    this.#answers = new PromptAnswers(c.environment.clock, c.log)
  }

  /** One batch behind a cursor. OVERLOADED where too many wait, UNAVAILABLE where no agent answers. */
  async watch(operation: WatchOperation): Promise<WatchedBatch> {
    const { prefix, limit, signal } = operation
    const given = operation.cursor === undefined ? undefined : decodeCursor(operation.cursor)
    const bucket = await this.#buckets.find(operation.bucket, operation)
    const question = { bucket, prefix, limit, signal }
    if (given === undefined) return this.#now(question, operation.cursor !== undefined)
    checkPrefix(given, bucket, prefix)
    await this.#catchUp(given.epoch)
    return this.#follow(question, given, operation.waitMs)
  }

  /** Wakes all who wait, so that the server can stop; later watches do not wait. */
  close(): void {
    this.#isClosed = true
    this.#tails.close()
  }

  async #follow(question: Question, given: FeedCursor, waitMs: number): Promise<WatchedBatch> {
    const { clock } = this.#c.environment
    const untilMs = clock.monotonicMs() + waitMs
    let cursor = given
    let heard = false
    for (let pauseMs = lingerMs; ; pauseMs = Math.min(lingerMsMax, pauseMs * 2)) {
      const round = await this.#round(question, cursor)
      if (round.lost !== undefined) {
        this.#c.log.info({ bucket: question.bucket.name, why: round.lost }, 'a watcher has to begin anew')
        return this.#now(question, true)
      }
      const { changes, more } = round
      cursor = round.cursor
      heard ||= round.heard
      const leftMs = this.#isClosed ? 0 : untilMs - clock.monotonicMs()
      if (changes.length > 0 || leftMs <= 0) {
        if (!heard) throw new TorcError('UNAVAILABLE', 'no agent tells its changes')
        return { changes, cursor: encodeCursor(cursor), reset: false, more }
      }
      if (more) continue
      await this.#wait(question, cursor, Math.min(leftMs, lookAgainMs))
      await this.#pause(Math.min(pauseMs, untilMs - clock.monotonicMs()))
      if (question.signal?.aborted === true) throw new TorcError('CANCELLED', 'the watch was given up')
    }
  }

  /** Reads on in all logs that can be read. */
  async #round(question: Question, cursor: FeedCursor): Promise<Round> {
    const { agents, layouts } = this.#c
    const layout = layouts.require()
    const members = layout.allAgents
    const reads = planReads(cursor, {
      bucketId: question.bucket.id,
      lineage: layout.epoch.lineage,
      members,
      isAlive: agent => agents.isAlive(agent),
    })
    if (typeof reads === 'string') return { lost: reads }
    const since = Math.max(0, cursor.since - skew)
    const byAgent = new Map(reads.map(read => [read.agent, read]))
    const answers = await this.#answers.gather([...byAgent.keys()], agent =>
      this.#read(question, agent, byAgent.get(agent)?.place?.position, since),
    )
    for (const [agent, answer] of answers) {
      if (!goesOn(byAgent.get(agent) as LogRead, answer)) return { lost: 'a log that is gone' }
    }
    const { changes, reached, more } = mergeLogs(answers, question.limit)
    const next = advanced(cursor, reached, layout.number, members)
    return { changes, more, cursor: next, heard: answers.size > 0 }
  }

  /** A cursor of now. Agents that do not answer are read by time once they do. */
  async #now(question: Question, reset: boolean): Promise<WatchedBatch> {
    const { agents, hybridClock } = this.#c
    const layout = this.#c.layouts.require()
    const since = hybridClock.now()
    const members = layout.allAgents.filter(agent => agents.isAlive(agent))
    const answers = await this.#answers.gather(members, agent => this.#read(question, agent))
    if (answers.size === 0) throw new TorcError('UNAVAILABLE', 'no agent tells its changes')
    const places = new Map(
      Array.from(answers, ([agent, { logId, last }]) => [agent, { logId, position: last }]),
    )
    const cursor = { ...cursorFor(question, layout), since, places }
    return { changes: [], cursor: encodeCursor(cursor), reset, more: false }
  }

  async #read(
    { bucket, prefix, limit, signal }: Question,
    agent: string,
    after?: number,
    since?: number,
  ): Promise<LogAnswer> {
    const { agents, hybridClock } = this.#c
    const start = after !== undefined ? { after } : since !== undefined ? { since } : {}
    const head = {
      ...{ bucketId: bucket.id, prefix, limit: Math.min(limit, limits.feedPageMax), time: hybridClock.now() },
      ...start,
    }
    const answer = await agents.request(agent, 'fetchChanges', head, { timeoutMs: readAttemptMs, signal })
    hybridClock.observe(answer.head.time)
    return answer.head
  }

  /** The cursor comes from a server that knows a newer layout: by the older one agents would seem to be missing. */
  async #catchUp(epoch: number): Promise<void> {
    const { layouts, agents, knownAgents } = this.#c
    if (layouts.require().number >= epoch) return
    await layouts.learnFromAll(agents, knownAgents(), readAttemptMs)
    if (layouts.require().number < epoch)
      throw new TorcError('UNAVAILABLE', `this server has not heard of layout ${epoch} yet`)
  }

  /** Until something may have changed. */
  async #wait({ bucket, signal }: Question, { places }: FeedCursor, ms: number): Promise<void> {
    if (this.#tails.waiting >= limits.waitingWatchesMax)
      throw new TorcError('OVERLOADED', `${this.#tails.waiting} wait for changes at this server`)
    const { layouts, environment } = this.#c
    const agents = [...new Set([...layouts.require().allAgents, ...places.keys()])]
    await new Promise<void>(resolve => {
      const end = (): void => {
        disarm()
        signal?.removeEventListener('abort', end)
        // It may be woken while it is being added.
        environment.clock.soon(() => leave())
        resolve()
      }
      const disarm = environment.clock.after(ms, end)
      signal?.addEventListener('abort', end)
      const leave = this.#tails.add({ bucketId: bucket.id, agents, places, wake: end })
      if (signal?.aborted === true) end()
    })
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#isClosed) return Promise.resolve()
    return new Promise(resolve => void this.#c.environment.clock.after(ms, resolve))
  }
}

function cursorFor({ bucket, prefix }: Question, { epoch, number }: Layout) {
  const { lineage } = epoch
  return { bucketId: bucket.id, prefixHash: hashOfPrefix(prefix), lineage, epoch: number }
}

/** Of another bucket (one that was made again, say) it is lost; of another prefix of this one it was mistaken. */
function checkPrefix(cursor: FeedCursor, bucket: BucketView, prefix: string): void {
  if (!sameBytes(cursor.bucketId, bucket.id) || sameBytes(cursor.prefixHash, hashOfPrefix(prefix))) return
  throw new TorcError('BAD_REQUEST', `the cursor was made for another prefix than "${prefix}"`, {
    hint: 'Give the prefix that it was made for, or no cursor, to begin now.',
  })
}
