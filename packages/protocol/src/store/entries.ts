import { limits } from '../limits.js'
import type { ListEntry, ListOptions, ListPage, ObjectStore } from './object-store.js'

/** All entries of a listing, page by page as they are wanted; `options.limit` counts them all. */
export async function* listEntries(
  store: Pick<ObjectStore, 'listPage'>,
  bucket: string,
  what: 'keys' | 'versions',
  options: ListOptions,
): AsyncGenerator<ListEntry> {
  let left = options.limit ?? Number.POSITIVE_INFINITY
  let token: string | undefined
  while (left > 0) {
    const limit = Math.min(left, limits.listLimitMax)
    const page: ListPage = await store.listPage(bucket, what, { ...options, limit, token })
    yield* page.entries
    left -= page.entries.length
    token = page.token
    if (token === undefined) return
  }
}
