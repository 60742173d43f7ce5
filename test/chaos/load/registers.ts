import { versionIdOf } from '@torc/cluster/state/version'
import { type Activity, buckets, type ClientParts, callOf, hashOf, noteGet } from './activity.js'

/** Sizes of bodies: most are kept with their version, some are in blocks. */
const smallBytes = 2_000
const largeBytes = 120_000
const largeProbability = 0.06
const othersProbability = 0.3

/** Keys with one writer each, which puts, reads and deletes them as a program would; others read them as well. */
export class Registers implements Activity {
  readonly #parts: ClientParts
  readonly #keys: readonly string[]
  readonly #others: readonly string[]

  /** `clients`: names of all clients. */
  constructor(parts: ClientParts, clients: readonly string[], keysEach: number) {
    this.#parts = parts
    const keysOf = (client: string): string[] => Array.from({ length: keysEach }, (_, n) => `${client}/${n}`)
    this.#keys = keysOf(parts.name)
    this.#others = clients.filter(client => client !== parts.name).flatMap(keysOf)
  }

  async step(): Promise<void> {
    const { random } = this.#parts
    // One in three of its keys is in the strict bucket.
    const number = random.integer(0, this.#keys.length - 1)
    const draw = random.fraction()
    const own = this.#keys[number] ?? ''
    if (draw < 0.42) await this.#put(bucketOf(own), own)
    else if (draw < 0.53) await this.#delete(bucketOf(own), own)
    else {
      const key =
        random.chance(othersProbability) && this.#others.length > 0 ? random.pick(this.#others) : own
      await noteGet(this.#parts, bucketOf(key), key)
    }
  }

  async #put(bucket: string, key: string): Promise<void> {
    const { name, store, history, random } = this.#parts
    const size = random.chance(largeProbability) ? largeBytes : smallBytes
    const body = random.bytes(random.integer(1, size))
    const opId = random.bytes(16)
    const call = { ...callOf(name, 'put', bucket, key), version: versionIdOf(opId), hash: hashOf(body) }
    await history.record(call, async () => {
      await store.put(bucket, key, body, { opId })
      return {}
    })
  }

  async #delete(bucket: string, key: string): Promise<void> {
    const { name, store, history } = this.#parts
    await history.record(callOf(name, 'delete', bucket, key), async () => {
      const { removed } = await store.delete(bucket, key)
      return { removed }
    })
  }
}

/** Every third register is strict. */
export function bucketOf(register: string): string {
  return Number(register.split('/').at(-1)) % 3 === 0 ? buckets.strict : buckets.loose
}
