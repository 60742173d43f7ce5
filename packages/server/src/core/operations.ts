import type { Condition } from '@torc/cluster/consensus/condition'
import { parsePolicy } from '@torc/cluster/retention/policy'
import { withLateFacts } from '@torc/protocol/store/late-facts'
import type { BodySource } from '../bodies/body-source.js'
import { inlineBody, type PreparedBody, prepareBody } from '../bodies/prepared-body.js'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Buckets } from '../buckets/buckets.js'
import { ActorDirectory } from '../flows/actor-directory.js'
import { type BlockPage, blockStates } from '../flows/block-states-flow.js'
import { type CopyOutcome, copy } from '../flows/copy-flow.js'
import { type DeleteOutcome, purge } from '../flows/delete-flow.js'
import { type FetchedPage, gatherAll } from '../flows/fetch-flow.js'
import { type ReadVersion, read } from '../flows/get-flow.js'
import { type HistoryVersion, readHistory } from '../flows/history-flow.js'
import { postKey } from '../flows/post-key.js'
import { write } from '../flows/put-flow.js'
import { createdTags, type TagChange } from '../flows/tag-flow.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { KeyCache } from '../list/key-cache.js'
import { type ListedPage, listPage } from '../list/list-flow.js'
import type { PageRequest } from '../list/page-builder.js'
import { tokenOf } from './client-token.js'
import type { Coordination } from './coordination.js'

/** What every operation may say about time. */
export interface OperationLimits {
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

export interface PutOperation extends OperationLimits {
  readonly bucket: string
  /** Undefined: post a datum under a key made from the operation's id. */
  readonly key: string | undefined
  readonly opId: Uint8Array
  readonly source: BodySource
  readonly etag?: string | undefined
  readonly tags?: TagChange['set'] | undefined
  readonly contentType: string | undefined
  readonly metadata: readonly (readonly [string, string])[] | undefined
  /** Token as the client gave it. */
  readonly context: string | undefined
  readonly condition?: Condition | undefined
  /** Retention policy of the key from now on. */
  readonly policy: string | undefined
  readonly retry: boolean
  /** Only owners count, whatever the bucket says. */
  readonly strict?: boolean | undefined
}

export interface CopyOperation extends OperationLimits {
  readonly bucket: string
  readonly key: string
  readonly opId: Uint8Array
  readonly sourceBucket: string
  readonly sourceKey: string
  readonly sourceVersionId: string | undefined
  /** Undefined: the source's. */
  readonly contentType: string | undefined
  readonly metadata: readonly (readonly [string, string])[] | undefined
  readonly tags?: TagChange['set'] | undefined
  /** Token of the destination. */
  readonly context: string | undefined
  readonly condition?: Condition | undefined
  readonly policy: string | undefined
  readonly retry: boolean
}

export interface GetOperation extends OperationLimits {
  readonly bucket: string
  readonly key: string
  readonly versionId: string | undefined
  /** Hybrid time; not beside `versionId`. */
  readonly at?: number | undefined
  /** Only owners count, whatever the bucket says. */
  readonly strict?: boolean | undefined
}

export interface HistoryOperation extends OperationLimits {
  readonly bucket: string
  readonly key: string
  readonly limit: number | undefined
}

export interface DeleteOperation extends OperationLimits {
  readonly bucket: string
  readonly key: string
  readonly opId: Uint8Array
  readonly versionId: string | undefined
  readonly context: string | undefined
  readonly marker: boolean
  readonly retry: boolean
  /** Only owners count, whatever the bucket says. */
  readonly strict?: boolean | undefined
}

export interface ListOperation extends OperationLimits, PageRequest {
  readonly bucket: string
}

/** Of a version whose writer names none. */
export const defaultContentType = 'application/octet-stream'

/**
 * Operations on objects by bucket name, for both faces of the coordinator: the wire's handlers and the `ObjectStore`
 * in process. Arguments have been validated.
 */
export class Operations {
  readonly #c: Coordination
  readonly #buckets: Buckets
  readonly #actors = new ActorDirectory()
  readonly #keyCache = new KeyCache()
  readonly #emptyBody: PreparedBody

  constructor(c: Coordination, buckets: Buckets) {
    this.#c = c
    this.#buckets = buckets
    const sha256 = c.environment.hasher.sha256(new Uint8Array())
    this.#emptyBody = inlineBody([], 0, sha256)
  }

