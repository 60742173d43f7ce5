import type { Condition } from '@torc/cluster/consensus/condition'
import { parsePolicy } from '@torc/cluster/retention/policy'
import type { BlockReference } from '@torc/cluster/state/version'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import type { Cutting } from '@torc/protocol/store/object-store'
import { askForBlocks } from '../bodies/ask-owners.js'
import { BlockClaim } from '../bodies/block-claim.js'
import type { BlockUse } from '../bodies/block-owners.js'
import type { Buckets } from '../buckets/buckets.js'
import { tokenOf } from '../core/client-token.js'
import type { Coordination } from '../core/coordination.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { defaultContentType, type OperationLimits } from '../core/operations.js'
import { write } from '../flows/put-flow.js'
import { completeEarlier } from '../flows/repeat-flow.js'
import { createdTags, type TagChange } from '../flows/tag-flow.js'
import type { WriteOutcome } from '../flows/write-request.js'
import { type BodyOrigin, type CommittedBody, checkCommit, referToCommitted } from './commit-blocks.js'
import { OpenClaims } from './open-claims.js'
import { proveBlocks } from './prove-blocks.js'
import { receiveBlock } from './receive-block.js'
import type { UploadName, UploadSeals } from './upload-seals.js'

/** One step of an upload by hash. */
export interface UploadStep extends OperationLimits {
  readonly bucket: string
  readonly key: string
  readonly opId: Uint8Array
}

export interface OfferStep extends UploadStep {
  readonly blocks: readonly BlockReference[]
  readonly context: string | undefined
  readonly policy: string | undefined
}

export interface CommitStep extends UploadStep {
  readonly condition?: Condition | undefined
  readonly body: CommittedBody
  readonly etag: string | undefined
  readonly tags: TagChange['set'] | undefined
  readonly contentType: string | undefined
  readonly metadata: readonly (readonly [string, string])[] | undefined
  readonly context: string | undefined
  readonly policy: string | undefined
  readonly retry: boolean
}

/**
 * Uploads by hash (decision 20). Nothing is kept from one step to the next: what a client has proved or sent is
 * certified by receipts that it brings along, and references under its operation id lie beside the blocks.
 */
export class BlockUploads {
  readonly #c: Coordination
  readonly #buckets: Buckets
  readonly #seals: UploadSeals
  readonly #claims: OpenClaims

  constructor(c: Coordination, buckets: Buckets, seals: UploadSeals) {
    this.#c = c
    this.#buckets = buckets
    this.#seals = seals
    this.#claims = new OpenClaims(c)
  }

  /** A challenge for each block that W of its owners have, undefined for those that are to be sent. */
  async offer(step: OfferStep): Promise<{ cutting: Cutting; challenges: (Uint8Array | undefined)[] }> {
    const { use, name } = await this.#begin(step)
    // What would be refused at the end is refused before anything is sent.
    if (step.policy !== undefined) parsePolicy(step.policy)
    tokenOf(step.context, use.bucket, step.key)
    const hashes = step.blocks.map(({ hash }) => hash)
    const held = await withFreshLayout(this.#c, () =>
      askForBlocks(this.#c, use, this.#claims.of(use), hashes),
    )
    const challenges = hashes.map((hash, i) =>
      held[i] === true ? this.#seals.challenge(name, hash) : undefined,
    )
    return { cutting: use.bucket.cutting, challenges }
  }

  /** A receipt for each block whose proof is right, undefined for those that are to be sent. */
  async prove(
    step: UploadStep,
    blocks: readonly (BlockReference & { readonly proof: Uint8Array })[],
  ): Promise<(Uint8Array | undefined)[]> {
    const { use, name } = await this.#begin(step)
    const challenged = blocks.map(block => ({
      ...block,
      challenge: this.#seals.challenge(name, block.hash),
    }))
    const right = await withFreshLayout(this.#c, () => proveBlocks(this.#c, use, challenged))
    const origin = { sent: false, had: true }
    return blocks.map(({ hash, size }, i) =>
      right[i] === true ? this.#seals.receipt(name, hash, size, origin) : undefined,
    )
  }

  /** Stores a block and gives its receipt. */
  async putBlock(step: UploadStep, block: BlockReference, body: IncomingBody): Promise<Uint8Array> {
    try {
      const { use, name } = await this.#begin(step)
      const { had } = await receiveBlock(this.#c, use, this.#claims.of(use), block, body)
      return this.#seals.receipt(name, block.hash, block.size, { sent: true, had })
    } catch (error) {
      body.discard()
      throw error
    }
  }

  /** Makes the version. */
  async commit(step: CommitStep): Promise<WriteOutcome & BodyOrigin> {
    const { use, name } = await this.#begin(step)
    const { key, opId, body, retry, timeoutMs, signal } = step
    const policy = step.policy === undefined ? undefined : parsePolicy(step.policy)
    const tags = createdTags(step.tags)
    const token = tokenOf(step.context, use.bucket, key)
    const origin = checkCommit(this.#seals, name, body)
    // Found before its blocks are looked for: what became of them since is not this operation's business any more.
    const earlier = retry ? await completeEarlier(this.#c, use) : undefined
    if (earlier !== undefined) return { ...earlier, ...origin }
    // A claim of its own: every reference is made once more, under an intent that is there now.
    this.#claims.forget(name)
    const claim = new BlockClaim(this.#c, use)
    const written = await write(this.#c, {
      bucket: use.bucket,
      key,
      opId,
      kind: 'object',
      body: await referToCommitted(this.#c, use, claim, body, origin),
      etag: step.etag,
      contentType: step.contentType ?? defaultContentType,
      metadata: step.metadata ?? [],
      tags,
      token,
      condition: step.condition,
      policy,
      retry,
      timeoutMs,
      signal,
    })
    return { ...written, ...origin }
  }

  async #begin(step: UploadStep): Promise<{ use: BlockUse; name: UploadName }> {
    const { key, opId, timeoutMs, signal } = step
    const bucket = await this.#buckets.find(step.bucket, step)
    return { use: { bucket, key, opId, timeoutMs, signal }, name: { bucketId: bucket.id, key, opId } }
  }
}
