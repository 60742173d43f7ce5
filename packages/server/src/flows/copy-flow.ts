import { type CausalContext, emptyContext } from '@torc/cluster/clocks/causal-context'
import type { Token } from '@torc/cluster/clocks/token'
import type { Condition } from '@torc/cluster/consensus/condition'
import type { RetentionPolicy } from '@torc/cluster/retention/policy'
import { compareVersions } from '@torc/cluster/state/key-state'
import { contextAfterWrite, type Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import { copyBlocks } from '../bodies/block-copier.js'
import { inlineBody, type PreparedBody } from '../bodies/prepared-body.js'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { place } from '../core/placement.js'
import { type ReadVersion, read } from './get-flow.js'
import { write } from './put-flow.js'
import { readMerged } from './reconcile.js'
import { completeEarlier } from './repeat-flow.js'
import { tagsOfSource } from './tag-flow.js'
import type { WriteOutcome } from './write-request.js'

export interface CopySourceRequest {
  readonly bucket: BucketView
  readonly key: string
  /** An id or a unique prefix of one; undefined = the latest head. */
  readonly versionId: string | undefined
}

export interface CopyRequest {
  readonly source: CopySourceRequest
  readonly bucket: BucketView
  readonly key: string
  readonly opId: Uint8Array
  /** Undefined: the source's. */
  readonly contentType: string | undefined
  readonly metadata: readonly (readonly [string, string])[] | undefined
  readonly tags?: Version['tags']
  /** A client's context of the destination. */
  readonly token: Token | undefined
  readonly condition?: Condition | undefined
  readonly policy: RetentionPolicy | 'inherit' | undefined
  readonly retry: boolean
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** What was copied, and what its reader saw of the source. */
export interface CopiedFrom {
  readonly bucket: BucketView
  readonly key: string
  readonly versionId: string
  readonly context: CausalContext
  readonly newest: number
  readonly seq: number
}

export interface CopyOutcome {
  readonly written: WriteOutcome
  readonly from: CopiedFrom
}

/**
 * Writes a version with the content of another. Small bodies are stored with their version and are read and minted
 * again; of larger ones the block owners add references. Nothing goes through the client.
 *
 * A repeated copy may find the version that an earlier attempt made, of a source that has changed since. Then the
 * answer names the version that it was made of, so that a move never deletes what it did not copy.
 */
export async function copy(c: Coordination, request: CopyRequest): Promise<CopyOutcome> {
  if (request.retry) {
    const earlier = await completeEarlier(c, request)
    if (earlier !== undefined) return { written: earlier, from: await originOf(c, request, earlier.version) }
  }
  const source = await readSource(c, request)
  const tags = request.tags ?? (await sourceTags(c, request, source))
  const written = await write(c, {
    bucket: request.bucket,
    key: request.key,
    opId: request.opId,
    kind: 'object',
    body: await bodyOf(c, request, source),
    // The content is the same, so its tag is.
    etag: source.version.etag,
    contentType: request.contentType ?? source.version.contentType,
    metadata: request.metadata ?? source.version.metadata,
    tags,
    token: request.token,
    condition: request.condition,
    policy: request.policy,
    retry: request.retry,
    timeoutMs: request.timeoutMs,
    signal: request.signal,
  })
  if (!isCopyOf(request, written.version, source.version))
    return { written, from: await originOf(c, request, written.version) }
  const { version, context, newest, seq } = source
  const { bucket, key } = request.source
  return { written, from: { bucket, key, versionId: version.id, context, newest, seq } }
}

/** A version that was named is there, or the copy fails; the latest one may be overwritten meanwhile. */
function sourceTags(
  c: Coordination,
  request: CopyRequest,
  { version }: ReadVersion,
): Promise<Version['tags']> {
  const { source, timeoutMs, signal } = request
  return tagsOfSource(c, { ...source, timeoutMs, signal }, version, source.versionId === undefined)
}

/** KEY_NOT_FOUND where there is no object or it is a delete marker. */
export async function readSource(
  c: Coordination,
  request: Pick<CopyRequest, 'source' | 'timeoutMs' | 'signal'>,
): Promise<ReadVersion> {
  const { source, timeoutMs, signal } = request
  const what = `${source.bucket.name}/${source.key}`
  const hint = `Name the version to copy with --version-id; see them with \`torc ls ${what} --versions\`.`
  try {
    const found = await read(c, { ...source, timeoutMs, signal })
    if (found.version.kind !== 'marker') return found
  } catch (thrown) {
    const error = TorcError.from(thrown)
    const { code, message, details, cause } = error
    if (code !== 'KEY_NOT_FOUND' || details?.['marker'] === undefined) throw error
    throw new TorcError(code, message, { hint, details, cause })
  }
  throw new TorcError('KEY_NOT_FOUND', `version ${source.versionId} of ${what} is a delete marker`, { hint })
}

function bodyOf(
  c: Coordination,
  request: CopyRequest,
  { version, inline }: ReadVersion,
): PreparedBody | Promise<PreparedBody> {
  const { size, sha256 } = version
  if (version.blocks === undefined) {
    return inlineBody(inline ?? [], size, sha256)
  }
  const { bucket, key, opId, timeoutMs, signal, source } = request
  const use = { bucket, key, opId, timeoutMs, signal }
  const from = { bucket: source.bucket, key: source.key, opId: version.opId }
  return withFreshLayout(c, () => copyBlocks(c, use, from, version))
}

function isCopyOf(request: CopyRequest, copied: Version, source: Version): boolean {
  const contentType = request.contentType ?? source.contentType
  const metadata = request.metadata ?? source.metadata
  return (
    source.kind === 'object' &&
    copied.size === source.size &&
    Buffer.compare(copied.sha256, source.sha256) === 0 &&
    copied.contentType === contentType &&
    JSON.stringify(copied.metadata) === JSON.stringify(metadata)
  )
}

/**
 * The newest version of the source that `copied` may have been made of. Its context covers just what that version
 * covers and itself. CONFLICT where it is gone.
 */
async function originOf(c: Coordination, request: CopyRequest, copied: Version): Promise<CopiedFrom> {
  const { bucket, key, versionId } = request.source
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  const state = await withFreshLayout(c, async () => {
    const p = place(c, bucket, key)
    return (await readMerged(c, p, p.readQuorum, deadline, versionId)).state
  })
  const origin = [...state.versions.values()]
    .sort(compareVersions)
    .find(version => version.id !== copied.id && isCopyOf(request, copied, version))
  if (origin !== undefined) {
    const { id, createdAt, seq } = origin
    return { bucket, key, versionId: id, context: contextAfterWrite(origin), newest: createdAt, seq }
  }
  // A null version that was copied over itself: the copy took its place.
  if (copied.isNull === true && bucket.name === request.bucket.name && key === request.key)
    return { bucket, key, versionId: versionId ?? copied.id, context: emptyContext, newest: 0, seq: 0 }
  // The whole id was given: then it is known, and there is nothing left that a move could delete.
  if (versionId !== undefined && versionId.length === copied.id.length)
    return { bucket, key, versionId, context: emptyContext, newest: 0, seq: 0 }
  throw new TorcError(
    'CONFLICT',
    `the copy was made as version ${copied.id} by an earlier attempt, and what it was made of is gone from ${bucket.name}/${key}`,
    { hint: 'The copy is there; look at both keys before anything else.', details: { versionId: copied.id } },
  )
}
