import { contextOfDot, encodeContext } from '@torc/cluster/clocks/causal-context'
import type { Version } from '@torc/cluster/state/version'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import type { OutgoingBody } from '@torc/protocol/exchange/exchange'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, writeAttemptMs } from '../core/deadline.js'
import { keyFields, noteHint, type Placement } from '../core/placement.js'
import type { WriteTarget } from '../quorum/write-quorum.js'

/** What joins a key's state on an owner: a version, a purge, registers, or part of a state. */
export type Delta = Pick<
  RequestOf<'merge'>,
  'context' | 'record' | 'opId' | 'attempt' | 'keep' | 'attributes'
>

/** Whose attempt a purge is; nothing where it may come at any time. */
export type Operation = Pick<Delta, 'opId' | 'attempt'>

/** A version alone, as it was minted: its own dot with `after` is all that the context says. */
export function deltaOf(version: Version): Delta {
  return {
    context: encodeContext(contextOfDot(version.dot, version.after)),
    record: encodeVersion(version),
    opId: version.opId,
  }
}

/**
 * Joins a delta into the state of an owner, or of an agent that stands in for some; resolves once that is on stable
 * storage there, with the hints that it is for.
 */
export async function sendMerge(
  c: Coordination,
  p: Placement,
  target: WriteTarget,
  delta: Delta,
  body: OutgoingBody | undefined,
  deadline: Deadline,
): Promise<ResponseOf<'merge'>> {
  const { agent, standsFor } = target
  const request: RequestOf<'merge'> = {
    ...keyFields(c, p),
    replicas: p.bucket.replicas,
    ...delta,
  }
  if (standsFor.length > 0) request.hintFor = [...standsFor]
  const { head } = await c.agents.request(agent, 'merge', request, {
    body,
    timeoutMs: deadline.attempt(writeAttemptMs),
  })
  c.hybridClock.observe(head.time)
  noteHint(c, agent, p.partition, head.hints)
  return head
}
