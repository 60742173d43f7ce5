import {
  type CausalContext,
  decodeContext,
  emptyContext,
  joinContexts,
} from '@torc/cluster/clocks/causal-context'
import { policyText, type RetentionPolicy } from '@torc/cluster/retention/policy'
import { type Attributes, mergeAttributes, noAttributes } from '@torc/cluster/state/attributes'
import { decodeAttributes } from '@torc/cluster/state/attributes-codec'
import { readNullDots } from '@torc/cluster/state/null-dots'
import { type NullVersions, replacedNullVersions } from '@torc/cluster/state/null-versions'
import { TorcError } from '@torc/protocol/errors'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import { staleCollection } from '../collection/collection-numbers.js'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, readAttemptMs } from '../core/deadline.js'
import { holdersOf, keyFields, observe, type Placement } from '../core/placement.js'
import { describeErrors } from '../quorum/collect-acks.js'
import { gather } from '../quorum/gather.js'
import { askHolders } from './ask-holders.js'
import type { Operation } from './send-merge.js'

/** What a write may cover, above which times and numbers it must lie, and what may be pruned with it. */
export interface ClockRead {
  readonly context: CausalContext
  /** Greatest `createdAt` seen. */
  readonly newest: number
  /** Greatest `seq` seen. */
  readonly seq: number
  /** The key's own registers. */
  readonly attributes: Attributes
  /** Null versions that the agents hold. */
  readonly nulls: NullVersions
  /** Reports of the oldest versions, as the agents encoded them; none where no policy limits the versions. */
  readonly live: readonly Uint8Array[]
}

/**
 * Closed contexts of `wanted` of the candidates and of the agents that hold hints of the key, joined; with a `policy`,
 * what it may prune. Where fewer candidates are up, as many do unless the bucket is strict: a write then covers less,
 * and what it does not cover stays beside it. CLOCK_UNREAD when fewer answer, or in a strict bucket when a holder of
 * hints is silent: nothing was written. `minter`: knows by itself what it holds. STALE_COLLECTION where an agent turns
 * out to have a newer collection number: a write that follows would be refused. `purge`: whose attempt takes what is told;
 * owners that were asked for a later one refuse it.
 */
export async function readClocks(
  c: Coordination,
  p: Placement,
  candidates: readonly string[],
  wanted: number,
  deadline: Deadline,
  policy?: RetentionPolicy,
  minter?: string,
  purge: Operation = {},
): Promise<ClockRead> {
  const limiting = policy === undefined || policy.kind === 'all' ? undefined : policyText(policy)
  const ask = async (agent: string, asHolder: boolean): Promise<ResponseOf<'fetchKey'>> => {
    const request: RequestOf<'fetchKey'> = { ...keyFields(c, p), want: 'clock' }
    if (limiting !== undefined) request.policy = limiting
    if (asHolder) request.asHolder = true
    else Object.assign(request, purge)
    const { head } = await c.agents.request(agent, 'fetchKey', request, {
      timeoutMs: deadline.attempt(readAttemptMs),
    })
    observe(c, p, head)
    return head
  }
  const holders = holdersOf(c, p)
  const needed = p.bucket.strict ? wanted : Math.min(wanted, candidates.length)
  // Holders first: what one of them has delivered and let go of by then is with the owner that is asked after it.
  const hinted =
    holders.length === 0
      ? undefined
      : await askHolders(
          c,
          holders.filter(agent => agent !== minter),
          agent => ask(agent, true),
        )
  const { answers, errors } = await gather(candidates, needed, agent => ask(agent, false))
  if (p.bucket.strict && hinted !== undefined && hinted.silent.length > 0) {
    throw new TorcError(
      'CLOCK_UNREAD',
      `${hinted.silent.join(', ')} may hold newer writes and cannot be asked`,
      {
        details: { silent: hinted.silent },
      },
    )
  }
  if (answers.length < needed) {
    throw new TorcError(
      'CLOCK_UNREAD',
      `${answers.length} of ${needed} other owners told what they hold (${describeErrors(errors) || 'the rest is down'})`,
      { details: { needed, answered: answers.map(([agent]) => agent) } },
    )
  }
  const collection = c.collections.of(p.partition)
  if (collection > p.collection) throw staleCollection(p.partition, collection)
  let context = emptyContext
  let newest = 0
  let seq = 0
  let attributes = noAttributes
  const live: Uint8Array[] = []
  const nulls: NullVersions[] = []
  for (const [, head] of hinted === undefined ? answers : [...answers, ...hinted.answers]) {
    if (head.context !== undefined) context = joinContexts(context, decodeContext(head.context, 'CORRUPT'))
    newest = Math.max(newest, head.newest ?? 0)
    seq = Math.max(seq, head.seq ?? 0)
    if (head.live !== undefined) live.push(head.live)
    if (head.nulls !== undefined) nulls.push(readNullDots(head.nulls))
    if (head.attributes !== undefined) {
      const registers = decodeAttributes(head.attributes, 'CORRUPT')
      attributes = mergeAttributes(attributes, registers, emptyContext, () => true)
    }
  }
  return { context, newest, seq, attributes, nulls: replacedNullVersions(context, ...nulls), live }
}
