import {
  type CausalContext,
  contextOfDot,
  decodeContext,
  encodeContext,
} from '@torc/cluster/clocks/causal-context'
import { dotText } from '@torc/cluster/clocks/dot'
import { closedContext, compareVersions, type KeyState, mergeStates } from '@torc/cluster/state/key-state'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, writeAttemptMs } from '../core/deadline.js'
import { keyFields, type Placement } from '../core/placement.js'
import { collectAcks, describeErrors } from '../quorum/collect-acks.js'
import { gather } from '../quorum/gather.js'
import type { TargetPlan } from '../quorum/targets.js'
import { readInlineBody, readKeyState } from './key-state-read.js'
import { holdersIn } from './write-back.js'
import type { WriteOutcome } from './write-request.js'

/**
 * Looks for what an earlier attempt of an operation wrote, on every owner that can be reached, and completes it:
 * the owners that lack the version get it, and the answer is due at W as for the first attempt. Undefined where
 * nobody holds anything: then, and only then, may it be minted again (DESIGN §4).
 */
export async function completeOperation(
  c: Coordination,
  p: Placement,
  plan: TargetPlan,
  opId: Uint8Array,
  deadline: Deadline,
): Promise<WriteOutcome | undefined> {
  const id = versionIdOf(opId)
  const reachable = plan.live.filter(agent => c.agents.isAlive(agent))
  const { answers } = await gather(reachable, reachable.length, agent =>
    readKeyState(c, p, agent, deadline, id),
  )
  const found = newestOf(answers)
  if (found === undefined) return undefined
  const [holder, version] = found
  const holders = holdersIn(answers)(version)
  const replicas: [string, CausalContext][] = answers
    .filter(([agent]) => holders.includes(agent))
    .map(([agent, state]) => [agent, closedContext(state)])
  const outcome: WriteOutcome = {
    placement: p,
    version,
    siblings: [],
    mintedBy: holder,
    replicas,
    down: plan.down,
    deduplicatedBytes: 0,
  }
  // Overwritten and pruned, or purged, since: it took effect, and must not come back.
  if (
    !answers
      .map(([, state]) => state)
      .reduce(mergeStates)
      .versions.has(dotText(version.dot))
  )
    return outcome
  const lacking = plan.live.filter(agent => !holders.includes(agent))
  if (lacking.length === 0) return outcome
  const body = await readInlineBody(c, p, version, holders, deadline)
  const acks = collectAcks(p.writeQuorum - holders.length, lacking, async agent => {
    const { head } = await c.agents.request(
      agent,
      'merge',
      {
        ...keyFields(c, p),
        context: encodeContext(contextOfDot(version.dot, version.after)),
        record: encodeVersion(version),
        opId,
      },
      { body: body.length > 0 ? body : undefined, timeoutMs: deadline.attempt(writeAttemptMs) },
    )
    c.hybridClock.observe(head.time)
    if (head.outcome === 'seen') return false
    replicas.push([agent, decodeContext(head.context, 'CORRUPT')])
    return true
  })
  await acks.decided
  if (acks.tally.verdict === 'reached') return outcome
  throw new TorcError(
    'INDETERMINATE',
    `an earlier attempt is on ${replicas.length} of ${p.writeQuorum} agents (${describeErrors(acks.errors)})`,
    { details: { versionId: id } },
  )
}

/** The version and one agent that holds it. Two dots of one operation are siblings; the newest answers for both. */
function newestOf(
  states: readonly (readonly [agent: string, state: KeyState])[],
): [string, Version] | undefined {
  let best: [string, Version] | undefined
  for (const [agent, state] of states) {
    for (const version of state.versions.values()) {
      if (best === undefined || compareVersions(version, best[1]) < 0) best = [agent, version]
    }
  }
  return best
}
