import { parsePolicy, policyText } from '@torc/cluster/retention/policy'
import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { BucketFlow } from '../buckets/bucket-flow.js'
import type { Buckets } from '../buckets/buckets.js'
import { policyInForce } from '../buckets/policy-in-force.js'
import { readKeyPolicy, setKeyPolicy } from '../flows/policy-flow.js'
import { changeTags, readTags, type TagChange, type TaggedVersion } from '../flows/tag-flow.js'
import type { Coordination } from './coordination.js'
import type { OperationLimits } from './operations.js'

/** Whose policy: of the cluster (neither is given), of a bucket, or of a key. */
export interface PolicyOperation extends OperationLimits {
  readonly bucket: string | undefined
  readonly key: string | undefined
}

export interface TagOperation extends OperationLimits {
  readonly bucket: string
  readonly key: string
  readonly versionId: string | undefined
}

export interface PolicyDescription {
  /** In force. */
  readonly policy: string
  readonly from: 'object' | 'bucket' | 'cluster' | 'default'
  /** What the target itself says. */
  readonly own: string
  /** Of a key: how many versions it has. */
  readonly versionCount: number | undefined
  /** Of a key: what the next plain PUT would remove, oldest first. */
  readonly next: readonly Version[]
}

/** Policies and tags by bucket name, for both faces of the coordinator. Names have been validated. */
export class AttributeOperations {
  readonly #c: Coordination
  readonly #buckets: Buckets
  readonly #flow: BucketFlow

  constructor(c: Coordination, buckets: Buckets, flow: BucketFlow) {
    this.#c = c
    this.#buckets = buckets
    this.#flow = flow
  }

  async policy(operation: PolicyOperation): Promise<PolicyDescription> {
    const { bucket: name, key, timeoutMs, signal } = operation
    checkTarget(operation)
    if (name === undefined) {
      const own = await this.#flow.clusterPolicy(operation)
      const { policy, from } = policyInForce('inherit', own)
      return { policy: policyText(policy), from, own, versionCount: undefined, next: [] }
    }
    if (key === undefined) {
      const { policy: own, inForce } = await this.#flow.show(name, operation)
      const { policy, from } = inForce
      return { policy: policyText(policy), from, own, versionCount: undefined, next: [] }
    }
    const bucket = await this.#buckets.find(name, operation)
    const found = await readKeyPolicy(this.#c, { bucket, key, timeoutMs, signal })
    const { own, versionCount, next } = found
    return {
      policy: policyText(own ?? bucket.policy),
      from: own === undefined ? bucket.policyFrom : 'object',
      own: policyText(own ?? 'inherit'),
      versionCount,
      next,
    }
  }

  /** Nothing is removed before the next PUT. */
  async setPolicy(operation: PolicyOperation & { readonly policy: string }): Promise<void> {
    const { bucket: name, key, timeoutMs, signal } = operation
    const policy = parsePolicy(operation.policy)
    checkTarget(operation)
    if (name === undefined) return this.#flow.setClusterPolicy(operation.policy, operation)
    if (key === undefined) {
      await this.#flow.change(name, { policy: operation.policy, timeoutMs, signal })
      return
    }
    const bucket = await this.#buckets.find(name, operation)
    await setKeyPolicy(this.#c, { bucket, key, policy, timeoutMs, signal })
  }

  async tags(operation: TagOperation): Promise<TaggedVersion> {
    const bucket = await this.#buckets.find(operation.bucket, operation)
    return readTags(this.#c, { ...operation, bucket })
  }

  async setTags(operation: TagOperation, change: TagChange): Promise<TaggedVersion> {
    const bucket = await this.#buckets.find(operation.bucket, operation)
    return changeTags(this.#c, { ...operation, bucket }, change)
  }
}

function checkTarget({ bucket, key }: PolicyOperation): void {
  if (bucket === undefined && key !== undefined)
    throw new TorcError('BAD_REQUEST', 'a policy of a key needs the bucket too')
}
