import type * as s from '@torc/protocol/store/object-store'
import { type Held, headsOf, shown, tokenOf, versionsUpTo } from './memory-history.js'

/** What a write answers of the version that it made. */
export function storedAs(info: s.VersionInfo): s.PutResult {
  const { bucket, key, versionId, size, etag, sha256, contentType, createdAt, clock, siblings } = info
  const context = tokenOf([versionId])
  return {
    ...{ bucket, key, versionId, size, etag, sha256, contentType, createdAt, context, clock, siblings },
    seq: Math.max(0, ...Object.values(clock)),
    isNull: info.isNull,
    ...{
      mintedBy: 'agent-1',
      preferenceList: ['agent-1'],
      replicasWritten: ['agent-1'],
      down: [],
      hinted: {},
    },
    ...{ vectorClocks: { 'agent-1': clock }, deduplicatedBytes: 0, sentBytes: size },
  }
}

/** Keys (or all versions) and common prefixes of a listing. */
export function* entriesOf(
  bucket: string,
  keys: readonly (readonly [key: string, versions: readonly Held[]])[],
  options: s.ListOptions,
  all: boolean,
): Generator<s.ListEntry> {
  const {
    prefix = '',
    delimiter,
    limit = Number.POSITIVE_INFINITY,
    startAfter = '',
    at,
    details = false,
  } = options
  const seen = new Set<string>()
  let left = limit
  for (const [key, held] of [...keys].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!key.startsWith(prefix) || (startAfter !== '' && key <= startAfter)) continue
    const versions = versionsUpTo(held, at)
    const heads = headsOf(versions)
    const [latest] = heads
    const isAlive = details
      ? heads.some(({ info }) => info.kind === 'object')
      : latest?.info.kind === 'object'
    if (latest === undefined || (!all && !isAlive)) continue
    const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
    const common = key.slice(0, end + 1)
    if (end >= 0 && seen.has(common)) continue
    seen.add(common)
    for (const one of end >= 0 || !all ? [latest] : versions) {
      if (left-- <= 0) return
      if (end >= 0) yield { bucket, prefix: common }
      else yield entryOf(shown(one, heads, all ? [one] : heads).info, details)
    }
  }
}

function entryOf(info: s.VersionInfo, details: boolean): s.ListEntry {
  const { bucket, key, versionId, size, etag, createdAt, kind, isLatest, isNull, siblings } = info
  const { sha256, parts, contentType, metadata, context } = info
  return {
    ...{ bucket, key, versionId, size, etag, createdAt, kind, isLatest, isNull, siblings },
    ...(details ? { sha256, parts, contentType, metadata, context } : {}),
  }
}
