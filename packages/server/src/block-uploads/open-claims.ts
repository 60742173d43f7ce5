import { BlockClaim } from '../bodies/block-claim.js'
import type { BlockUse } from '../bodies/block-owners.js'
import type { Coordination } from '../core/coordination.js'
import type { UploadName } from './upload-seals.js'

/** Claims that are remembered; the one used longest ago is forgotten first. */
const claimsMax = 1024

/**
 * The claims of uploads that go through this server, so that not each of their steps places the intent anew. Only a
 * memory: one that is forgotten is placed again, and a commit makes a claim of its own.
 */
export class OpenClaims {
  readonly #c: Coordination
  readonly #claims = new Map<string, BlockClaim>()

  constructor(c: Coordination) {
    this.#c = c
  }

  get size(): number {
    return this.#claims.size
  }

  of({ bucket, key, opId }: BlockUse): BlockClaim {
    const name = nameOf({ bucketId: bucket.id, key, opId })
    // It outlives the step that makes it.
    const claim =
      this.#claims.get(name) ??
      new BlockClaim(this.#c, { bucket, key, opId, timeoutMs: undefined, signal: undefined })
    this.#claims.delete(name)
    this.#claims.set(name, claim)
    if (this.#claims.size > claimsMax) {
      for (const oldest of this.#claims.keys()) {
        this.#claims.delete(oldest)
        break
      }
    }
    return claim
  }

  forget(name: UploadName): void {
    this.#claims.delete(nameOf(name))
  }
}

function nameOf({ bucketId, key, opId }: UploadName): string {
  return `${Buffer.from(opId).toString('hex')} ${Buffer.from(bucketId).toString('hex')} ${key}`
}
