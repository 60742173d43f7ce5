import { TorcError } from '@torc/protocol/errors'
import type { RequestOf } from '@torc/protocol/messages/table'
import type * as s from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import { bucketInfoOf, listedBucketOf } from './answers.js'
import { bucketRequest, limitsOf } from './requests.js'

/** The calls on buckets. They have no operation ids: a repeated one must take what an earlier attempt did. */
export class RemoteBuckets {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  async create(bucket: string, options: s.BucketOptions): Promise<s.BucketInfo> {
    const head = bucketRequest(bucket, options)
    let repeated = false
    const repeat = (same: typeof head): typeof head => {
      repeated = true
      return same
    }
    try {
      const plan = { ...limitsOf(options), writes: true, repeat }
      return bucketInfoOf((await this.#caller.call('putBucket', head, plan)).head)
    } catch (error) {
      // An attempt whose answer was lost may be what made it.
      if (repeated && TorcError.from(error).code === 'BUCKET_EXISTS') return this.head(bucket, options)
      throw error
    }
  }

  async head(bucket: string, options: s.CallOptions): Promise<s.BucketInfo> {
    return bucketInfoOf((await this.#caller.call('getBucket', { bucket }, limitsOf(options))).head)
  }

  async change(bucket: string, changes: s.BucketChanges): Promise<s.BucketInfo> {
    const plan = { ...limitsOf(changes), writes: true }
    return bucketInfoOf((await this.#caller.call('setBucket', bucketRequest(bucket, changes), plan)).head)
  }

  async delete(
    bucket: string,
    options: s.CallOptions & { readonly force?: boolean | undefined },
  ): Promise<void> {
    const head: RequestOf<'deleteBucket'> =
      options.force === undefined ? { bucket } : { bucket, force: options.force }
    let repeated = false
    const repeat = (same: typeof head): typeof head => {
      repeated = true
      return same
    }
    try {
      await this.#caller.call('deleteBucket', head, { ...limitsOf(options), writes: true, repeat })
    } catch (error) {
      // As above: what is gone may be gone by an attempt whose answer was lost.
      if (!repeated || TorcError.from(error).code !== 'BUCKET_NOT_FOUND') throw error
    }
  }

  async list(options: s.CallOptions): Promise<readonly s.ListedBucket[]> {
    return (await this.#caller.call('listBuckets', {}, limitsOf(options))).head.buckets.map(listedBucketOf)
  }
}
