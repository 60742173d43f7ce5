import { decodeContext, emptyContext } from '@torc/cluster/clocks/causal-context'
import { type AttributeRegister, attributesOf, noAttributes } from '@torc/cluster/state/attributes'
import { decodeAttributes } from '@torc/cluster/state/attributes-codec'
import { emptyDigest, type KeyState, makeState } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { TorcError } from '@torc/protocol/errors'
import { nullVersionId } from '@torc/protocol/identifiers/null-version-id'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, readAttemptMs } from '../core/deadline.js'
import { keyFields, observe, type Placement } from '../core/placement.js'

/** A version that was removed for good: its id, and how it went. */
export type Removal = NonNullable<ResponseOf<'fetchKey'>['removed']>[number]

/** The state of a key on one agent. */
export interface HeldState extends KeyState {
  /** Of a read by id: which of the versions that were removed last the id names. */
  readonly removed: readonly Removal[]
  /** All heads that the agent has, whatever the id. */
  readonly heads: readonly Version[]
  /** Of the whole state, as the agent answered it when the read began. */
  readonly digest: Uint8Array
  /** No version is left, and the rest is being collected. */
  readonly collecting: boolean
}

/**
 * The whole state of a key on one agent or, with `versionId`, its context and just the versions whose id begins so, or
 * (`null`) the null versions.
 * Both kinds can be merged with others of their kind. With `attempt` the agent takes no other attempt's mint of the
 * operation from now on. An agent that is no owner tells what it holds hints of. Each frame has its own patience: a long
 * history takes as long as it takes.
 */
export async function readKeyState(
  c: Coordination,
  p: Placement,
  agent: string,
  deadline: Deadline,
  versionId?: string,
  attempt?: Uint8Array,
): Promise<HeldState> {
  const head: RequestOf<'fetchKey'> = { ...keyFields(c, p), want: 'state' }
  if (versionId !== undefined) head.versionId = versionId
  if (attempt !== undefined) head.attempt = attempt
  if (!p.owners.includes(agent)) head.asHolder = true
  let context = emptyContext
  let digest: Uint8Array = emptyDigest
  let collecting = false
  const versions: Version[] = []
  const heads: Version[] = []
  const registers: AttributeRegister[] = []
  const removed: Removal[] = []
  for await (const { head: part, body } of c.agents.fetch(agent, 'fetchKey', head, {
    timeoutMs: deadline.attempt(readAttemptMs),
  })) {
    body?.discard()
    observe(c, p, part)
    if (part.collecting === true) collecting = true
    // The first frame has them; versions that are written while the rest comes are left out.
    if (part.context !== undefined) {
      context = decodeContext(part.context, 'CORRUPT')
      digest = part.digest
    }
    for (const record of part.heads ?? []) heads.push(decodeVersion(record))
    for (const record of part.versions ?? []) keep(decodeVersion(record))
    if (part.attributes !== undefined)
      for (const register of decodeAttributes(part.attributes, 'CORRUPT').values()) registers.push(register)
    for (const removal of part.removed ?? [])
      if (versionId !== undefined && removal[0].startsWith(versionId)) removed.push(removal)
  }
  for (const head of heads) keep(head)
  function keep(version: Version): void {
    if (versionId === undefined || isNamed(version, versionId)) versions.push(version)
  }
  const attributes = registers.length === 0 ? noAttributes : attributesOf(registers)
  return { ...makeState(context, versions, attributes), removed, heads, digest, collecting }
}

/** Whether an id, or a beginning of one, or `null`, may mean the version. */
function isNamed(version: Version, versionId: string): boolean {
  return versionId === nullVersionId ? version.isNull === true : version.id.startsWith(versionId)
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
      const asked: RequestOf<'fetchBody'> = {
        ...keyFields(c, p),
        dot: [version.dot.actor, version.dot.counter],
      }
      if (!p.owners.includes(agent)) asked.asHolder = true
      const options = { timeoutMs: deadline.attempt(readAttemptMs) }
      const { head, body } = await c.agents.request(agent, 'fetchBody', asked, options)
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
