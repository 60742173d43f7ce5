import {
  type CausalContext,
  decodeContext,
  emptyContext,
  joinContexts,
} from '@torc/cluster/clocks/causal-context'
import { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, readAttemptMs } from '../core/deadline.js'
import { keyFields, type Placement } from '../core/placement.js'
import { describeErrors } from '../quorum/collect-acks.js'
import { gather } from '../quorum/gather.js'

/** What a write may cover, and above which times and numbers it must lie. */
export interface ClockRead {
  readonly context: CausalContext
  /** Greatest `createdAt` seen. */
  readonly newest: number
  /** Greatest `seq` seen. */
  readonly seq: number
}

/** Closed contexts of `needed` of the candidates, joined. CLOCK_UNREAD when fewer answer: nothing was written. */
export async function readClocks(
  c: Coordination,
  p: Placement,
  candidates: readonly string[],
  needed: number,
  deadline: Deadline,
): Promise<ClockRead> {
  const { answers, errors } = await gather(candidates, needed, async agent => {
    const { head } = await c.agents.request(
      agent,
      'fetchKey',
      { ...keyFields(c, p), want: 'clock' },
      { timeoutMs: deadline.attempt(readAttemptMs) },
    )
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
  for (const [, head] of answers) {
    if (head.context !== undefined) context = joinContexts(context, decodeContext(head.context, 'CORRUPT'))
    newest = Math.max(newest, head.newest ?? 0)
    seq = Math.max(seq, head.seq ?? 0)
  }
  return { context, newest, seq }
}
