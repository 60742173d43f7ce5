import { parentsOf } from '@torc/cluster/state/history'
import { compareVersions, headsOf } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import { limits } from '@torc/protocol/limits'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { place } from '../core/placement.js'
import type { ActorDirectory } from './actor-directory.js'
import { uniqueById } from './get-flow.js'
import { keyNotFound } from './not-found.js'
import { readMerged } from './reconcile.js'

export interface HistoryRequest {
  readonly bucket: BucketView
  readonly key: string
  /** Most versions, the newest; all when undefined. */
  readonly limit: number | undefined
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** A version among those of its key. */
export interface HistoryVersion {
  readonly version: Version
  /** Agent that minted it, where that is known. */
  readonly mintedBy: string | undefined
  readonly isLatest: boolean
  readonly isHead: boolean
  /** Ids of the versions that it covers and no other that it covers does. */
  readonly parents: readonly string[]
}

/** A page must fit the head of a frame. */
const pageBytesMax = limits.headBytesMax / 2
/** Of an entry on the wire, without its parents (an upper bound: media types have up to 256 bytes). */
const entryBytes = 768
const parentBytes = 32
/** Most parents that an answer names. */
const parentsMax = 1024

/**
 * All versions of a key, newest first (each after those that cover it), in pages that fit a message. What R owners
 * hold is joined before the first page leaves: parents are told among the versions that there are. KEY_NOT_FOUND
 * where there is none.
 */
export async function* readHistory(
  c: Coordination,
  actors: ActorDirectory,
  request: HistoryRequest,
): AsyncGenerator<readonly HistoryVersion[]> {
  const { bucket, key, timeoutMs, signal } = request
  const deadline = new Deadline(c.environment.clock, timeoutMs, signal)
  const { state } = await withFreshLayout(c, () => {
    const p = place(c, bucket, key)
    return readMerged(c, p, p.readQuorum, deadline)
  })
  const versions = [...state.versions.values()].sort(compareVersions)
  if (versions.length === 0) throw keyNotFound(request)
  const parents = parentsOf(versions)
  const heads = uniqueById(headsOf(versions))
  const headIds = new Set(heads.map(({ id }) => id))
  const shown = uniqueById(versions).slice(0, request.limit)
  const minters = await actors.agentsOf(c, new Set(shown.map(({ dot }) => dot.actor)), deadline)
  for (const page of pagesOf(shown, parents)) {
    yield page.map(version => ({
      version,
      mintedBy: minters.get(version.dot.actor),
      isLatest: version.id === heads[0]?.id,
      isHead: headIds.has(version.id),
      parents: (parents.get(version.id) ?? none).slice(0, parentsMax),
    }))
  }
}

const none: readonly string[] = []

function* pagesOf(
  versions: readonly Version[],
  parents: ReadonlyMap<string, readonly string[]>,
): Generator<readonly Version[]> {
  let page: Version[] = []
  let bytes = 0
  for (const version of versions) {
    const size = entryBytes + parentBytes * Math.min(parents.get(version.id)?.length ?? 0, parentsMax)
    if (page.length > 0 && (page.length === limits.listLimitMax || bytes + size > pageBytesMax)) {
      yield page
      page = []
      bytes = 0
    }
    page.push(version)
    bytes += size
  }
  yield page
}
