import { actorsOf, type CausalContext, isEmptyContext } from '../clocks/causal-context.js'
import type { ActorId, Dot } from '../clocks/dot.js'
import { noIntervals } from '../clocks/intervals.js'
import { Fingerprint } from '../codec/fingerprint.js'
import type { AttributeRegister, Attributes } from './attributes.js'

/**
 * The digest of a key state is the XOR of the fingerprints of its context, of the dots of its versions and
 * of its attributes, so it follows a change without a look at the rest. A version's content needs no part
 * in it: a dot names one immutable version. The digest of an absent or empty state is 16 zero bytes.
 */
export const digestBytes = 16
export const emptyDigest: Uint8Array = new Uint8Array(digestBytes)

const contextSeed = 1
const dotSeed = 2
const attributeSeed = 3

export function digestOfDot(dot: Dot): Uint8Array {
  const fingerprint = new Fingerprint(dotSeed)
  fingerprint.actor(dot.actor)
  fingerprint.integer(dot.counter)
  return fingerprint.finish()
}

/** Zero for the empty context. */
export function digestOfContext(context: CausalContext): Uint8Array {
  if (isEmptyContext(context)) return emptyDigest
  const fingerprint = new Fingerprint(contextSeed)
  if (context.cloud.size === 0 && context.vector.size === 1) {
    for (const [actor, counter] of context.vector) addSpan(fingerprint, actor, counter, 0)
    return fingerprint.finish()
  }
  for (const actor of [...actorsOf(context)].sort()) {
    const waiting = context.cloud.get(actor) ?? noIntervals
    addSpan(fingerprint, actor, context.vector.get(actor) ?? 0, waiting.length)
    for (const [after, upTo] of waiting) {
      fingerprint.integer(after)
      fingerprint.integer(upTo)
    }
  }
  return fingerprint.finish()
}

export function digestOfAttribute(register: AttributeRegister): Uint8Array {
  const fingerprint = new Fingerprint(attributeSeed)
  if (register.version !== undefined) {
    fingerprint.actor(register.version.actor)
    fingerprint.integer(register.version.counter)
  }
  fingerprint.text(register.name)
  fingerprint.integer(register.time)
  fingerprint.actor(register.dot.actor)
  fingerprint.integer(register.dot.counter)
  return fingerprint.finish()
}

export function digestOfAttributes(attributes: Attributes): Uint8Array {
  let digest = emptyDigest
  for (const register of attributes.values()) digest = combineDigests(digest, digestOfAttribute(register))
  return digest
}

/** XOR: adds a part to a digest, or takes it out again. */
export function combineDigests(a: Uint8Array, b: Uint8Array): Uint8Array {
  const combined = new Uint8Array(a)
  xorInto(combined, b)
  return combined
}

/** As `combineDigests`, in place. */
export function xorInto(digest: Uint8Array, part: Uint8Array): void {
  for (let i = 0; i < digestBytes; i++) digest[i] = (digest[i] ?? 0) ^ (part[i] ?? 0)
}

export function digestsEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < digestBytes; i++) if (a[i] !== b[i]) return false
  return true
}

function addSpan(fingerprint: Fingerprint, actor: ActorId, reached: number, waiting: number): void {
  fingerprint.actor(actor)
  fingerprint.integer(reached)
  fingerprint.word(waiting)
}
