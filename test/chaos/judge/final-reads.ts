import { type Store, TorcError } from '@torc/client'
import { buckets, callOf, hashOf, noteGet, shownOr } from '../load/activity.js'
import { contestedPrefix } from '../load/contested.js'
import { setPrefix } from '../load/elements.js'
import type { History } from '../load/history.js'

/** Calls at once. */
const width = 8

/**
 * Reads all there is, now that nobody writes: keys and versions of both buckets, every register and contested key, and
 * (`bodies`) every version that is listed. Returns what can't be read, or has other bytes than were written.
 */
export async function readEverything(options: {
  readonly store: Store
  readonly history: History
  readonly process: string
  readonly bodies: boolean
}): Promise<string[]> {
  const { store, history, process } = options
  const written = new Map<string, string | undefined>()
  const keys = new Map<string, string>()
  for (const { kind, key, bucket, version, hash } of history.calls) {
    if (key.startsWith(setPrefix) || kind === 'list' || kind === 'versions') continue
    keys.set(key, bucket)
    if (version !== undefined) written.set(`${key}@${version}`, hash)
  }
  history.final = true
  try {
    const versions: { bucket: string; key: string; versionId: string }[] = []
    for (const bucket of Object.values(buckets)) {
      const listing = await history.record(callOf(process, 'list', bucket, ''), async () => {
        const listed: string[] = []
        for await (const entry of store.list(bucket)) if ('key' in entry) listed.push(entry.key)
        return { listed }
      })
      const ofVersions = await history.record(callOf(process, 'versions', bucket, ''), async () => {
        const listed: string[] = []
        for await (const entry of store.versions(bucket)) {
          if (!('key' in entry)) continue
          if (!entry.key.startsWith(contestedPrefix)) versions.push({ ...entry })
          if (!entry.key.startsWith(setPrefix)) listed.push(`${entry.key}@${entry.versionId}`)
        }
        return { listed }
      })
      for (const { result, error } of [listing, ofVersions])
        if (result !== 'ok') return [`${bucket} can't be listed: ${error}`]
    }
    await inParallel([...keys], async ([key, bucket]) => {
      if (key.startsWith(contestedPrefix)) {
        await history.record(callOf(process, 'head', bucket, key), () =>
          shownOr(async () => ({ shown: (await store.head(bucket, key)).versionId })),
        )
      } else await noteGet({ name: process, store, history }, bucket, key)
    })
    const problems: string[] = []
    if (!options.bodies) return problems
    await inParallel(versions, async ({ bucket, key, versionId }) => {
      const wanted = key.startsWith(setPrefix) ? hashOf(Buffer.from(key)) : written.get(`${key}@${versionId}`)
      try {
        const bytes = await (await store.get(bucket, key, { versionId })).bytes()
        if (wanted !== hashOf(bytes)) problems.push(`${key}: version ${versionId} has other bytes`)
      } catch (thrown) {
        const { code, message } = TorcError.from(thrown)
        problems.push(`${key}: version ${versionId} is listed and can't be read: ${code} ${message}`)
      }
    })
    return problems
  } finally {
    history.final = false
  }
}

async function inParallel<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all]
  const worker = async (): Promise<void> => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await work(one)
  }
  await Promise.all(Array.from({ length: width }, worker))
}
