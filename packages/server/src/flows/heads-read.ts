import { type CausalContext, decodeContext, emptyContext } from '@torc/cluster/clocks/causal-context'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { TorcError } from '@torc/protocol/errors'
import type { Answer } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, readAttemptMs } from '../core/deadline.js'
import { keyFields, observe, type Placement } from '../core/placement.js'

/** What one owner answers to a read of a key. */
export interface HeadsAnswer {
  readonly digest: Uint8Array
  /** Newest first; undefined where the digest alone was asked for. */
  readonly heads: readonly Version[] | undefined
  /** Closed. */
  readonly context: CausalContext
  /** Greatest `createdAt` and `seq` in the owner's state. */
  readonly newest: number
  readonly seq: number
  /** Inline body of the latest head, where it came along. */
  readonly inline: readonly Uint8Array[] | undefined
}

const inlineMax = 64 * 1024

export async function askDigest(
  c: Coordination,
  p: Placement,
  agent: string,
  deadline: Deadline,
): Promise<HeadsAnswer> {
  const { head } = await c.agents.request(
    agent,
    'fetchKey',
    { ...keyFields(c, p), want: 'digest' },
    { timeoutMs: deadline.attempt(readAttemptMs) },
  )
  observe(c, p, head)
  return {
    digest: head.digest,
    heads: undefined,
    context: emptyContext,
    newest: 0,
    seq: 0,
    inline: undefined,
  }
}

/**
 * The heads of a key on one agent, also as of `at`. Nearly always one frame, and then cheaper as a request; many
 * siblings with much metadata come in several, which a request refuses.
 */
export async function askHeads(
  c: Coordination,
  p: Placement,
  agent: string,
  deadline: Deadline,
  at: number | undefined,
): Promise<HeadsAnswer> {
  const head: RequestOf<'fetchKey'> = { ...keyFields(c, p), want: 'heads' }
  if (at !== undefined) head.at = at
  const options = { timeoutMs: deadline.attempt(readAttemptMs) }
  let first: Answer<'fetchKey'> | undefined
  const heads: Version[] = []
  try {
    first = await c.agents.request(agent, 'fetchKey', head, options)
    for (const record of first.head.heads ?? []) heads.push(decodeVersion(record))
  } catch (thrown) {
    if (TorcError.from(thrown).code !== 'PROTOCOL') throw thrown
    first = undefined
    for await (const part of c.agents.fetch(agent, 'fetchKey', head, options)) {
      if (first === undefined) first = part
      else part.body?.discard()
      for (const record of part.head.heads ?? []) heads.push(decodeVersion(record))
    }
  }
  if (first === undefined) throw new TorcError('PROTOCOL', `agent ${agent} answered without a frame`)
  const { digest, context, newest = 0, seq = 0 } = first.head
  observe(c, p, first.head)
  return {
    digest,
    heads,
    context: context === undefined ? emptyContext : decodeContext(context, 'CORRUPT'),
    newest,
    seq,
    inline: first.body === undefined ? undefined : (first.body.inline ?? [await first.body.bytes(inlineMax)]),
  }
}
