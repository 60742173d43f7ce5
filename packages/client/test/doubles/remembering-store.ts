import { TorcError } from '@torc/protocol/errors'
import type * as s from '@torc/protocol/store/object-store'
import { headsOf, idOf } from './memory-history.js'
import { MemoryStore } from './memory-store.js'

/** A store in memory that knows its operations when they come again, and copies only where their conditions hold. */
export class RememberingStore extends MemoryStore {
  readonly #done = new Map<string, s.PutResult | s.CopyResult>()

  override put(
    bucket: string,
    key: string,
    body: s.BodyInput,
    options: s.PutOptions = {},
  ): Promise<s.PutResult> {
    return this.#once(options, () => super.put(bucket, key, body, options))
  }

  override copy(
    source: s.CopySource,
    bucket: string,
    key: string,
    options: s.CopyOptions = {},
  ): Promise<s.CopyResult> {
    return this.#once(options, async () => {
      if (options.ifNoneMatch === '*' && (await this.#hasObject(bucket, key))) {
        throw new TorcError('CONDITION_FAILED', `there is an object ${bucket}/${key}`)
      }
      return super.copy(source, bucket, key, options)
    })
  }

  async #once<R extends s.PutResult>(
    { opId, retry = false }: s.CallOptions,
    write: () => Promise<R>,
  ): Promise<R> {
    const id = opId === undefined ? undefined : Buffer.from(opId).toString('hex')
    const earlier = id === undefined || !retry ? undefined : this.#done.get(id)
    if (earlier !== undefined) return { ...(earlier as R), siblings: this.#headsBeside(earlier) }
    const result = await write()
    if (id !== undefined) this.#done.set(id, result)
    return result
  }

  #headsBeside({ bucket, key, versionId }: s.PutResult): readonly string[] {
    const heads = headsOf(this.held.get(bucket)?.get(key) ?? [])
    return heads.map(idOf).filter(id => id !== versionId)
  }

  async #hasObject(bucket: string, key: string): Promise<boolean> {
    for await (const entry of this.list(bucket, { prefix: key, details: true })) {
      if ('key' in entry && entry.key === key) return true
    }
    return false
  }
}
