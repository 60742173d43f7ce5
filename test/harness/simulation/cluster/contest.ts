import { versionIdOf } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import {
  linearizabilityProblem,
  type RegisterCall,
  type RegisterEvent,
} from '../../checkers/linearizability.js'
import type { SeededRandom } from '../seeded-random.js'
import { Violation } from './history.js'

/** Keys that all clients write under conditions, and nobody without one: each must behave as one register does. */
export class Contest {
  readonly #events = new Map<string, RegisterEvent[]>()
  /** Calls and returns in the order in which they took place. */
  #clock = 0

  get keys(): readonly string[] {
    return [...this.#events.keys()].sort()
  }

  count(result: RegisterEvent['result']): number {
    return [...this.#events.values()].flat().filter(event => event.result === result).length
  }

  /** Makes a call and notes what came of it; undefined for a read, `acknowledged`, or the code of a failure. */
  async call(
    key: string,
    call: RegisterCall,
    make: () => Promise<RegisterEvent['result']>,
  ): Promise<string | undefined> {
    const calledAt = this.#clock++
    let result: RegisterEvent['result']
    let failure: string | undefined
    try {
      result = await make()
    } catch (thrown) {
      if (!(thrown instanceof TorcError)) throw thrown
      if (thrown.code === 'CONDITION_FAILED') result = 'refused'
      // Tried again, and gone by then, by the retention policy: it took place.
      else if (thrown.code === 'SUPERSEDED' && thrown.details?.['how'] !== undefined) result = 'done'
      else if (thrown.retryable) failure = thrown.code
      else throw new Violation(`a call failed for no good reason: ${thrown}`, { cause: thrown })
    }
    const returnedAt = result === undefined ? undefined : this.#clock++
    const events = this.#events.get(key) ?? []
    this.#events.set(key, events)
    events.push({ call, calledAt, returnedAt, result })
    return failure ?? (call.kind === 'read' ? undefined : 'acknowledged')
  }

  check(): void {
    for (const [key, events] of this.#events) {
      const problem = linearizabilityProblem(events)
      if (problem !== undefined) throw new Violation(`${key}: ${problem}`)
    }
  }
}

export interface ContestCall {
  readonly store: ObjectStore
  readonly bucket: string
  readonly random: SeededRandom
  readonly contest: Contest
}

const contestedKeys = 2
const largeProbability = 0.15
const contestReadProbability = 0.3

/** One conditional write, or a read, of one of the keys. */
export async function contend(options: ContestCall): Promise<string | undefined> {
  const { random } = options
  const key = `contest/${random.integer(0, contestedKeys - 1)}`
  const seen = await readContested(options, key)
  if (typeof seen !== 'object' || random.chance(contestReadProbability)) return undefined
  const opId = random.bytes(16)
  const value = versionIdOf(opId)
  const body = random.bytes(random.chance(largeProbability) ? 40_000 : random.integer(1, 100))
  const { store, bucket, contest } = options
  // An old version now and then, which has to be refused.
  const expected = seen.shown
  const call: RegisterCall =
    expected === undefined || random.chance(0.1)
      ? { kind: 'create', value }
      : { kind: 'replace', expected, value }
  return await contest.call(key, call, async () => {
    const condition = call.kind === 'replace' ? { ifMatch: call.expected } : { ifNoneMatch: '*' as const }
    const written = await store.put(bucket, key, body, { opId, ...condition })
    if (written.versionId !== value)
      throw new Violation(`${key}: ${value} was written as ${written.versionId}`)
    return 'done'
  })
}

/** What a read shows; undefined where it failed. */
export async function readContested(
  { store, bucket, contest }: Omit<ContestCall, 'random'>,
  key: string,
): Promise<{ readonly shown: string | undefined } | undefined> {
  let seen: { readonly shown: string | undefined } | undefined
  await contest.call(key, { kind: 'read' }, async () => {
    seen = await shownOf(store, bucket, key)
    return seen
  })
  return seen
}

async function shownOf(
  store: ObjectStore,
  bucket: string,
  key: string,
): Promise<{ readonly shown: string | undefined }> {
  try {
    const { versionId, siblings } = await store.head(bucket, key)
    if (siblings.length > 0)
      throw new Violation(`${key} has siblings beside ${versionId}: ${siblings.join(' ')}`)
    return { shown: versionId }
  } catch (thrown) {
    if (thrown instanceof TorcError && thrown.code === 'KEY_NOT_FOUND') return { shown: undefined }
    throw thrown
  }
}
