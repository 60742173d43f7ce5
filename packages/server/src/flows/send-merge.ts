import { contextOfDot, encodeContext } from '@torc/cluster/clocks/causal-context'
import type { Version } from '@torc/cluster/state/version'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import type { OutgoingBody } from '@torc/protocol/exchange/exchange'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, writeAttemptMs } from '../core/deadline.js'
import { keyFields, type Placement } from '../core/placement.js'

/** What joins a key's state on an owner: a version, a purge, registers, or part of a state. */
export type Delta = Pick<RequestOf<'merge'>, 'context' | 'record' | 'opId' | 'keep' | 'attributes'>

/** A version alone, as it was minted: its own dot with `after` is all that the context says. */
export function deltaOf(version: Version): Delta {
  return {
    context: encodeContext(contextOfDot(version.dot, version.after)),
    record: encodeVersion(version),
    opId: version.opId,
  }
}

/** Joins a delta into one owner's state; resolves once that is on stable storage there. */
export async function sendMerge(
  c: Coordination,
  p: Placement,
  agent: string,
  delta: Delta,
  body: OutgoingBody | undefined,
  deadline: Deadline,
): Promise<ResponseOf<'merge'>> {
  const { head } = await c.agents.request(
    agent,
    'merge',
    { ...keyFields(c, p), replicas: p.bucket.replicas, ...delta },
    { body, timeoutMs: deadline.attempt(writeAttemptMs) },
  )
  c.hybridClock.observe(head.time)
  return head
}
