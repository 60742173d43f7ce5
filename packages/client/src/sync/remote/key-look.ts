import { TorcError } from '@torc/protocol/errors'
import type {
  CallOptions,
  EntryDetails,
  ListEntry,
  ObjectStore,
  VersionInfo,
} from '@torc/protocol/store/object-store'
import { inParallel, treeWidth } from '../../transfer/parallel.js'
import type { RemoteEntry, RemoteHead } from '../trees/entry.js'
import { clientOf, contentOf, mtimeOf, type VersionFacts } from './metadata.js'

export interface LookedAt {
  readonly bucket: string
  readonly key: string
  /** What the key is called in the folder. */
  readonly name: string
}

type Reader = Pick<ObjectStore, 'head' | 'list'>

/** Looks in a row at a key of which heads are purged while they are looked at, before the caller is told. */
const looksMax = 8

/** All heads of a key, as they were at one moment; undefined where none is an object. */
export async function lookAt(
  store: Reader,
  at: LookedAt,
  options: CallOptions,
): Promise<RemoteEntry | undefined> {
  for (let left = looksMax; ; left--) {
    try {
      return await lookOnce(store, at, options)
    } catch (thrown) {
      if (!isGone(thrown) || left === 1) throw thrown
    }
  }
}

/** Whether a call failed because the version that it named is no longer there. */
export function isGone(thrown: unknown): boolean {
  const { code } = TorcError.from(thrown)
  return code === 'VERSION_REMOVED' || code === 'VERSION_NOT_FOUND'
}

type ListedKey = Exclude<ListEntry, { readonly prefix: string }>

/** The entry of a listing with details as a look would show it; undefined where only a look can tell. */
export function entryOfListed(name: string, listed: ListedKey): RemoteEntry | undefined {
  if (listed.kind === 'marker' || listed.siblings.length > 0 || !hasDetails(listed)) return undefined
  return { heads: [headOf(name, listed)], besideMarker: false, context: listed.context }
}

/** A server that is older than details takes no notice of being asked for them. */
function hasDetails(listed: ListedKey): listed is ListedKey & EntryDetails {
  return listed.context !== undefined
}

async function lookOnce(store: Reader, at: LookedAt, options: CallOptions): Promise<RemoteEntry | undefined> {
  const seen = await readHeads(store, at, options)
  if (seen === undefined) return undefined
  const heads: RemoteHead[] = []
  let { besideMarker } = seen
  if (seen.latest !== undefined) heads.push(headOf(at.name, seen.latest))
  // Versions never change: what is read of each belongs to the moment at which the heads were told.
  await inParallel(seen.others, treeWidth, async versionId => {
    const info = await store.head(at.bucket, at.key, { ...options, versionId })
    if (info.kind === 'marker') besideMarker = true
    else heads.push(headOf(at.name, info))
  })
  if (heads.length === 0) return undefined
  heads.sort((a, b) => (a.versionId < b.versionId ? -1 : 1))
  return { heads, besideMarker, context: seen.context }
}

interface SeenHeads {
  /** The latest head, where it was read and is an object. */
  readonly latest: VersionInfo | undefined
  /** One of the heads is known to be a marker. */
  readonly besideMarker: boolean
  /** Ids of the others, whatever they are. */
  readonly others: readonly string[]
  readonly context: string
}

async function readHeads(
  store: Reader,
  { bucket, key }: LookedAt,
  options: CallOptions,
): Promise<SeenHeads | undefined> {
  try {
    const latest = await store.head(bucket, key, options)
    return { latest, besideMarker: false, others: latest.siblings, context: latest.context }
  } catch (thrown) {
    const { code, details } = TorcError.from(thrown)
    if (code !== 'KEY_NOT_FOUND') throw thrown
    // Details that are too long for an error are left out of it.
    if (details === undefined) return listedHeads(store, { bucket, key }, options)
    const { siblings, context } = details
    if (!Array.isArray(siblings) || siblings.length === 0 || typeof context !== 'string') return undefined
    return { latest: undefined, besideMarker: true, others: siblings.map(String), context }
  }
}

/** The heads of a key whose latest one is a marker, as a listing tells them. */
async function listedHeads(
  store: Reader,
  { bucket, key }: Omit<LookedAt, 'name'>,
  options: CallOptions,
): Promise<SeenHeads | undefined> {
  for await (const listed of store.list(bucket, { ...options, prefix: key, limit: 1, details: true })) {
    if ('prefix' in listed || listed.key !== key || !hasDetails(listed)) continue
    const { kind, versionId, siblings, context } = listed
    const besideMarker = kind === 'marker'
    // It may have been written since.
    const others = besideMarker ? siblings : [versionId, ...siblings]
    return { latest: undefined, besideMarker, others, context }
  }
  return undefined
}

function headOf(
  name: string,
  version: VersionFacts & { readonly versionId: string; readonly createdAt: Date },
): RemoteHead {
  const { versionId, createdAt, metadata } = version
  return {
    ...{ versionId, createdAt, content: contentOf(name, version) },
    ...{ mtimeMs: mtimeOf(metadata, createdAt), client: clientOf(metadata) },
  }
}
