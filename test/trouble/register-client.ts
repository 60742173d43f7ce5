import { createHash } from 'node:crypto'
import { type Store, TorcError } from '@torc/client'
import type { SeededRandom } from '../harness/simulation/seeded-random.js'

/** A key with one writer, and what it knows of its versions. */
interface Register {
  readonly key: string
  /** Acknowledged, and nothing that was done since can have taken them: they must be there. */
  readonly alive: Map<string, string>
  /** A purge may have taken them, or not. */
  readonly perhaps: Map<string, string>
  /** A purge said that it took them: they must never be seen again. */
  readonly gone: Set<string>
  /** The last acknowledged write, where nothing later may have been written. */
  latest: string | undefined
}

export interface ClientCounts {
  puts: number
  deletes: number
  reads: number
  readonly failedWrites: string[]
  readonly failedReads: string[]
}

/** Sizes of bodies: most are kept with their version, some are in blocks. */
const smallBytes = 2_000
const largeBytes = 150_000

/** A client that puts, reads and deletes without pause, each call as a program would make it, on keys of its own. */
export class RegisterClient {
  readonly counts: ClientCounts = { puts: 0, deletes: 0, reads: 0, failedWrites: [], failedReads: [] }
  /** Promises that were broken. */
  readonly violations: string[] = []
  readonly #store: Store
  readonly #bucket: string
  readonly #random: SeededRandom
  readonly #registers: readonly Register[]

  constructor(options: {
    readonly store: Store
    readonly bucket: string
    readonly name: string
    readonly keys: number
    readonly random: SeededRandom
  }) {
    this.#store = options.store
    this.#bucket = options.bucket
    this.#random = options.random
    this.#registers = Array.from({ length: options.keys }, (_, n) => ({
      key: `${options.name}/${n}`,
      alive: new Map(),
      perhaps: new Map(),
      gone: new Set(),
      latest: undefined,
    }))
  }

  get keys(): string[] {
    return this.#registers.map(({ key }) => key)
  }

  /** One call after the other until `over`. `calm`: every owner is up, so that no read may be stale. */
  async run(over: () => boolean, calm: () => boolean): Promise<void> {
    while (!over()) {
      const register = this.#random.pick(this.#registers)
      const draw = this.#random.fraction()
      if (draw < 0.45) await this.#put(register)
      else if (draw < 0.88) await this.#get(register, calm)
      else await this.#delete(register)
    }
  }

  async #put(register: Register): Promise<void> {
    const size = this.#random.chance(0.15) ? largeBytes : smallBytes
    const body = this.#random.bytes(this.#random.integer(1, size))
    register.latest = undefined
    try {
      const { versionId } = await this.#store.put(this.#bucket, register.key, body)
      register.alive.set(versionId, hashOf(body))
      register.latest = versionId
      this.counts.puts++
    } catch (error) {
      this.counts.failedWrites.push(`put ${register.key}: ${describe(error)}`)
    }
  }

  async #delete(register: Register): Promise<void> {
    for (const [id, hash] of register.alive) register.perhaps.set(id, hash)
    register.alive.clear()
    register.latest = undefined
    try {
      const { removed } = await this.#store.delete(this.#bucket, register.key)
      for (const id of removed) {
        register.gone.add(id)
        register.perhaps.delete(id)
      }
      this.counts.deletes++
    } catch (error) {
      this.counts.failedWrites.push(`delete ${register.key}: ${describe(error)}`)
    }
  }

  async #get(register: Register, calm: () => boolean): Promise<void> {
    const { key, latest } = register
    const calmBefore = calm()
    try {
      const object = await this.#store.get(this.#bucket, key)
      const bytes = await object.bytes()
      const { versionId } = object
      if (register.gone.has(versionId)) this.violations.push(`${key}: ${versionId} was purged and is read`)
      const wanted = register.alive.get(versionId) ?? register.perhaps.get(versionId)
      if (wanted !== undefined && wanted !== hashOf(bytes))
        this.violations.push(`${key}: ${versionId} has other bytes`)
      if (latest !== undefined && latest !== versionId && calmBefore && calm())
        this.violations.push(`${key}: ${versionId} is read, and ${latest} is newer and acknowledged`)
      this.counts.reads++
    } catch (error) {
      const missing = error instanceof TorcError && error.code === 'KEY_NOT_FOUND'
      if (missing && latest !== undefined && calmBefore && calm())
        this.violations.push(`${key}: nothing is read, and ${latest} is acknowledged`)
      if (!missing) this.counts.failedReads.push(`get ${key}: ${describe(error)}`)
      else this.counts.reads++
    }
  }

  /** What is lost, back, or unreadable; the cluster is whole. */
  async check(): Promise<void> {
    for (const { key, alive, gone } of this.#registers) {
      const listed = new Set<string>()
      for await (const entry of this.#store.versions(this.#bucket, { prefix: key })) {
        if ('key' in entry && entry.key === key) listed.add(entry.versionId)
      }
      for (const [id, hash] of alive) {
        if (!listed.has(id)) {
          this.violations.push(`${key}: ${id} was acknowledged and is lost`)
          continue
        }
        const bytes = await (await this.#store.get(this.#bucket, key, { versionId: id })).bytes()
        if (hashOf(bytes) !== hash) this.violations.push(`${key}: ${id} has other bytes`)
      }
      for (const id of gone) if (listed.has(id)) this.violations.push(`${key}: ${id} was purged and is back`)
    }
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function describe(error: unknown): string {
  return error instanceof TorcError ? `${error.code} ${error.message}` : String(error)
}
