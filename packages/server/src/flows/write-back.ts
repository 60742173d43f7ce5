import { contextOfDot, encodeContext, isSubset } from '@torc/cluster/clocks/causal-context'
import { dotText } from '@torc/cluster/clocks/dot'
import type { KeyState } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, writeAttemptMs } from '../core/deadline.js'
import { keyFields, type Placement } from '../core/placement.js'
import { readInlineBody } from './key-state-read.js'

/** What an owner whose state is `held` lacks of `merged`. Pure. */
export interface Difference {
  readonly missing: readonly Version[]
  /** It holds versions that `merged` removed, or its context is behind. */
  readonly contextBehind: boolean
}

export function differenceOf(merged: KeyState, held: KeyState): Difference {
  const missing: Version[] = []
  for (const [dot, version] of merged.versions) if (!held.versions.has(dot)) missing.push(version)
  let contextBehind = !isSubset(merged.context, held.context)
  if (!contextBehind)
    for (const dot of held.versions.keys()) if (!merged.versions.has(dot)) contextBehind = true
  return { missing, contextBehind }
}

/**
 * Brings one owner to at least `merged`. Each missing version goes alone, as the delta that it is: a context that
 * covered the others too would say of those still on their way that they were removed. The whole context follows
 * last, with the dots that stay, so that an interruption at any point leaves a state that is only older.
 */
export async function writeBack(
  c: Coordination,
  p: Placement,
  agent: string,
  merged: KeyState,
  difference: Difference,
  holdersOf: (version: Version) => readonly string[],
  deadline: Deadline,
): Promise<void> {
  for (const version of difference.missing) {
    const body = await readInlineBody(c, p, version, holdersOf(version), deadline)
    await sendDelta(c, p, agent, version, body, deadline)
  }
  if (!difference.contextBehind) return
  const keep = Array.from(merged.versions.values(), ({ dot }): [string, number] => [dot.actor, dot.counter])
  const { head } = await c.agents.request(
    agent,
    'merge',
    { ...keyFields(c, p), context: encodeContext(merged.context), keep },
    { timeoutMs: deadline.attempt(writeAttemptMs) },
  )
  c.hybridClock.observe(head.time)
}

/** One version with its own dot as the delta's context. Resolves to whether the agent holds it now. */
async function sendDelta(
  c: Coordination,
  p: Placement,
  agent: string,
  version: Version,
  body: readonly Uint8Array[],
  deadline: Deadline,
): Promise<boolean> {
  const { head } = await c.agents.request(
    agent,
    'merge',
    {
      ...keyFields(c, p),
      context: encodeContext(contextOfDot(version.dot, version.after)),
      record: encodeVersion(version),
      opId: version.opId,
    },
    { body, timeoutMs: deadline.attempt(writeAttemptMs) },
  )
  c.hybridClock.observe(head.time)
  return head.outcome !== 'seen'
}

/** Agents whose state holds a version. */
export function holdersIn(
  states: readonly (readonly [agent: string, state: KeyState])[],
): (version: Version) => string[] {
  return version =>
    states.filter(([, state]) => state.versions.has(dotText(version.dot))).map(([agent]) => agent)
}
