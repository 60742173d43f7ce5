import { type CredentialScope, signingKey } from './signing.js'

/** Access keys whose signing key is remembered. */
const keysMax = 1_024

interface Derived {
  readonly secret: string
  readonly scope: CredentialScope
  readonly key: Uint8Array
}

/**
 * Signing keys of those who asked last: one holds for a day and a region, and deriving it costs four times what a
 * signature does.
 */
export class SigningKeys {
  /** By access key; the one that was derived longest ago comes first. */
  readonly #derived = new Map<string, Derived>()

  keyOf(accessKey: string, secret: string, scope: CredentialScope): Uint8Array {
    const known = this.#derived.get(accessKey)
    const holds =
      known?.secret === secret && known.scope.date === scope.date && known.scope.region === scope.region
    if (known !== undefined && holds) return known.key
    const key = signingKey(secret, scope)
    this.#derived.delete(accessKey)
    this.#derived.set(accessKey, { secret, scope, key })
    const [oldest] = this.#derived.keys()
    if (this.#derived.size > keysMax && oldest !== undefined) this.#derived.delete(oldest)
    return key
  }
}
