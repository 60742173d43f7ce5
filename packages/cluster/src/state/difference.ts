import {
  type CausalContext,
  contextOfDot,
  contextOfDots,
  emptyContext,
  isEmptyContext,
  isSubset,
  joinContexts,
  subtractContexts,
} from '../clocks/causal-context.js'
import { type Dot, dotsEqual } from '../clocks/dot.js'
import { type AttributeRegister, type Attributes, attributesOf, noAttributes } from './attributes.js'
import { compareVersions, type KeyState } from './key-state.js'
import type { Version } from './version.js'

/** What a replica whose state is `held` lacks of `merged`. */
export interface Difference {
  readonly missing: readonly Version[]
  /** Dots of versions that it holds and `merged` removed, the oldest first. */
  readonly removed: readonly Dot[]
  /** What `merged` covers beyond its context and the missing versions' own deltas: no version of `merged`. */
  readonly context: CausalContext
  /** Registers that it lacks, or holds an older write of. */
  readonly attributes: readonly AttributeRegister[]
}

export function differenceOf(merged: KeyState, held: KeyState): Difference {
  const missing: Version[] = []
  for (const [dot, version] of merged.versions) if (!held.versions.has(dot)) missing.push(version)
  const removed: Version[] = []
  for (const [dot, version] of held.versions) if (!merged.versions.has(dot)) removed.push(version)
  removed.sort((a, b) => compareVersions(b, a))
  let context = emptyContext
  if (!isSubset(merged.context, held.context)) {
    let known = held.context
    for (const { dot, after } of missing) known = joinContexts(known, contextOfDot(dot, after))
    context = subtractContexts(merged.context, known)
  }
  const attributes: AttributeRegister[] = []
  for (const [name, register] of merged.attributes) {
    const own = held.attributes.get(name)
    if (own === undefined || own.time !== register.time || !dotsEqual(own.dot, register.dot))
      attributes.push(register)
  }
  return { missing, removed: removed.map(({ dot }) => dot), context, attributes }
}

/** Whether there is nothing to write back. */
export function isLevel({ missing, removed, context, attributes }: Difference): boolean {
  return missing.length === 0 && removed.length === 0 && attributes.length === 0 && isEmptyContext(context)
}

/** Removed dots in one merge. */
const dotsPerMerge = 4096
/** Bytes of registers in one merge, unless one alone has more. */
const attributeBytesPerMerge = 128 * 1024
/** Of a register beside its value (an upper bound). */
const registerBytes = 160

/** What is sent once the missing versions are there. */
export interface RestDelta {
  readonly context: CausalContext
  readonly attributes: Attributes
}

/**
 * The deltas that follow the missing versions, in their order, each small enough for one message. Each missing version
 * goes alone before them, as the delta that it is: a context that covered the others too would say of those still on
 * their way that they were removed. What is gone goes the oldest first, so that nothing that an overwrite covered is
 * current in between; then the rest of the context and the registers. An interruption at any point leaves a state
 * that is only older, and no message grows with the history.
 */
export function restDeltas({ removed, context, attributes }: Difference): RestDelta[] {
  const deltas: RestDelta[] = []
  for (let i = 0; i < removed.length; i += dotsPerMerge) {
    deltas.push({ context: contextOfDots(removed.slice(i, i + dotsPerMerge)), attributes: noAttributes })
  }
  const parts = partsOf(attributes)
  if (parts.length === 0 && !isEmptyContext(context)) parts.push([])
  for (const [i, part] of parts.entries()) {
    deltas.push({ context: i === 0 ? context : emptyContext, attributes: attributesOf(part) })
  }
  return deltas
}

/** Registers in parts that fit a message each. */
function partsOf(registers: readonly AttributeRegister[]): AttributeRegister[][] {
  const parts: AttributeRegister[][] = []
  let bytes = 0
  for (const register of registers) {
    const size = registerBytes + (register.value?.length ?? 0)
    const last = parts.at(-1)
    if (last === undefined || bytes + size > attributeBytesPerMerge) {
      parts.push([register])
      bytes = size
    } else {
      last.push(register)
      bytes += size
    }
  }
  return parts
}
