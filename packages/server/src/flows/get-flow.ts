import { type CausalContext, joinContexts } from '@torc/cluster/clocks/causal-context'
import { headsAsOf } from '@torc/cluster/state/as-of'
import {
  closedContext,
  compareVersions,
  digestsEqual,
  headsOf,
  type KeyState,
} from '@torc/cluster/state/key-state'
import { contextAfterWrite, type Version } from '@torc/cluster/state/version'
import { inForce } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import { nullVersionId } from '@torc/protocol/identifiers/null-version-id'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { holdersOf, ownersOf, type Placement, place } from '../core/placement.js'
import { gather } from '../quorum/gather.js'
import { askHolders } from './ask-holders.js'
import { askDigest, askHeads } from './heads-read.js'
import { addsNothing } from './hinted-state.js'
import { type Removal, readInlineBody, readKeyState } from './key-state-read.js'
import { keyNotFound, keyNotFoundAsOf, versionNotFound } from './not-found.js'
import { checkPast } from './past-time.js'
import { readMerged, reconcile, silentHolders, tooFewReads } from './reconcile.js'
import { holdersIn } from './write-back.js'

export interface ReadRequest {
  readonly bucket: BucketView
  readonly key: string
  /** A version's id or a unique prefix of one; undefined = the latest head. */
  readonly versionId: string | undefined
  /** Hybrid time: what the key was then, judged on the versions that are still there. Not beside `versionId`. */
  readonly at?: number | undefined
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** A version as a read shows it. */
export interface ReadVersion {
  readonly placement: Placement
  readonly version: Version
  readonly isLatest: boolean
  /** Ids of the other heads. */
  readonly siblings: readonly string[]
  /** What a write that answers to this read covers. */
  readonly context: CausalContext
  /** Greatest `createdAt` and `seq` among what the context covers. */
  readonly newest: number
  readonly seq: number
  readonly degraded: boolean
  /** The inline body; undefined when it is in blocks. */
  readonly inline: readonly Uint8Array[] | undefined
}

/** The heads of a key as R owners agree on them. */
export interface ReadHeads {
  readonly placement: Placement
  /** Newest first, each id once. */
  readonly heads: readonly Version[]
  readonly context: CausalContext
  readonly newest: number
  readonly seq: number
  /** Something newer may be nowhere but on agents that could not be asked. */
  readonly degraded: boolean
  /** Fewer than R owners answered: that there is no head says nothing. */
  readonly sloppy: boolean
  /** Inline body of the latest head, where it came along. */
  readonly inline: readonly Uint8Array[] | undefined
  readonly holdersOf: (version: Version) => readonly string[]
}

/** Reads one version. KEY_NOT_FOUND where the latest head is a delete marker or there is none. */
export async function read(c: Coordination, request: ReadRequest): Promise<ReadVersion> {
  const { versionId, at } = request
  checkPast(c, at)
  if (versionId !== undefined && at !== undefined) {
    throw new TorcError('BAD_REQUEST', 'a version and a time were named', { hint: 'Name one of them.' })
  }
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  return withFreshLayout(c, () =>
    versionId === undefined ? readLatest(c, request, deadline) : readVersion(c, request, versionId, deadline),
  )
}

/** Readings in a row of a key that others keep overwriting, before the reader is told. */
const readingsMax = 8

async function readLatest(
  c: Coordination,
  request: ReadRequest,
  deadline: Deadline,
  again = readingsMax - 1,
): Promise<ReadVersion> {
  const { at } = request
  const read = await readHeads(c, place(c, request.bucket, request.key), deadline, at)
  const version = read.heads[0]
  if (version === undefined || version.kind === 'marker') {
    if (read.sloppy) throw tooFewToTell(read.placement)
    throw at === undefined
      ? keyNotFound(request, read)
      : await keyNotFoundAsOf(c, request, at, read, deadline)
  }
  let { inline } = read
  if (inline === undefined && version.blocks === undefined) {
    try {
      inline = await readInlineBody(c, read.placement, version, read.holdersOf(version), deadline)
    } catch (thrown) {
      // It was overwritten, and pruned with that, since it was read: there is a newer one.
      if (TorcError.from(thrown).code !== 'VERSION_NOT_FOUND' || again === 0) throw thrown
      return readLatest(c, request, deadline, again - 1)
    }
  }
  const siblings = read.heads.length > 1 ? read.heads.slice(1).map(head => head.id) : none
  const { placement, degraded } = read
  // As of a time in the past: what its reader saw is no more than this version.
  const { context, newest, seq } = at === undefined ? read : seenOf(version)
  return { placement, version, isLatest: true, siblings, context, newest, seq, degraded, inline }
}

/** Just what a version covers and itself: a reader of it alone saw nothing else. */
function seenOf(version: Version) {
  return { context: contextAfterWrite(version), newest: version.createdAt, seq: version.seq }
}

const none: readonly string[] = []

/**
 * Heads from one owner, digests from R − 1 more, and what agents hold of the key as hints. Where they differ, whole
 * states are joined and what is missing is
 * written back before anything is answered. With `at` the heads are those among the versions up to then; the digests
 * are of the whole state, so that equal ones mean equal heads of any time.
 */
export async function readHeads(
  c: Coordination,
  p: Placement,
  deadline: Deadline,
  at?: number,
): Promise<ReadHeads> {
  // A write that is reaching its owners just now makes them differ for a moment. Asking again costs little; joining
  // whole states costs what the key's history costs.
  return (
    (await agreedHeads(c, p, deadline, at)) ??
    (await agreedHeads(c, p, deadline, at)) ??
    headsAfterReconcile(c, p, deadline, at)
  )
}

/** The heads as R owners answer them at once; undefined where their digests differ. */
async function agreedHeads(
  c: Coordination,
  p: Placement,
  deadline: Deadline,
  at: number | undefined,
): Promise<ReadHeads | undefined> {
  const { live } = ownersOf(c, p)
  const holders = holdersOf(c, p)
  // Holders of hints may make up for owners; then whole states are read.
  if (live.length < p.readQuorum && holders.length > 0) return undefined
  // Holders first: what one of them has delivered and let go of by then is with the owner that is asked after it.
  const held =
    holders.length === 0
      ? undefined
      : await askHolders(c, holders, agent => readKeyState(c, p, agent, deadline))
  let headsAskedOf: string | undefined
  const { answers, errors } = await gather(live, p.readQuorum, async agent => {
    const whole = headsAskedOf === undefined
    if (whole) headsAskedOf = agent
    try {
      return await (whole ? askHeads(c, p, agent, deadline, at) : askDigest(c, p, agent, deadline))
    } catch (error) {
      if (whole) headsAskedOf = undefined
      throw error
    }
  })
  if (answers.length < p.readQuorum) throw tooFewReads(p, answers.length, errors)
  const first = answers.find(([, answer]) => answer.heads !== undefined)
  if (first?.[1].heads === undefined) return undefined
  const [holder, { digest, heads: found, inline, context, newest, seq }] = first
  for (const [, answer] of answers) {
    if (!digestsEqual(answer.digest, digest)) return undefined
  }
  if (p.bucket.strict && held !== undefined && held.silent.length > 0) throw silentHolders(p, held.silent)
  const closed = closedOver(found, context, newest, seq)
  for (const [, state] of held?.answers ?? noStates) if (!addsNothing(state, closed.context)) return undefined
  const heads = shownOnce(c, found)
  return {
    ...closed,
    placement: p,
    heads,
    degraded: held !== undefined && held.silent.length > 0,
    sloppy: false,
    inline: heads[0]?.size === 0 ? [] : inline,
    holdersOf: () => [holder],
  }
}

async function headsAfterReconcile(
  c: Coordination,
  p: Placement,
  deadline: Deadline,
  at: number | undefined,
): Promise<ReadHeads> {
  const { state, holdersOf: heldBy, onQuorum, degraded, sloppy } = await reconcile(c, p, deadline)
  const versions = state.versions.values()
  const heads = shownOnce(c, at === undefined ? headsOf(versions) : headsAsOf(versions, at).heads)
  return {
    ...closedOver(heads, closedContext(state)),
    placement: p,
    heads,
    degraded: degraded || !onQuorum,
    sloppy,
    inline: undefined,
    holdersOf: heldBy,
  }
}

const noStates: readonly (readonly [agent: string, state: KeyState])[] = []

function tooFewToTell(p: Placement): TorcError {
  return new TorcError(
    'UNAVAILABLE',
    `fewer than ${p.readQuorum} owners of the key answered: whether it is there cannot be told`,
    { details: { needed: p.readQuorum, owners: p.owners } },
  )
}

/** The context joined with what the heads cover: a later write that covers a head covers what it covers. */
function closedOver(heads: readonly Version[], context: CausalContext, newest = 0, seq = 0) {
  const closed = { context, newest, seq }
  for (const head of heads) {
    closed.context = joinContexts(closed.context, head.context)
    closed.newest = Math.max(closed.newest, head.createdAt)
    closed.seq = Math.max(closed.seq, head.seq)
  }
  return closed
}

function shownOnce(c: Coordination, heads: readonly Version[]): readonly Version[] {
  return inForce(c.environment, 'one operation is shown once') ? uniqueById(heads) : heads
}

/** Two dots of one operation are shown once (DESIGN §4). */
export function uniqueById(versions: readonly Version[]): readonly Version[] {
  if (versions.length < 2) return versions
  const seen = new Set<string>()
  return versions.filter(version => !seen.has(version.id) && seen.add(version.id))
}

async function readVersion(
  c: Coordination,
  request: ReadRequest,
  versionId: string,
  deadline: Deadline,
): Promise<ReadVersion> {
  const p = place(c, request.bucket, request.key)
  const [latest, { state, states, removed }] = await Promise.all([
    readHeads(c, p, deadline),
    readMerged(c, p, p.readQuorum, deadline, versionId),
  ])
  const version = uniqueMatch(request, versionId, [...state.versions.values()], removed)
  const isHead = latest.heads.some(head => head.id === version.id)
  return {
    ...seenOf(version),
    placement: p,
    version,
    isLatest: latest.heads[0]?.id === version.id,
    siblings: isHead ? latest.heads.filter(head => head.id !== version.id).map(head => head.id) : [],
    degraded: latest.degraded,
    inline:
      version.blocks === undefined
        ? await readInlineBody(c, p, version, holdersIn(states)(version), deadline)
        : undefined,
  }
}

/**
 * The one version that an id or a prefix names, or (`null`) the newest null version; `removed`: what owners tell of versions that are gone. VERSION_REMOVED
 * when it was there, VERSION_NOT_FOUND when nobody knows of it, BAD_REQUEST when it names several.
 */
export function uniqueMatch(
  request: { readonly bucket: BucketView; readonly key: string },
  versionId: string,
  versions: readonly Version[],
  removed: readonly Removal[],
): Version {
  const matches = uniqueById([...versions].sort(compareVersions))
  if (versionId === nullVersionId) {
    const newest = matches.find(({ isNull }) => isNull === true)
    if (newest !== undefined) return newest
    throw versionNotFound(request, versionId, removed)
  }
  const exact = matches.find(version => version.id === versionId)
  const [only] = matches
  if (exact !== undefined) return exact
  if (only === undefined) throw versionNotFound(request, versionId, removed)
  if (matches.length > 1) {
    throw new TorcError('BAD_REQUEST', `${versionId} begins the ids of ${matches.length} versions`, {
      hint: `Name more of it: ${matches
        .slice(0, 5)
        .map(version => version.id)
        .join(', ')}`,
    })
  }
  return only
}
