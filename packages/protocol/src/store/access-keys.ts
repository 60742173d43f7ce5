import type { Grant } from '../messages/access.js'
import type { CallOptions } from './object-store.js'

/** What a key may do with one bucket, or (`*`) with all. */
export interface BucketGrant {
  readonly bucket: string
  /** Each stands for itself: none includes another. */
  readonly grants: readonly Grant[]
}

/** An access key as it is shown; its secret never is. */
export interface AccessKeyInfo {
  readonly accessKey: string
  /** For people; empty = none. */
  readonly name: string
  /** It is derived from the cluster's secret, may do everything, and can neither be limited nor deleted. */
  readonly root: boolean
  /** It may administer the cluster. */
  readonly admin: boolean
  /** Undefined of the root key. */
  readonly createdAt: Date | undefined
  readonly grants: readonly BucketGrant[]
}

export interface CreatedAccessKey extends AccessKeyInfo {
  /** Told only here. */
  readonly secretKey: string
}

export interface CreateAccessKeyOptions extends CallOptions {
  readonly name?: string | undefined
  readonly admin?: boolean | undefined
}

/**
 * Access keys and what they may do. Ids are whole. KEY_NOT_FOUND where there is no such key, DENIED for what would
 * change the root key. A change is in force on all servers once it resolves.
 */
export interface AccessKeyAdmin {
  /** A key that may do nothing yet, but administer the cluster where `admin` says so. The same `opId` answers the same key. */
  create(options?: CreateAccessKeyOptions): Promise<CreatedAccessKey>
  /** All of them, by id; the root key first. */
  list(options?: CallOptions): Promise<readonly AccessKeyInfo[]>
  /** Without an id: the key that asks. */
  show(accessKey?: string, options?: CallOptions): Promise<AccessKeyInfo>
  /** Answers all that the key may do with the bucket then. BUCKET_NOT_FOUND where there is none. */
  grant(
    accessKey: string,
    bucket: string,
    grants: readonly Grant[],
    options?: CallOptions,
  ): Promise<BucketGrant>
  /** Answers what is left. What was not granted is no error. */
  revoke(
    accessKey: string,
    bucket: string,
    grants: readonly Grant[],
    options?: CallOptions,
  ): Promise<BucketGrant>
  delete(accessKey: string, options?: CallOptions): Promise<void>
}
