import { versionIdOf } from '@torc/cluster/state/version'
import { type Activity, buckets, type ClientParts, callOf, hashOf } from './activity.js'

/** A set is as large as one page of a listing and a bit; then a new one begins. */
const elementsPerSet = 300
const addProbability = 0.72
const removeProbability = 0.22

/** Sets, each a prefix: keys are written once, some of them deleted, and the prefix is listed. */
export class Elements implements Activity {
  readonly #parts: ClientParts
  #added = 0
  /** Acknowledged, and not deleted so far. */
  readonly #there: string[] = []

  constructor(parts: ClientParts) {
    this.#parts = parts
  }

  async step(): Promise<void> {
    const { random } = this.#parts
    const draw = random.fraction()
    if (draw < addProbability || this.#there.length === 0) await this.#add()
    else if (draw < addProbability + removeProbability) await this.#remove()
    else await this.#list()
  }

  async #add(): Promise<void> {
    const { name, store, history, random } = this.#parts
    const key = `${this.#set(this.#added)}${String(this.#added).padStart(6, '0')}`
    this.#added++
    const opId = random.bytes(16)
    const call = {
      ...callOf(name, 'put', buckets.loose, key),
      version: versionIdOf(opId),
      hash: hashOf(Buffer.from(key)),
    }
    const { result } = await history.record(call, async () => {
      await store.put(buckets.loose, key, key, { opId })
      return {}
    })
    if (result === 'ok') this.#there.push(key)
  }

  async #remove(): Promise<void> {
    const { name, store, history, random } = this.#parts
    const [key = ''] = this.#there.splice(random.integer(0, this.#there.length - 1), 1)
    await history.record(callOf(name, 'delete', buckets.loose, key), async () => {
      const { removed } = await store.delete(buckets.loose, key)
      return { removed }
    })
  }

  async #list(): Promise<void> {
    const { name, store, history, random } = this.#parts
    const prefix = this.#set(random.integer(0, Math.max(0, this.#added - 1)))
    await history.record(callOf(name, 'list', buckets.loose, prefix), async () => {
      const listed: string[] = []
      for await (const entry of store.list(buckets.loose, { prefix }))
        if ('key' in entry) listed.push(entry.key)
      return { listed }
    })
  }

  #set(element: number): string {
    return `${setPrefix}${this.#parts.name}/${Math.floor(element / elementsPerSet)}/`
  }
}

/** Keys that are elements of sets begin so. */
export const setPrefix = 'set/'
