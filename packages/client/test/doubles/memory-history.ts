import { TorcError } from '@torc/protocol/errors'
import type * as s from '@torc/protocol/store/object-store'

/** A version in memory. `info` says what never changes; which heads there are is asked of the history. */
export interface Held {
  readonly info: s.VersionInfo
  readonly bytes: Uint8Array
  /** Ids of the versions that it replaced. */
  readonly covers: ReadonlySet<string>
  readonly tags: Map<string, string>
}

export const idOf = ({ info }: Held): string => info.versionId

/** Versions that no other covers, newest first as the versions are. */
export function headsOf(versions: readonly Held[]): readonly Held[] {
  return versions.filter(one => !versions.some(({ covers }) => covers.has(idOf(one))))
}

export function versionsUpTo(versions: readonly Held[], at: Date | undefined): readonly Held[] {
  return at === undefined ? versions : versions.filter(({ info }) => info.createdAt <= at)
}

/** A version as a read shows it; the latest head where none is named. */
export function readVersion(
  what: string,
  versions: readonly Held[],
  options: { readonly versionId?: string | undefined; readonly at?: Date | undefined },
): Held {
  const { versionId, at } = options
  const heads = headsOf(versionsUpTo(versions, at))
  const [latest] = heads
  if (versionId !== undefined) {
    const matches = versions.filter(one => idOf(one).startsWith(versionId))
    const found = matches.find(one => idOf(one) === versionId) ?? matches[0]
    if (found === undefined) throw new TorcError('VERSION_NOT_FOUND', `${what} has no version ${versionId}`)
    return shown(found, headsOf(versions), [found])
  }
  if (latest === undefined) throw new TorcError('KEY_NOT_FOUND', `there is no ${what}`)
  if (latest.info.kind === 'marker') {
    const [marker, ...siblings] = heads.map(idOf)
    const context = tokenOf(heads.map(idOf))
    throw new TorcError('KEY_NOT_FOUND', `${what} is deleted`, { details: { marker, siblings, context } })
  }
  return shown(latest, heads, heads)
}

/** With what is derived: whether it is the latest, its siblings, and a token for what was read. */
export function shown(one: Held, heads: readonly Held[], read: readonly Held[]): Held {
  const siblings = heads.includes(one) ? heads.filter(head => head !== one).map(idOf) : []
  return {
    ...one,
    info: { ...one.info, isLatest: heads[0] === one, siblings, context: tokenOf(read.map(idOf)) },
  }
}

/** `context-1+2` for the versions v1 and v2. */
export function tokenOf(ids: readonly string[]): string {
  return `context-${ids.map(id => id.slice(1)).join('+')}`
}

/** What a write with a token covers; without one everything that there is, with an empty one nothing. */
export function coveredBy(token: string | undefined, versions: readonly Held[]): ReadonlySet<string> {
  if (token === undefined) return new Set(versions.flatMap(one => [idOf(one), ...one.covers]))
  if (token === '') return new Set()
  const read = token
    .slice('context-'.length)
    .split('+')
    .map(number => `v${number}`)
  const covers = versions.filter(one => read.includes(idOf(one))).flatMap(one => [...one.covers])
  return new Set([...read, ...covers])
}

/** Versions that a version covers and none that it covers does. */
function parentsOf(one: Held, versions: readonly Held[]): readonly string[] {
  const covered = versions.filter(other => one.covers.has(idOf(other)))
  return headsOf(covered).map(idOf)
}

export function historyOf(versions: readonly Held[]): readonly s.HistoryEntry[] {
  const heads = headsOf(versions)
  return versions.map(one => {
    const { bucket, key, versionId, kind, size, etag, contentType, createdAt } = one.info
    return {
      ...{ bucket, key, versionId, kind, size, etag, contentType, createdAt, mintedBy: 'agent-1' },
      ...{ seq: one.covers.size + 1, actor: '00000000000000aa', counter: Number(versionId.slice(1)) },
      ...{ isLatest: heads[0] === one, isHead: heads.includes(one), parents: parentsOf(one, versions) },
      isNull: false,
    }
  })
}
