import { backoffMs } from '@torc/protocol/environment/backoff'
import type { Environment } from '@torc/protocol/environment/system'
import { limits } from '@torc/protocol/limits'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { Agents } from '../agents/agents.js'
import { type LogPlace, sameBytes } from './cursor.js'

/** Somebody who waits for changes of a bucket. */
export interface Waiter {
  readonly bucketId: Uint8Array
  /** Agents of which it wants to know. */
  readonly agents: readonly string[]
  /** How far it has read their logs. */
  readonly places: ReadonlyMap<string, LogPlace>
  readonly wake: () => void
}

type Tail = ResponseOf<'fetchChangesTail'>
type KnownTail = Pick<Tail, 'logId' | 'last'> & { readonly buckets?: Tail['buckets'] | undefined }

/** Time between two questions, in milliseconds, so that a busy agent is not asked for every write of its own. */
const pauseMs = 10
/** How long an agent is asked on when nobody waits: a client that got a batch comes again at once. */
const idleMs = 1_000
/** Beyond the time that the agent may hold the request. */
const answerMs = 5_000

interface Following {
  readonly controller: AbortController
  waiters: number
  known: Tail | undefined
  cancelEnd: (() => void) | undefined
}

/**
 * One held request to each agent, while somebody waits, that is answered when the agent's log grows: it wakes those who
 * wait for one of the buckets that it grew by. It only wakes; what there is to tell is read by who is woken.
 */
export class AgentTails {
  readonly #agents: Agents
  readonly #environment: Environment
  readonly #waiters = new Set<Waiter>()
  readonly #followed = new Map<string, Following>()

  constructor(agents: Agents, environment: Environment) {
    this.#agents = agents
    this.#environment = environment
  }

  get waiting(): number {
    return this.#waiters.size
  }

  /** Wakes the waiter from now on, as often as there may be something new for it; the returned function ends that. */
  add(waiter: Waiter): () => void {
    this.#waiters.add(waiter)
    for (const agent of waiter.agents) {
      const following = this.#follow(agent)
      // Which buckets lie between where the waiter is and what is known by now was told before it came.
      const known = following.known && { ...following.known, buckets: undefined }
      if (known !== undefined && isNews(waiter, agent, known)) waiter.wake()
    }
    return () => {
      if (!this.#waiters.delete(waiter)) return
      for (const agent of waiter.agents) this.#leave(agent)
    }
  }

  wakeAll(): void {
    for (const waiter of [...this.#waiters]) waiter.wake()
  }

  close(): void {
    for (const { controller, cancelEnd } of this.#followed.values()) {
      cancelEnd?.()
      controller.abort()
    }
    this.#followed.clear()
    this.wakeAll()
  }

  #follow(agent: string): Following {
    let following = this.#followed.get(agent)
    if (following === undefined) {
      const controller = new AbortController()
      following = { controller, waiters: 0, known: undefined, cancelEnd: undefined }
      this.#followed.set(agent, following)
      void this.#run(agent, following)
    }
    following.waiters++
    following.cancelEnd?.()
    following.cancelEnd = undefined
    return following
  }

  #leave(agent: string): void {
    const following = this.#followed.get(agent)
    if (following === undefined || --following.waiters > 0) return
    following.cancelEnd = this.#environment.clock.after(idleMs, () => {
      this.#followed.delete(agent)
      following.controller.abort()
    })
  }

  async #run(agent: string, following: Following): Promise<void> {
    const { random } = this.#environment
    const { signal } = following.controller
    let failures = 0
    while (!signal.aborted) {
      let waitMs = pauseMs
      try {
        const tail = await this.#ask(agent, following.known, signal)
        failures = 0
        // What others asked meanwhile may have been told already: each waiter knows how far it is.
        following.known = tail
        for (const waiter of [...this.#waiters]) if (isNews(waiter, agent, tail)) waiter.wake()
      } catch {
        // Down, as a rule: it may be another agent in all but name when it is back.
        following.known = undefined
        waitMs = backoffMs(failures++, random.fraction())
      }
      if (!signal.aborted) await this.#pause(waitMs, signal)
    }
  }

  async #ask(agent: string, known: Tail | undefined, signal: AbortSignal): Promise<Tail> {
    const waitMs = limits.tailMsMax
    const from = known === undefined ? {} : { logId: known.logId, after: known.last }
    const options = { timeoutMs: waitMs + answerMs, signal }
    return (await this.#agents.request(agent, 'fetchChangesTail', { ...from, waitMs }, options)).head
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const end = (): void => {
        disarm()
        signal.removeEventListener('abort', end)
        resolve()
      }
      const disarm = this.#environment.clock.after(ms, end)
      signal.addEventListener('abort', end)
    })
  }
}

/** Whether what an agent says of its log may be new to a waiter. */
function isNews(
  { bucketId, agents, places }: Waiter,
  agent: string,
  { logId, last, buckets }: KnownTail,
): boolean {
  if (!agents.includes(agent)) return false
  const place = places.get(agent)
  if (place === undefined || !sameBytes(place.logId, logId)) return true
  if (place.position >= last) return false
  return buckets === undefined || buckets.some(bucket => sameBytes(bucket, bucketId))
}
