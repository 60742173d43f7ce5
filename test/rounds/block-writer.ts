import { createHash } from 'node:crypto'
import { type Store, TorcError } from '@torc/client'
import { beforeNextLook } from '../harness/patience.js'
import type { SeededRandom } from '../harness/simulation/seeded-random.js'

const pieceBytes = 1024 * 1024
/** Pieces that many bodies are made of: each is a block. */
const pieces = 6

/** A key with one writer, and what may be under it. */
interface WrittenKey {
  readonly key: string
  /** Acknowledged versions that no purge may have taken, with the hash of their bytes. */
  readonly versions: Map<string, string>
}

/** Puts, copies and deletes objects in blocks, many of which are equal, on keys of its own. */
export class BlockWriter {
  readonly #store: () => Store
  readonly #bucket: string
  readonly #random: SeededRandom
  readonly #keys: readonly WrittenKey[]
  #acknowledged = 0

  constructor(options: { store: () => Store; bucket: string; name: string; random: SeededRandom }) {
    this.#store = options.store
    this.#bucket = options.bucket
    this.#random = options.random
    this.#keys = Array.from({ length: 6 }, (_, n) => ({ key: `${options.name}/${n}`, versions: new Map() }))
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  /** One call after the other, until `over`. Failures that say "try again" are part of it. */
  async run(over: () => boolean): Promise<void> {
    while (!over()) {
      try {
        await this.#call()
        this.#acknowledged++
      } catch (error) {
        if (!(error instanceof TorcError) || !(error.retryable || expected.has(error.code))) throw error
        await beforeNextLook()
      }
    }
  }

  async #call(): Promise<void> {
    const target = this.#random.pick(this.#keys)
    const draw = this.#random.fraction()
    if (draw < 0.48) await this.#put(target)
    else if (draw < 0.55) await this.#putInParts(target)
    else if (draw < 0.75) await this.#copy(target)
    else await this.#purge(target)
  }

  async #put(target: WrittenKey): Promise<void> {
    const body = this.#body()
    const { versionId } = await this.#store().put(this.#bucket, target.key, body)
    target.versions.set(versionId, sha256(body))
  }

  /** Some uploads are given up; those that a kill ends stay as they are, and hold their blocks. */
  async #putInParts(target: WrittenKey): Promise<void> {
    const store = this.#store()
    const { uploadId } = await store.createUpload(this.#bucket, target.key)
    const bodies = Array.from({ length: this.#random.integer(1, 3) }, () => this.#body())
    const upload = [this.#bucket, target.key, uploadId] as const
    const parts = await Promise.all(bodies.map((body, i) => store.uploadPart(...upload, i + 1, body)))
    if (this.#random.chance(0.3)) return await store.abortUpload(...upload)
    const { versionId } = await store.completeUpload(...upload, parts)
    target.versions.set(versionId, sha256(Buffer.concat(bodies)))
  }

  async #copy(target: WrittenKey): Promise<void> {
    const source = this.#random.pick(this.#keys)
    const [newest] = [...source.versions].reverse()
    if (newest === undefined) return
    const [versionId, hash] = newest
    const from = { bucket: this.#bucket, key: source.key, versionId }
    const copied = await this.#store().copy(from, this.#bucket, target.key)
    target.versions.set(copied.versionId, hash)
  }

  async #purge(target: WrittenKey): Promise<void> {
    // Also one that fails may take effect: from now on nothing of before must be there.
    target.versions.clear()
    await this.#store().delete(this.#bucket, target.key)
  }

  /** What is wrong with what can be read: a version that is lost, or one that is shown and can't be read. */
  async problems(): Promise<string[]> {
    const problems: string[] = []
    const store = this.#store()
    for (const { key, versions } of this.#keys) {
      const listed = new Set<string>()
      for await (const entry of store.versions(this.#bucket, { prefix: key })) {
        if ('key' in entry && entry.key === key) listed.add(entry.versionId)
      }
      for (const id of versions.keys()) if (!listed.has(id)) problems.push(`${key}: version ${id} is lost`)
      for (const versionId of listed) {
        try {
          const bytes = await (await store.get(this.#bucket, key, { versionId })).bytes()
          const wanted = versions.get(versionId)
          if (wanted !== undefined && wanted !== sha256(bytes))
            problems.push(`${key}: version ${versionId} has other bytes`)
        } catch (error) {
          problems.push(`${key}: version ${versionId} can't be read: ${error}`)
        }
      }
    }
    return problems
  }

  /** Mostly of one block; some of several that others have too, a few so large that they are uploaded by hash. */
  #body(): Uint8Array {
    const random = this.#random
    if (random.chance(0.04))
      return Buffer.concat([Buffer.alloc(8 * pieceBytes, 'large'), random.bytes(500_000)])
    if (random.chance(0.7)) return random.bytes(random.integer(17_000, 200_000))
    const parts = Array.from({ length: random.integer(1, 3) }, () =>
      Buffer.alloc(pieceBytes, random.integer(1, pieces)),
    )
    return Buffer.concat([...parts, random.bytes(random.integer(0, 50_000))])
  }
}

/** What a source of a copy may have become by another call; a store that is closed after a restart of all. */
const expected = new Set<string>([
  'KEY_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'VERSION_REMOVED',
  'SUPERSEDED',
  'CANCELLED',
  'UPLOAD_NOT_FOUND',
])

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
