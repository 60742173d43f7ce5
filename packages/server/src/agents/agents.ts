import { TorcError } from '@torc/protocol/errors'
import type { Answer, RequestOptions } from '@torc/protocol/exchange/exchange'
import type { MessageName, RequestOf } from '@torc/protocol/messages/table'

/** The storage agents as the flows see them: by node id, over whatever connection there is. */
export interface Agents {
  /** Whether a request to this agent is likely to be answered now, and it takes part. */
  isAlive(agent: string): boolean
  /** The same of an agent that may take no part, as its disk proved to be an old copy. */
  isReachable(agent: string): boolean
  /** One request, one answer. Rejects as `Exchange.request` does; see `notSent`. */
  request<N extends MessageName>(
    agent: string,
    name: N,
    head: RequestOf<N>,
    options?: RequestOptions,
  ): Promise<Answer<N>>
  /** A FETCH whose items come in several frames. */
  fetch<N extends MessageName>(
    agent: string,
    name: N,
    head: RequestOf<N>,
    options?: RequestOptions,
  ): AsyncIterable<Answer<N>>
}

/** The error of a request that never left this process: the agent cannot have acted on it. */
export function notSent(agent: string): TorcError {
  return new TorcError('UNREACHABLE', `agent ${agent} is not connected`, { details: { sent: false, agent } })
}

/** Answers that prove that the agent did nothing. Any other failure leaves open whether it acted. */
const refusals = new Set<string>([
  'BAD_REQUEST',
  'TOO_LARGE',
  'UNSUPPORTED',
  'DENIED',
  'UNAVAILABLE',
  'OVERLOADED',
  'DISK_FULL',
  'NO_LAYOUT',
  'STALE_EPOCH',
  'NOT_OWNER',
  'STALE_COLLECTION',
  'CLOCK_SKEW',
  'CHECKSUM',
  'SUPERSEDED',
  'INTENT_EXPIRED',
])

/** Whether the agent may have acted on a request that failed so. */
export function mayHaveActed(error: TorcError): boolean {
  return !refusals.has(error.code) && error.details?.['sent'] !== false
}

/** The layout, or the collection number, that the request named is not the agent's: no other agent helps, begin anew. */
export function isStaleLayout(error: TorcError): boolean {
  return error.code === 'STALE_EPOCH' || error.code === 'NOT_OWNER' || error.code === 'STALE_COLLECTION'
}