  /** Stores a version. The body is read only once the bucket is known to be there. */
  async put(operation: PutOperation): Promise<WriteOutcome> {
    const { opId, timeoutMs, signal, source } = operation
    try {
      const policy = operation.policy === undefined ? undefined : parsePolicy(operation.policy)
      const tags = createdTags(operation.tags)
      const found = this.#buckets.find(operation.bucket, operation)
      const bucket = strictly(found instanceof Promise ? await found : found, operation)
      const key = operation.key ?? postKey(opId)
      const token = tokenOf(operation.context, bucket, key)
      const prepared = prepareBody(this.#c, source, { bucket, key, opId, timeoutMs, signal })
      const body = prepared instanceof Promise ? await prepared : prepared
      const { etag, metadata } = withLateFacts(operation, source.late?.())
      return await write(this.#c, {
        bucket,
        key,
        opId,
        kind: 'object',
        body,
        etag,
        contentType: operation.contentType ?? defaultContentType,
        metadata: metadata ?? noMetadata,
        tags,
        token,
        condition: operation.condition,
        policy,
        retry: operation.retry,
        timeoutMs,
        signal,
      })
    } catch (error) {
      source.discard()
      throw error
    }
  }

  /** Stores a version with the content of another; its body is not read here but for small ones. */
  async copy(operation: CopyOperation): Promise<CopyOutcome> {
    const { key, opId, contentType, metadata, retry, timeoutMs, signal } = operation
    const policy = operation.policy === undefined ? undefined : parsePolicy(operation.policy)
    const tags = createdTags(operation.tags)
    const bucket = await this.#buckets.find(operation.bucket, operation)
    const sourceBucket = await this.#buckets.find(operation.sourceBucket, operation)
    const token = tokenOf(operation.context, bucket, key)
    const source = { bucket: sourceBucket, key: operation.sourceKey, versionId: operation.sourceVersionId }
    return copy(this.#c, {
      source,
      bucket,
      key,
      opId,
      contentType,
      metadata,
      tags,
      token,
      condition: operation.condition,
      policy,
      retry,
      timeoutMs,
      signal,
    })
  }

  async get(operation: GetOperation): Promise<ReadVersion> {
    const { key, versionId, at, timeoutMs, signal } = operation
    const found = this.#buckets.find(operation.bucket, operation)
    const bucket = strictly(found instanceof Promise ? await found : found, operation)
    return read(this.#c, { bucket, key, versionId, at, timeoutMs, signal })
  }

  /** Purges a key, what a context covers of it, or one version. */
  async purge(operation: DeleteOperation): Promise<DeleteOutcome> {
    const { key, opId, versionId, retry, timeoutMs, signal } = operation
    const bucket = strictly(await this.#buckets.find(operation.bucket, operation), operation)
    const token = tokenOf(operation.context, bucket, key)
    return purge(this.#c, { bucket, key, opId, versionId, token, retry, timeoutMs, signal })
  }

  /** Adds a delete marker. */
  async mark(operation: DeleteOperation): Promise<WriteOutcome> {
    const { key, opId, retry, timeoutMs, signal } = operation
    const bucket = strictly(await this.#buckets.find(operation.bucket, operation), operation)
    return write(this.#c, {
      bucket,
      key,
      opId,
      kind: 'marker',
      body: this.#emptyBody,
      contentType: '',
      metadata: noMetadata,
      token: tokenOf(operation.context, bucket, key),
      policy: undefined,
      retry,
      timeoutMs,
      signal,
    })
  }

  async list(operation: ListOperation): Promise<ListedPage> {
    const bucket = await this.#buckets.find(operation.bucket, operation)
    return listPage(this.#c, { ...operation, bucket }, this.#keyCache)
  }

  /** All versions of a key, newest first, in pages. */
  async *history(operation: HistoryOperation): AsyncGenerator<readonly HistoryVersion[]> {
    const bucket = await this.#buckets.find(operation.bucket, operation)
    yield* readHistory(this.#c, this.#actors, { ...operation, bucket })
  }

  /** The blocks of a version and their states on their owners, in pages. */
  async *blocks(operation: GetOperation): AsyncGenerator<BlockPage> {
    const { key, versionId, timeoutMs, signal } = operation
    const bucket = await this.#buckets.find(operation.bucket, operation)
    yield* blockStates(this.#c, { bucket, key, versionId, timeoutMs, signal })
  }

  async *gather(
    operation: OperationLimits & { bucket: string; prefix: string },
  ): AsyncGenerator<FetchedPage> {
    const bucket = await this.#buckets.find(operation.bucket, operation)
    yield* gatherAll(this.#c, { ...operation, bucket })
  }
}

function strictly(bucket: BucketView, { strict }: { readonly strict?: boolean | undefined }): BucketView {
  return strict === true && !bucket.strict ? { ...bucket, strict: true } : bucket
}

const noMetadata: readonly (readonly [string, string])[] = []
