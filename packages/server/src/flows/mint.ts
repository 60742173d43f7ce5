import { type CausalContext, decodeContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import { policyText, type RetentionPolicy } from '@torc/cluster/retention/policy'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { nullDots } from '@torc/cluster/state/null-dots'
import { TorcError } from '@torc/protocol/errors'
import type { OutgoingBody } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import type { RequestOf } from '@torc/protocol/messages/table'
import { isStaleLayout } from '../agents/agents.js'
import type { PreparedBody } from '../bodies/prepared-body.js'
import type { Coordination } from '../core/coordination.js'
import { type Deadline, writeAttemptMs } from '../core/deadline.js'
import { holdersOf, keyFields, noteHint, ownersOf, type Placement } from '../core/placement.js'
import type { WritePlan } from '../quorum/targets.js'
import type { WriteTarget } from '../quorum/write-quorum.js'
import { type ClockRead, readClocks } from './clock-read.js'
import type { WriteRequest } from './write-request.js'

/** The version as its minter stored it, as it is shipped. */
export interface Minted {
  readonly record: Uint8Array
  /** Context of the delta: of the version, and of what a retention policy removed with it. */
  readonly delta: Uint8Array
  /** Registers that were set with it. */
  readonly attributes: Uint8Array | undefined
  readonly context: CausalContext
  readonly siblings: readonly string[]
}

/**
 * Lets one owner, or one that stands in for some, make the version: after a clock read of R owners, itself among them,
 * and of the holders of hints, whose reports and its own versions decide what the retention policy prunes in the same
 * transaction (decision 13). `attempt` names the latest look for the
 * operation, where there was one (decision 14).
 */
export async function mint(
  c: Coordination,
  p: Placement,
  plan: WritePlan,
  minter: WriteTarget,
  request: WriteRequest,
  attempt: Uint8Array | undefined,
  deadline: Deadline,
): Promise<Minted> {
  const { token, body } = request
  const head: RequestOf<'mint'> = {
    ...keyFields(c, p),
    replicas: p.bucket.replicas,
    opId: request.opId,
    kind: request.kind,
    size: body.size,
    sha256: body.sha256,
    etag: etagOf(request),
    contentType: request.contentType,
    metadata: request.metadata as [string, string][],
  }
  if (makesNull(request)) head.isNull = true
  const { live } = p.writeGroups.length === 1 ? plan : ownersOf(c, p)
  const others = live.filter(agent => agent !== minter.agent)
  // A stand-in knows little of the key: it is no owner. Nor does an owner of the layout that is not read now.
  const wanted = p.owners.includes(minter.agent) ? p.readQuorum - 1 : p.readQuorum
  if (minter.standsFor.length > 0) head.hintFor = [...minter.standsFor]
  if (token === undefined) {
    if (wanted > 0 || holdersOf(c, p).length > 0) {
      const read = await readClocks(c, p, others, wanted, deadline, policyOf(request), minter.agent)
      head.cover = encodeContext(read.context)
      head.seenTime = read.newest
      head.seenSeq = read.seq
      tell(head, read, body)
    }
  } else {
    head.cover = encodeContext(token.context)
    head.seenTime = token.newest
    head.seenSeq = token.seq
    head.exact = true
    const read = await readReports(c, p, others, wanted, request, deadline)
    if (read !== undefined) {
      head.seenTime = Math.max(token.newest, read.newest)
      tell(head, read, body)
    }
  }
  if (body.blocks !== undefined && body.blockSizes !== undefined) {
    head.blocks = body.blocks
    head.blockSizes = body.blockSizes
    if (body.partBlocks !== undefined) head.partBlocks = [...body.partBlocks]
  }
  const { tags = [] } = request
  if (tags.length > 0) head.tags = tags.map(([name, value]) => [name, value])
  if (p.bucket.policy.kind !== 'all') head.policy = policyText(p.bucket.policy)
  if (request.policy !== undefined) head.setPolicy = policyText(request.policy)
  if (attempt !== undefined) head.attempt = attempt
  const { head: minted } = await c.agents.request(minter.agent, 'mint', head, {
    body: inlineOf(request),
    timeoutMs: deadline.attempt(writeAttemptMs),
  })
  c.hybridClock.observe(minted.time)
  noteHint(c, minter.agent, p.partition, minted.hints)
  return {
    record: minted.record,
    delta: minted.delta,
    attributes: minted.attributes,
    context: decodeContext(minted.context, 'CORRUPT'),
    siblings: minted.siblings,
  }
}

export function inlineOf(request: WriteRequest): OutgoingBody | undefined {
  const { inline } = request.body
  return inline !== undefined && request.body.size > 0 ? inline : undefined
}

/** Whether the bucket keeps no versions of what is written now (S3's null version). */
export function makesNull({ bucket }: Pick<WriteRequest, 'bucket'>): boolean {
  return bucket.versioning !== 'enabled'
}

/** The policy that will be in force, as far as this server knows: the key's own is known to its owners. */
export function policyOf(request: WriteRequest): RetentionPolicy {
  const { policy, bucket } = request
  return policy === undefined || policy === 'inherit' ? bucket.policy : policy
}

/**
 * With a client's context a clock read only serves the policy. It is no reason to refuse a write: without it the
 * minter prunes what it knows of, and the next write the rest.
 */
async function readReports(
  c: Coordination,
  p: Placement,
  others: readonly string[],
  wanted: number,
  request: WriteRequest,
  deadline: Deadline,
): Promise<ClockRead | undefined> {
  const policy = policyOf(request)
  if ((policy.kind === 'all' && !makesNull(request)) || wanted < 1) return undefined
  try {
    return await readClocks(c, p, others, wanted, deadline, policy)
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (isStaleLayout(error) || error.code === 'CANCELLED') throw error
    c.log.debug({ key: p.key, code: error.code }, 'a policy is decided without reports of other owners')
    return undefined
  }
}

/** All reports together must leave room in the head; one more could only prune more exactly. */
const reportBytesMax = limits.headBytesMax / 2
/** For all that is neither a report nor the block list: metadata, contexts, registers. */
const otherBytesMax = 192 * 1024
/** A block in the head: its hash and its size. */
const blockBytes = 32 + 5

function tell(head: RequestOf<'mint'>, read: ClockRead, { blockSizes = [] }: PreparedBody): void {
  const { nulls } = nullDots(read.nulls)
  if (head.isNull === true && nulls !== undefined) head.nulls = nulls
  const room = limits.headBytesMax - otherBytesMax - blockBytes * blockSizes.length
  if (read.attributes.size > 0) head.attributes = encodeAttributes(read.attributes)
  let bytes = 0
  const live = read.live.filter(report => {
    bytes += report.length
    return bytes <= Math.min(reportBytesMax, room)
  })
  if (live.length > 0) head.live = live
}

/**
 * The writer's own etag, or that of a native PUT: opaque, with a `-`, so that nobody takes it for an MD5; of an object in
 * parts as in S3.
 */
export function etagOf({ kind, etag, body: { sha256, partBlocks } }: WriteRequest): string {
  if (kind === 'marker') return ''
  if (etag !== undefined) return etag
  return `${Buffer.from(sha256.buffer, sha256.byteOffset, 16).toString('hex')}-${partBlocks?.length ?? 't'}`
}
