import { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'
import type { OperationLimits } from '../core/operations.js'
import { purge } from '../flows/delete-flow.js'
import { listPage } from '../list/list-flow.js'
import { abortUpload } from '../uploads/end-upload.js'
import { type ListedUploads, listUploads } from '../uploads/list-uploads.js'
import type { BucketView } from './bucket-record.js'
import type { ControlCall } from './control-store.js'
import { partsBucket, sessionsBucket } from './hidden-buckets.js'

/** Keys purged at once. */
const parallel = 16
const pageKeys = 1000

/**
 * What is in a bucket that is to go: versions, uploads under way, and what is no reason for it to stay: parts that a crash
 * left without an upload, and who synced folders with it.
 */
export class BucketContents {
  readonly #c: Coordination

  constructor(c: Coordination) {
    this.#c = c
  }

  /** BUCKET_NOT_EMPTY when it has versions or uploads under way. */
  async checkEmpty(bucket: BucketView, call: ControlCall): Promise<void> {
    const page = await listPage(this.#c, { ...versionsOf(bucket, call), limit: 1, token: undefined })
    if (page.entries.length > 0)
      throw new TorcError('BUCKET_NOT_EMPTY', `bucket ${bucket.name} has objects or versions`)
    const { uploads } = await this.#uploads(bucket, 1, call)
    if (uploads.length === 0) return
    throw new TorcError('BUCKET_NOT_EMPTY', `bucket ${bucket.name} has uploads under way`, {
      hint: `See them with \`torc uploads ${bucket.name}\`; complete or abort them, or use \`torc rb --force\`.`,
    })
  }

  async purge(bucket: BucketView, call: ControlCall): Promise<void> {
    await this.#abortUploads(bucket, call)
    await this.purgeRest(bucket, call)
    await this.#purgeAll(bucket, call)
  }

  /** Parts that belong to no upload any more, and sync sessions: nobody else would remove them. */
  async purgeRest(bucket: BucketView, call: ControlCall): Promise<void> {
    const { hasher } = this.#c.environment
    await this.#purgeAll(partsBucket(hasher, bucket), call)
    await this.#purgeAll(sessionsBucket(hasher, bucket), call)
  }

  #uploads(bucket: BucketView, limit: number, call: ControlCall): Promise<ListedUploads> {
    const all = { prefix: '', delimiter: undefined, marker: undefined }
    return listUploads(this.#c, { bucket, ...all, limit, ...limitsOf(call) })
  }

  async #abortUploads(bucket: BucketView, call: ControlCall): Promise<void> {
    for (;;) {
      const { uploads, nextMarker } = await this.#uploads(bucket, pageKeys, call)
      for (const upload of uploads) await abortUpload(this.#c, { bucket, ...upload }, true, limitsOf(call))
      if (nextMarker === undefined) return
    }
  }

  async #purgeAll(bucket: BucketView, call: ControlCall): Promise<void> {
    let token: string | undefined
    do {
      const page = await listPage(this.#c, { ...versionsOf(bucket, call), limit: pageKeys, token })
      const keys = new Set<string>()
      for (const entry of page.entries) if ('key' in entry) keys.add(entry.key)
      const waiting = [...keys]
      for (let at = 0; at < waiting.length; at += parallel) {
        await Promise.all(waiting.slice(at, at + parallel).map(key => this.#purgeKey(bucket, key, call)))
      }
      token = page.token
    } while (token !== undefined)
  }

  async #purgeKey(bucket: BucketView, key: string, call: ControlCall): Promise<void> {
    const nothingNamed = { versionId: undefined, token: undefined, retry: false }
    await purge(this.#c, { bucket, key, ...nothingNamed, ...limitsOf(call) })
  }
}

function limitsOf({ timeoutMs, signal }: ControlCall): OperationLimits {
  return { timeoutMs, signal }
}

function versionsOf(bucket: BucketView, call: ControlCall) {
  return {
    bucket,
    what: 'versions' as const,
    prefix: '',
    delimiter: undefined,
    startAfter: undefined,
    ...limitsOf(call),
  }
}
