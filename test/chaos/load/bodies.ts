import { versionIdOf } from '@torc/cluster/state/version'
import { type Activity, buckets, type ClientParts, callOf, hashOf, noteGet } from './activity.js'

const mebibyte = 2 ** 20
/** Contents that many bodies share, so that blocks are shared, too. */
const fillings = 5
const uploadProbability = 0.3
const giveUpProbability = 0.2
const readProbability = 0.3
const deleteProbability = 0.3

/** Large bodies in blocks, at once and in parts, on a few keys of one writer. */
export class Bodies implements Activity {
  readonly #parts: ClientParts
  readonly #key: string

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.#key = `${bodyPrefix}${parts.name}`
  }

  async step(): Promise<void> {
    const { random } = this.#parts
    const draw = random.fraction()
    if (draw < readProbability) await noteGet(this.#parts, buckets.loose, this.#key)
    else if (draw < readProbability + deleteProbability) await this.#delete()
    else if (random.chance(uploadProbability)) await this.#upload()
    else await this.#put()
  }

  async #put(): Promise<void> {
    const { name, store, history, random } = this.#parts
    const body = Buffer.concat([this.#piece(), this.#piece(), random.bytes(mebibyte)])
    const opId = random.bytes(16)
    const call = callOf(name, 'put', buckets.loose, this.#key)
    await history.record({ ...call, version: versionIdOf(opId), hash: hashOf(body) }, async () => {
      await store.put(buckets.loose, this.#key, body, { opId })
      return {}
    })
  }

  /** One call in the history; until it is completed nothing of it is to be seen. Some are given up. */
  async #upload(): Promise<void> {
    const { name, store, history, random } = this.#parts
    const pieces = [this.#piece(), random.bytes(random.integer(1, mebibyte))]
    const givenUp = random.chance(giveUpProbability)
    const opId = random.bytes(16)
    const call = callOf(name, 'upload', buckets.loose, this.#key)
    const written = { version: versionIdOf(opId), hash: hashOf(Buffer.concat(pieces)) }
    await history.record(givenUp ? call : { ...call, ...written }, async () => {
      const { uploadId } = await store.createUpload(buckets.loose, this.#key)
      const upload = [buckets.loose, this.#key, uploadId] as const
      const parts = await Promise.all(pieces.map((piece, i) => store.uploadPart(...upload, i + 1, piece)))
      if (givenUp) await store.abortUpload(...upload)
      else await store.completeUpload(...upload, parts, { opId })
      return {}
    })
  }

  async #delete(): Promise<void> {
    const { name, store, history } = this.#parts
    await history.record(callOf(name, 'delete', buckets.loose, this.#key), async () => {
      const { removed } = await store.delete(buckets.loose, this.#key)
      return { removed }
    })
  }

  #piece(): Uint8Array {
    return Buffer.alloc(mebibyte, `filling ${this.#parts.random.integer(1, fillings)}`)
  }
}

/** Keys of large bodies begin so. */
export const bodyPrefix = 'body/'
