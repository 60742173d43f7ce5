import { TorcError } from '@torc/protocol/errors'
import { compareKeys } from '@torc/protocol/identifiers/key-order'
import type { RequestOf } from '@torc/protocol/messages/table'
import { type BlockPlaces, type BlocksOptions, blockPlacesOf } from '@torc/protocol/store/blocks'
import type { CallOptions, FetchItem, HistoryEntry } from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import { historyEntryOf } from './answers.js'
import { frames } from './frames.js'

/**
 * FETCH: every version that the agents hold, in the order of keys; ends with PARTIAL when some were not covered. One
 * that breaks off goes on behind the last version that was handed on.
 */
export async function* gather(
  caller: Caller,
  bucket: string,
  options: CallOptions & { readonly prefix?: string | undefined },
): AsyncGenerator<FetchItem> {
  const head: RequestOf<'fetchBucket'> = { bucket }
  if (options.prefix !== undefined && options.prefix !== '') head.prefix = options.prefix
  const silent = new Set<string>()
  let missing = 0
  let lastKey: string | undefined
  /** Versions of the last key that were handed on. */
  const handedOn = new Set<string>()
  let repeats = false
  const onRepeat = (): void => {
    repeats = true
  }
  for await (const answer of frames(caller, 'fetchBucket', head, options, onRepeat)) {
    for (const item of answer.items) {
      if (repeats && lastKey !== undefined) {
        const order = compareKeys(item.key, lastKey)
        if (order < 0 || (order === 0 && handedOn.has(item.versionId))) continue
      }
      if (item.key !== lastKey) handedOn.clear()
      lastKey = item.key
      handedOn.add(item.versionId)
      yield { bucket, ...item }
    }
    missing += answer.missing?.length ?? 0
    for (const agent of answer.silent ?? []) silent.add(agent)
  }
  if (missing > 0) {
    const names = [...silent].sort()
    throw new TorcError(
      'PARTIAL',
      `${missing} partitions were not covered: ${names.join(', ')} did not answer`,
      {
        details: { missing, silent: names },
      },
    )
  }
}

/** All versions of a key, newest first. One that breaks off goes on with those that were not handed on yet. */
export async function* gatherHistory(
  caller: Caller,
  bucket: string,
  key: string,
  options: CallOptions & { readonly limit?: number | undefined },
): AsyncGenerator<HistoryEntry> {
  const head: RequestOf<'getHistory'> = { bucket, key }
  if (options.limit !== undefined) head.limit = options.limit
  const handedOn = new Set<string>()
  let newest: number | bigint | undefined
  const onRepeat = (): void => {}
  for await (const answer of frames(caller, 'getHistory', head, options, onRepeat)) {
    for (const version of answer.versions) {
      newest ??= version.createdAt
      // What was written since the beginning would come out of order.
      if (handedOn.has(version.versionId) || version.createdAt > newest) continue
      handedOn.add(version.versionId)
      yield historyEntryOf(bucket, key, version)
    }
  }
}

/** The blocks of a version in their order, with what their owners say of them. */
export async function* gatherBlocks(
  caller: Caller,
  bucket: string,
  key: string,
  options: BlocksOptions,
): AsyncGenerator<BlockPlaces> {
  const head: RequestOf<'fetchObjectBlocks'> = { bucket, key }
  if (options.versionId !== undefined) head.versionId = options.versionId
  for await (const answer of frames(caller, 'fetchObjectBlocks', head, options))
    yield* blockPlacesOf(bucket, key, answer)
}
