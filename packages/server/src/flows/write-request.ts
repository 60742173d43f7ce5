import type { CausalContext } from '@torc/cluster/clocks/causal-context'
import type { Token } from '@torc/cluster/clocks/token'
import type { Condition } from '@torc/cluster/consensus/condition'
import type { RetentionPolicy } from '@torc/cluster/retention/policy'
import type { Version } from '@torc/cluster/state/version'
import type { PreparedBody } from '../bodies/prepared-body.js'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Placement } from '../core/placement.js'

/** A version to be written; its body is inline or on its block owners already. */
export interface WriteRequest {
  readonly bucket: BucketView
  readonly key: string
  readonly opId: Uint8Array
  readonly kind: 'object' | 'marker'
  readonly body: PreparedBody
  /** As its writer names it; undefined: one that is made of the body. */
  readonly etag?: string | undefined
  readonly contentType: string
  readonly metadata: readonly (readonly [string, string])[]
  /** Tags that it is made with, as `createdTags` checked them. */
  readonly tags?: Version['tags']
  /** A client's context: cover just that. Undefined: cover what R owners hold. */
  readonly token: Token | undefined
  /** It takes place only where this holds, as the key's owners decide by consensus. */
  readonly condition?: Condition | undefined
  /** Retention policy of the key from this version on. */
  readonly policy: RetentionPolicy | 'inherit' | undefined
  /** Sent before under this opId. */
  readonly retry: boolean
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Where a write went. */
export interface WriteOutcome {
  readonly placement: Placement
  readonly version: Version
  /** Ids of the other heads. */
  readonly siblings: readonly string[]
  readonly mintedBy: string
  /** Agents that had it on stable storage when the answer was due, and their closed contexts of the key. */
  readonly replicas: readonly (readonly [agent: string, context: CausalContext])[]
  /** Owners that are down, or failed the write. */
  readonly down: readonly string[]
  /** Agents that had hints on stable storage when the answer was due, and the owners that they are for. */
  readonly hinted: ReadonlyMap<string, readonly string[]>
  readonly deduplicatedBytes: number
}
