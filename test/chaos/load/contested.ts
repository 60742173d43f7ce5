import { versionIdOf } from '@torc/cluster/state/version'
import { type Activity, buckets, type ClientParts, callOf, shownOr } from './activity.js'
import type { RecordedCall } from './history.js'

/** Few, so that clients meet; a new round of them now and then, so that keys are created as well. */
const keys = 3
const stepsPerRound = 40
const largeProbability = 0.1
const oldProbability = 0.1
const readProbability = 0.3

/**
 * Keys that all clients write, only ever under conditions: each must behave as one register does. Reads are strict: one
 * that may miss something says so otherwise (`degraded`), and promises nothing.
 */
export class Contested implements Activity {
  readonly #parts: ClientParts
  #steps = 0

  constructor(parts: ClientParts) {
    this.#parts = parts
  }

  async step(): Promise<void> {
    const { random } = this.#parts
    const round = Math.floor(this.#steps++ / stepsPerRound)
    const key = `${contestedPrefix}${round}/${random.integer(0, keys - 1)}`
    const read = await this.#head(key)
    if (read.result !== 'ok' || random.chance(readProbability)) return
    // Also over a key that is there, which has to be refused.
    const expected = random.chance(oldProbability) ? undefined : (read.shown ?? undefined)
    await this.#write(key, expected)
  }

  #head(key: string): Promise<RecordedCall> {
    const { name, store, history } = this.#parts
    return history.record(callOf(name, 'head', buckets.loose, key), () =>
      shownOr(async () => {
        const { versionId, degraded, siblings } = await store.head(buckets.loose, key, { strict: true })
        return { shown: siblings.length === 0 ? versionId : [versionId, ...siblings].join(' '), degraded }
      }),
    )
  }

  async #write(key: string, expected: string | undefined): Promise<void> {
    const { name, store, history, random } = this.#parts
    const opId = random.bytes(16)
    const body = random.bytes(random.chance(largeProbability) ? 40_000 : random.integer(1, 100))
    const call = callOf(name, expected === undefined ? 'create' : 'replace', buckets.loose, key)
    const condition = expected === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: expected }
    const asked = { ...call, version: versionIdOf(opId), ...(expected === undefined ? {} : { expected }) }
    await history.record(asked, async () => {
      await store.put(buckets.loose, key, body, { opId, ...condition })
      return {}
    })
  }
}

/** Keys that are written under conditions begin so. */
export const contestedPrefix = 'contested/'
