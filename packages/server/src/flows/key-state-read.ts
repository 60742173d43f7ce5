import { decodeContext, emptyContext } from '@torc/cluster/clocks/causal-context'
import { type KeyState, makeState } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, readAttemptMs } from '../core/deadline.js'
import { keyFields, type Placement } from '../core/placement.js'

/**
 * The whole state of a key on one agent or, with `versionId`, its context and just the versions whose id begins so.
 * Both kinds can be merged with others of their kind.
 */
export async function readKeyState(
  c: Coordination,
  p: Placement,
  agent: string,
  deadline: Deadline,
  versionId?: string,
): Promise<KeyState> {
  const fields = keyFields(c, p)
  const head =
    versionId === undefined
      ? { ...fields, want: 'state' as const }
      : { ...fields, want: 'state' as const, versionId }
  let context = emptyContext
  const versions: Version[] = []
  for await (const { head: part, body } of c.agents.fetch(agent, 'fetchKey', head, {
    timeoutMs: deadline.attempt(readAttemptMs),
  })) {
    body?.discard()
    c.hybridClock.observe(part.time)
    if (part.context !== undefined) context = decodeContext(part.context, 'CORRUPT')
    for (const record of part.heads ?? []) keep(decodeVersion(record))
    for (const record of part.versions ?? []) keep(decodeVersion(record))
  }
  function keep(version: Version): void {
    if (versionId === undefined || version.id.startsWith(versionId)) versions.push(version)
  }
  return makeState(context, versions)
}

/** The inline body of one version from the first of `holders` that gives it. */
export async function readInlineBody(
  c: Coordination,
  p: Placement,
  version: Version,
  holders: readonly string[],
  deadline: Deadline,
): Promise<readonly Uint8Array[]> {
  if (version.size === 0 || version.blocks !== undefined) return []
  let failure: unknown
  for (const agent of holders) {
    try {
      const { head, body } = await c.agents.request(
        agent,
        'fetchBody',
        { ...keyFields(c, p), dot: [version.dot.actor, version.dot.counter] },
        { timeoutMs: deadline.attempt(readAttemptMs) },
      )
      c.hybridClock.observe(head.time)
      if (body !== undefined) return body.inline ?? [await body.bytes(version.size)]
    } catch (error) {
      // Another holder may still have it; the last failure is what the caller sees.
      failure = error
    }
  }
  throw failure ?? unreadable(version)
}

function unreadable(version: Version): Error {
  return new TorcError('UNAVAILABLE', `no agent that holds version ${version.id} gave its body`)
}
