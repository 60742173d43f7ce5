import { TorcError } from '@torc/protocol/errors'
import { type Attributes, attributeKey } from '../state/attributes.js'

/**
 * How many versions of a key stay (DESIGN §4, "Retention policies"). `global`: the oldest go when a new
 * version exceeds `max`. `dynamic`: when it would, the oldest quarter of those present goes first, so that
 * most writes prune nothing. `latest`: one stays. Delete markers count as versions.
 */
export type RetentionPolicy =
  | { readonly kind: 'all' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'global'; readonly max: number }
  | { readonly kind: 'dynamic'; readonly max: number }

export const keepAll: RetentionPolicy = Object.freeze({ kind: 'all' })

/** Largest N of `global:N` and `dynamic:N`. */
export const policyVersionsMax = 1_000_000

/** Name of the register that holds a key's own policy. */
export const policyAttribute = 'policy'

const allowed = `"all", "latest", "global:N" or "dynamic:N" (N from 1 to ${policyVersionsMax}), or "inherit"`
const counted = /^(global|dynamic):([1-9][0-9]{0,6})$/

/** Throws BAD_REQUEST for anything but `all`, `latest`, `global:N`, `dynamic:N` and `inherit`. */
export function parsePolicy(text: string): RetentionPolicy | 'inherit' {
  if (text === 'inherit') return 'inherit'
  if (text === 'all') return keepAll
  if (text === 'latest') return { kind: 'latest' }
  const match = counted.exec(text)
  const max = Number(match?.[2])
  if (match !== null && max <= policyVersionsMax) {
    return { kind: match[1] === 'global' ? 'global' : 'dynamic', max }
  }
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text
  throw new TorcError(
    'BAD_REQUEST',
    text.includes(',')
      ? `the retention policy "${shown}" has a comma: policies of several terms are reserved for later versions of Torc`
      : `"${shown}" is not a retention policy`,
    { hint: `Give one of ${allowed}.` },
  )
}

/** What `parsePolicy` reads. */
export function policyText(policy: RetentionPolicy | 'inherit'): string {
  if (policy === 'inherit') return policy
  return 'max' in policy ? `${policy.kind}:${policy.max}` : policy.kind
}

/** Most versions that the policy lets a key have; undefined = no bound. */
export function versionsMax(policy: RetentionPolicy): number | undefined {
  if (policy.kind === 'all') return undefined
  return policy.kind === 'latest' ? 1 : policy.max
}

/** Value of the key's register; undefined (a cleared register) for `inherit`. */
export function policyValue(policy: RetentionPolicy | 'inherit'): Uint8Array | undefined {
  return policy === 'inherit' ? undefined : Buffer.from(policyText(policy))
}

/**
 * The key's own policy. Undefined where it has none, and where a later version of Torc has set one that this
 * one can't read: nothing may be removed on a guess, so then everything is kept.
 */
export function policyOf(attributes: Attributes): RetentionPolicy | undefined {
  const value = attributes.get(attributeKey(undefined, policyAttribute))?.value
  if (value === undefined) return undefined
  try {
    const policy = parsePolicy(Buffer.from(value).toString())
    return policy === 'inherit' ? undefined : policy
  } catch {
    return keepAll
  }
}

/** The policy that a mint prunes by: the one it sets itself, else the key's own, else the bucket's. */
export function policyInForce(
  set: RetentionPolicy | 'inherit' | undefined,
  keyAttributes: Attributes,
  bucket: RetentionPolicy | undefined,
): RetentionPolicy {
  const own = set === undefined ? policyOf(keyAttributes) : set === 'inherit' ? undefined : set
  return own ?? bucket ?? keepAll
}
