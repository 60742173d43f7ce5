import {
  type CausalContext,
  contextOfDot,
  contextOfDots,
  emptyContext,
  encodeContext,
  isEmptyContext,
  isSubset,
  joinContexts,
  subtractContexts,
} from '@torc/cluster/clocks/causal-context'
import { type Dot, dotsEqual, dotText } from '@torc/cluster/clocks/dot'
import { type AttributeRegister, attributesOf } from '@torc/cluster/state/attributes'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { compareVersions, type KeyState } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import type { Coordination } from '../core/coordination.js'
import type { Deadline } from '../core/deadline.js'
import type { Placement } from '../core/placement.js'
import { readInlineBody } from './key-state-read.js'
import { type Delta, deltaOf, sendMerge } from './send-merge.js'

/** What an owner whose state is `held` lacks of `merged`. Pure. */
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

/** Versions under way to one owner at once. */
const versionsAtOnce = 16
/** Removed dots in one merge. */
const dotsPerMerge = 4096
/** Bytes of registers in one merge, unless one alone has more. */
const attributeBytesPerMerge = 128 * 1024
/** Of a register beside its value (an upper bound). */
const registerBytes = 160

/**
 * Brings one owner to at least the state that `difference` was taken to. Each missing version goes alone, as the
 * delta that it is: a context that covered the others too would say of those still on their way that they were
 * removed. What is gone goes the oldest first, so that nothing that an overwrite covered is current in between; then
 * the rest of the context and the registers. An interruption at any point leaves a state that is only older, and no
 * message grows with the history.
 */
export async function writeBack(
  c: Coordination,
  p: Placement,
  agent: string,
  difference: Difference,
  holdersOf: (version: Version) => readonly string[],
  deadline: Deadline,
): Promise<void> {
  const { missing, removed, context, attributes } = difference
  let next = 0
  const sendVersions = async (): Promise<void> => {
    for (let version = missing[next++]; version !== undefined; version = missing[next++]) {
      const body = await readInlineBody(c, p, version, holdersOf(version), deadline)
      await sendMerge(c, p, agent, deltaOf(version), body.length > 0 ? body : undefined, deadline)
    }
  }
  await Promise.all(Array.from({ length: Math.min(versionsAtOnce, missing.length) }, sendVersions))
  for (let i = 0; i < removed.length; i += dotsPerMerge) {
    const gone = contextOfDots(removed.slice(i, i + dotsPerMerge))
    await sendMerge(c, p, agent, { context: encodeContext(gone) }, undefined, deadline)
  }
  const parts = partsOf(attributes)
  if (parts.length === 0 && !isEmptyContext(context)) parts.push(undefined)
  for (const [i, part] of parts.entries()) {
    const delta: Delta = { context: encodeContext(i === 0 ? context : emptyContext) }
    if (part !== undefined) delta.attributes = encodeAttributes(attributesOf(part))
    await sendMerge(c, p, agent, delta, undefined, deadline)
  }
}

/** Registers in parts that fit a message each. */
function partsOf(registers: readonly AttributeRegister[]): (AttributeRegister[] | undefined)[] {
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

/** Agents whose state holds a version. */
export function holdersIn(
  states: readonly (readonly [agent: string, state: KeyState])[],
): (version: Version) => string[] {
  return version =>
    states.filter(([, state]) => state.versions.has(dotText(version.dot))).map(([agent]) => agent)
}
