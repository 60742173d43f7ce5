import { encodeContext } from '@torc/cluster/clocks/causal-context'
import type { Attributes } from '@torc/cluster/state/attributes'
import { emptySummary } from '@torc/cluster/state/key-summary'
import { nullDots } from '@torc/cluster/state/null-dots'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { nullVersionId } from '@torc/protocol/identifiers/null-version-id'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import type { KeyName, KnownKey } from '../index/key-writer.js'
import { isWholeId, type OperationRange, operationRange } from '../index/operation-range.js'
import { readKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'
import { attributePages, keyRegisters, registersOf } from './attribute-pages.js'
import { encodedReport } from './encoded-report.js'
import { checkStoredBody } from './inline-body.js'
import { type KeyRecords, noRecords, recordsAsOf, recordsNow } from './key-records.js'
import { versionPages } from './version-pages.js'

type Head = ResponseOf<'fetchKey'>
type Answer = Reply<'fetchKey'> | AsyncIterable<Reply<'fetchKey'>>

/**
 * What this agent holds of a key, as much as is wanted; a key that it does not know reads as the empty state. For
 * `clock` and `heads` the context is closed, as tokens and clock reads must be; for `state` it is the state's own,
 * as a merge must not cover what the state only knows by hearsay. Heads, versions and registers that do not fit one
 * frame follow in further ones.
 *
 * All that an answer is made of is read (or, of a long history, listed) in the turn in which the request is handled.
 */
export function fetchKeyHandler(agent: AgentContext) {
  return (request: IncomingRequest<'fetchKey'>): Answer => {
    const { head } = request
    const name = readKey(agent, request)
    const answer = answerOf(agent, name, head)
    const collection = agent.collections.of(name.partition)
    return collection <= (head.collection ?? 0) ? answer : underNewer(answer, collection)
  }
}

function answerOf(agent: AgentContext, name: KeyName, head: RequestOf<'fetchKey'>): Answer {
  const wanted = wantedVersions(head.versionId)
  if (head.opId !== undefined) agent.index.fence.check(head.opId, head.attempt)
  else if (head.attempt !== undefined) raiseFence(agent, head, wanted)
  const time = agent.clock.now()
  if (head.want === 'heads' && head.at === undefined) {
    const found = agent.index.findWithBody(name.bucketId, name.key)
    const records = found === undefined ? noRecords : recordsNow(agent.index, found, 'none')
    return heads(agent, found, time, records, found?.body)
  }
  const known = agent.index.find(name.bucketId, name.key)
  switch (head.want) {
    case 'digest':
      return { head: { time, digest: (known?.summary ?? emptySummary).digest } }
    case 'clock':
      return clock(agent, known, time, head.policy)
    case 'heads':
      return headsAsOf(agent, known, time, head.at ?? Number.MAX_SAFE_INTEGER)
    case 'state':
      return state(agent, name, known, time, wanted)
  }
}

function wantedVersions(versionId: string | undefined): OperationRange | 'nulls' | undefined {
  if (versionId === undefined) return undefined
  return versionId === nullVersionId ? 'nulls' : operationRange(versionId)
}

/** The same answer, whose reader learns that the partition has been raised since it heard of it. */
function underNewer(answer: Answer, collection: number): Answer {
  if ('head' in answer) return { ...answer, head: { ...answer.head, collection } }
  return firstUnder(answer, collection)
}

async function* firstUnder(
  answers: AsyncIterable<Reply<'fetchKey'>>,
  collection: number,
): AsyncIterable<Reply<'fetchKey'>> {
  let begun = false
  for await (const answer of answers) {
    yield begun ? answer : { ...answer, head: { ...answer.head, collection } }
    begun = true
  }
}

/** In the turn of the look: whatever mint is committed after it is of the attempt that asked. */
function raiseFence(
  agent: AgentContext,
  head: RequestOf<'fetchKey'>,
  wanted: OperationRange | 'nulls' | undefined,
): void {
  const { attempt, versionId } = head
  if (attempt === undefined) return
  if (
    head.want !== 'state' ||
    typeof wanted !== 'object' ||
    versionId === undefined ||
    !isWholeId(versionId)
  ) {
    throw new TorcError('BAD_REQUEST', '`attempt` needs `state` and a whole `versionId`')
  }
  agent.index.fence.raise(wanted.first, attempt)
}

/** Of the registers only the key's own, in one frame: they decide about the write that the clock is read for. */
function clock(
  agent: AgentContext,
  known: KnownKey | undefined,
  time: number,
  policy: string | undefined,
): Reply<'fetchKey'> {
  const { digest, closed, newest, maxSeq, attributes, nulls } = known?.summary ?? emptySummary
  const head: Head = { time, digest, context: encodeContext(closed), newest, seq: maxSeq, ...nullDots(nulls) }
  if (policy !== undefined || attributes.size > 0) {
    const live = encodedReport(agent, known, policy)
    if (live !== undefined) head.live = live
    const [registers] = attributePages(keyRegisters(attributes))
    if (registers !== undefined) head.attributes = registers
  }
  return { head }
}

function headsAsOf(agent: AgentContext, known: KnownKey | undefined, time: number, at: number): Answer {
  if (known === undefined) return heads(agent, known, time, noRecords, undefined)
  const records = recordsAsOf(agent.index, known, at, 'none')
  const latest = records.heads[0]
  const body = latest === undefined ? undefined : agent.index.bodyOf(known, latest.dot)
  return heads(agent, known, time, records, body)
}

/** `stored` is what lies with the first of the heads. */
function heads(
  agent: AgentContext,
  known: KnownKey | undefined,
  time: number,
  records: KeyRecords,
  stored: Uint8Array | null | undefined,
): Answer {
  const { digest, closed, newest, maxSeq, attributes } = known?.summary ?? emptySummary
  const body = inlineBody(agent, records.heads[0], stored)
  const whole = { digest, context: encodeContext(closed), newest, seq: maxSeq }
  const replies: Reply<'fetchKey'>[] = []
  for (const page of versionPages(records)) {
    if (replies.length > 0) replies.push({ head: { time, digest, heads: page.heads } })
    else {
      const head: Head = { time, ...whole, heads: page.heads }
      replies.push(body === undefined ? { head } : { head, body })
    }
  }
  return framed(replies, registersOf(attributes, records.heads), time, digest)
}

/** The inline body of a version, checked; undefined when it has none. */
function inlineBody(
  agent: AgentContext,
  version: Version | undefined,
  stored: Uint8Array | null | undefined,
): Uint8Array | undefined {
  if (version?.kind !== 'object' || version.blocks !== undefined) return undefined
  const body = stored ?? new Uint8Array(0)
  checkStoredBody(agent.hasher, version, body)
  return body
}

function state(
  agent: AgentContext,
  name: KeyName,
  known: KnownKey | undefined,
  time: number,
  wanted: OperationRange | 'nulls' | undefined,
): Answer {
  const { digest, context, newest, maxSeq, attributes } = known?.summary ?? emptySummary
  const records = known === undefined ? noRecords : recordsNow(agent.index, known, wanted ?? 'all')
  const first: Head = { time, digest, context: encodeContext(context), newest, seq: maxSeq }
  const removed = known === undefined || typeof wanted !== 'object' ? [] : removedIn(agent, known, wanted)
  if (removed.length > 0) first.removed = removed
  if (known?.summary.versionCount === 0 && agent.remainderRows.isHidden(name)) first.collecting = true
  const registers = attributePages(attributes)
  if (registers[0] !== undefined) first.attributes = registers[0]
  return stateFrames(first, records, registers.slice(1))
}

function removedIn(
  agent: AgentContext,
  known: KnownKey,
  wanted: OperationRange,
): NonNullable<Head['removed']> {
  return agent.index.removals
    .of(known.id)
    .filter(({ opId }) => Buffer.compare(opId, wanted.first) >= 0 && Buffer.compare(opId, wanted.last) <= 0)
    .map(({ opId, how }) => [versionIdOf(opId), how])
}

async function* stateFrames(
  first: Head,
  records: KeyRecords,
  registers: readonly Uint8Array[],
): AsyncIterable<Reply<'fetchKey'>> {
  const { time, digest } = first
  let begun = false
  for (const page of versionPages(records)) {
    yield { head: begun ? { time, digest, ...page } : { ...first, ...page } }
    begun = true
  }
  for (const attributes of registers) yield { head: { time, digest, attributes } }
}

/** Adds registers to the first frame and, where they don't fit, further frames; no iterable for a single one. */
function framed(
  replies: Reply<'fetchKey'>[],
  attributes: Attributes,
  time: number,
  digest: Uint8Array,
): Answer {
  const [first] = replies
  const [page, ...more] = attributePages(attributes)
  if (first !== undefined && page !== undefined) first.head.attributes = page
  for (const registers of more) replies.push({ head: { time, digest, attributes: registers } })
  return first !== undefined && replies.length === 1 ? first : inOrder(replies)
}

async function* inOrder<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items
}
