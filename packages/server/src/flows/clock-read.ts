import {
  type CausalContext,
  decodeContext,
  emptyContext,
  joinContexts,
} from '@torc/cluster/clocks/causal-context'
import { policyText, type RetentionPolicy } from '@torc/cluster/retention/policy'
import { type Attributes, mergeAttributes, noAttributes } from '@torc/cluster/state/attributes'
import { decodeAttributes } from '@torc/cluster/state/attributes-codec'
import { TorcError } from '@torc/protocol/errors'
import type { RequestOf } from '@torc/protocol/messages/table'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, readAttemptMs } from '../core/deadline.js'
import { keyFields, type Placement } from '../core/placement.js'
import { describeErrors } from '../quorum/collect-acks.js'
import { gather } from '../quorum/gather.js'

/** What a write may cover, above which times and numbers it must lie, and what may be pruned with it. */
export interface ClockRead {
  readonly context: CausalContext
  /** Greatest `createdAt` seen. */
  readonly newest: number
  /** Greatest `seq` seen. */
  readonly seq: number
  /** The key's own registers. */
  readonly attributes: Attributes
  /** Reports of the oldest versions, as the agents encoded them; none where no policy limits the versions. */
  readonly live: readonly Uint8Array[]
}

/**
 * Closed contexts of `needed` of the candidates, joined; with a `policy`, what it may prune. CLOCK_UNREAD when fewer
 * answer: nothing was written.
 */
export async function readClocks(
  c: Coordination,
  p: Placement,
  candidates: readonly string[],
  needed: number,
  deadline: Deadline,
  policy?: RetentionPolicy,
): Promise<ClockRead> {
  const limiting = policy === undefined || policy.kind === 'all' ? undefined : policyText(policy)
  const { answers, errors } = await gather(candidates, needed, async agent => {
    const request: RequestOf<'fetchKey'> = { ...keyFields(c, p), want: 'clock' }
    if (limiting !== undefined) request.policy = limiting
    const { head } = await c.agents.request(agent, 'fetchKey', request, {
      timeoutMs: deadline.attempt(readAttemptMs),
    })
    c.hybridClock.observe(head.time)
    return head
  })
  if (answers.length < needed) {
    throw new TorcError(
      'CLOCK_UNREAD',
      `${answers.length} of ${needed} other owners told what they hold (${describeErrors(errors) || 'the rest is down'})`,
      { details: { needed, answered: answers.map(([agent]) => agent) } },
    )
  }
  let context = emptyContext
  let newest = 0
  let seq = 0
  let attributes = noAttributes
  const live: Uint8Array[] = []
  for (const [, head] of answers) {
    if (head.context !== undefined) context = joinContexts(context, decodeContext(head.context, 'CORRUPT'))
    newest = Math.max(newest, head.newest ?? 0)
    seq = Math.max(seq, head.seq ?? 0)
    if (head.live !== undefined) live.push(head.live)
    if (head.attributes !== undefined) {
      const registers = decodeAttributes(head.attributes, 'CORRUPT')
      attributes = mergeAttributes(attributes, registers, emptyContext, () => true)
    }
  }
  return { context, newest, seq, attributes, live }
}
