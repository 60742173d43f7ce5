import { encodeContext } from '@torc/cluster/clocks/causal-context'
import { dotText } from '@torc/cluster/clocks/dot'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { type Difference, restDeltas } from '@torc/cluster/state/difference'
import type { KeyState } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import type { Coordination } from '../core/coordination.js'
import type { Deadline } from '../core/deadline.js'
import type { Placement } from '../core/placement.js'
import { owner } from '../quorum/write-quorum.js'
import { readInlineBody } from './key-state-read.js'
import { type Delta, deltaOf, sendMerge } from './send-merge.js'

/** Versions under way to one owner at once. */
const versionsAtOnce = 16

/**
 * Brings one owner to at least the state that `difference` was taken to: the missing versions, several at once, then
 * the rest in its order.
 */
export async function writeBack(
  c: Coordination,
  p: Placement,
  agent: string,
  difference: Difference,
  holdersOf: (version: Version) => readonly string[],
  deadline: Deadline,
): Promise<void> {
  const { missing } = difference
  let next = 0
  const sendVersions = async (): Promise<void> => {
    for (let version = missing[next++]; version !== undefined; version = missing[next++]) {
      const body = await readInlineBody(c, p, version, holdersOf(version), deadline)
      await sendMerge(c, p, owner(agent), deltaOf(version), body.length > 0 ? body : undefined, deadline)
    }
  }
  await Promise.all(Array.from({ length: Math.min(versionsAtOnce, missing.length) }, sendVersions))
  for (const { context, attributes } of restDeltas(difference)) {
    const delta: Delta = { context: encodeContext(context) }
    if (attributes.size > 0) delta.attributes = encodeAttributes(attributes)
    await sendMerge(c, p, owner(agent), delta, undefined, deadline)
  }
}

/** Agents whose state holds a version. */
export function holdersIn(
  states: readonly (readonly [agent: string, state: KeyState])[],
): (version: Version) => string[] {
  return version =>
    states.filter(([, state]) => state.versions.has(dotText(version.dot))).map(([agent]) => agent)
}
