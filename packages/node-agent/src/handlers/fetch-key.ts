import { encodeContext } from '@torc/cluster/clocks/causal-context'
import { emptySummary } from '@torc/cluster/state/key-summary'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { KnownKey } from '../index/key-writer.js'
import { operationRange } from '../index/operation-range.js'
import { addressedKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'
import { checkStoredBody } from './inline-body.js'
import { otherVersions } from './version-pages.js'

/**
 * What this agent holds of a key, as much as is wanted. A key that it does not know reads as the empty state. For
 * `clock` and `heads` the context is closed, as tokens and clock reads must be; for `state` it is the state's own,
 * as a merge must not cover what the state only knows by hearsay.
 */
export function fetchKeyHandler(agent: AgentContext) {
  return (request: IncomingRequest<'fetchKey'>): Reply<'fetchKey'> | AsyncIterable<Reply<'fetchKey'>> => {
    const { head } = request
    const name = addressedKey(agent, head)
    const known = agent.index.find(name.bucketId, name.key)
    const summary = known?.summary ?? emptySummary
    const time = agent.clock.now()
    const { digest, newest } = summary
    switch (head.want) {
      case 'digest':
        return { head: { time, digest } }
      case 'clock':
        return { head: { time, digest, context: encodeContext(summary.closed), newest, seq: summary.maxSeq } }
      case 'heads':
        return heads(agent, known, time)
      case 'state':
        return state(agent, known, time, head.versionId)
    }
  }
}

function heads(agent: AgentContext, known: KnownKey | undefined, time: number): Reply<'fetchKey'> {
  const { digest, closed, newest, maxSeq, heads } = known?.summary ?? emptySummary
  const head = {
    time,
    digest,
    context: encodeContext(closed),
    newest,
    seq: maxSeq,
    heads: heads.map(encodeVersion),
  }
  const [latest] = heads
  if (known === undefined || latest === undefined || latest.kind !== 'object' || latest.blocks !== undefined)
    return { head }
  const body = agent.index.bodyOf(known, latest.dot) ?? new Uint8Array(0)
  checkStoredBody(agent.hasher, latest, body)
  return { head, body }
}

async function* state(
  agent: AgentContext,
  known: KnownKey | undefined,
  time: number,
  versionId: string | undefined,
): AsyncIterable<Reply<'fetchKey'>> {
  const { digest, context, newest, maxSeq, heads } = known?.summary ?? emptySummary
  const range = versionId === undefined ? undefined : operationRange(versionId)
  yield {
    head: {
      time,
      digest,
      context: encodeContext(context),
      newest,
      seq: maxSeq,
      heads: heads.map(encodeVersion),
    },
  }
  if (known === undefined) return
  for (const versions of otherVersions(agent.index, known, range)) yield { head: { time, digest, versions } }
}
