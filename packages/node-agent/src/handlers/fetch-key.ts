import { encodeContext } from '@torc/cluster/clocks/causal-context'
import { emptySummary } from '@torc/cluster/state/key-summary'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { KnownKey } from '../index/key-writer.js'
import { type OperationRange, operationRange } from '../index/operation-range.js'
import { addressedKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'
import { checkStoredBody } from './inline-body.js'
import { versionPages } from './version-pages.js'

/**
 * What this agent holds of a key, as much as is wanted; a key that it does not know reads as the empty state. For
 * `clock` and `heads` the context is closed, as tokens and clock reads must be; for `state` it is the state's own,
 * as a merge must not cover what the state only knows by hearsay. Heads and versions that do not fit one frame
 * follow in further ones.
 */
export function fetchKeyHandler(agent: AgentContext) {
  return (request: IncomingRequest<'fetchKey'>): Reply<'fetchKey'> | AsyncIterable<Reply<'fetchKey'>> => {
    const { head } = request
    const name = addressedKey(agent, head)
    const known = agent.index.find(name.bucketId, name.key)
    const summary = known?.summary ?? emptySummary
    const time = agent.clock.now()
    const { digest, newest, maxSeq } = summary
    switch (head.want) {
      case 'digest':
        return { head: { time, digest } }
      case 'clock':
        return { head: { time, digest, context: encodeContext(summary.closed), newest, seq: maxSeq } }
      case 'heads':
        return heads(agent, known, time)
      case 'state':
        return state(
          agent,
          known,
          time,
          head.versionId === undefined ? 'all' : operationRange(head.versionId),
        )
    }
  }
}

/** One frame, as an iterable only where there are more heads than fit one. */
function heads(
  agent: AgentContext,
  known: KnownKey | undefined,
  time: number,
): Reply<'fetchKey'> | AsyncIterable<Reply<'fetchKey'>> {
  const { digest, closed, newest, maxSeq } = known?.summary ?? emptySummary
  const [first, ...more] = versionPages(agent.index, known, 'none')
  const head = {
    time,
    digest,
    context: encodeContext(closed),
    newest,
    seq: maxSeq,
    heads: first?.heads ?? [],
  }
  const body = latestBody(agent, known)
  const reply = body === undefined ? { head } : { head, body }
  if (more.length === 0) return reply
  return inOrder([reply, ...more.map(page => ({ head: { time, digest, heads: page.heads } }))])
}

/** The latest head's inline body, checked; undefined when it has none. */
function latestBody(agent: AgentContext, known: KnownKey | undefined): Uint8Array | undefined {
  const latest = known?.summary.heads[0]
  if (known === undefined || latest?.kind !== 'object' || latest.blocks !== undefined) return undefined
  const body = agent.index.bodyOf(known, latest.dot) ?? new Uint8Array(0)
  checkStoredBody(agent.hasher, latest, body)
  return body
}

async function* state(
  agent: AgentContext,
  known: KnownKey | undefined,
  time: number,
  others: 'all' | OperationRange,
): AsyncIterable<Reply<'fetchKey'>> {
  const { digest, context, newest, maxSeq } = known?.summary ?? emptySummary
  const whole = { context: encodeContext(context), newest, seq: maxSeq }
  let first = true
  for (const page of versionPages(agent.index, known, others)) {
    yield { head: first ? { time, digest, ...whole, ...page } : { time, digest, ...page } }
    first = false
  }
}

async function* inOrder<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items
}
