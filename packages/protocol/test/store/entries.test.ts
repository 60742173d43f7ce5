import t from 'tap'
import { limits } from '../../src/limits.js'
import { listEntries } from '../../src/store/entries.js'
import type { ListEntry, ListPage, PageOptions } from '../../src/store/object-store.js'

/** A listing of prefixes in pages of three, which remembers what it was asked for. */
function pagesOf(count: number) {
  const asked: PageOptions[] = []
  const listPage = async (bucket: string, _what: string, options: PageOptions = {}): Promise<ListPage> => {
    asked.push(options)
    const from = Number(options.token ?? 0)
    const to = Math.min(count, from + Math.min(3, options.limit ?? count))
    const entries = Array.from({ length: to - from }, (_, i) => ({ bucket, prefix: `${from + i}/` }))
    return { entries, token: to < count ? String(to) : undefined }
  }
  return { asked, listPage }
}

async function namesOf(entries: AsyncIterable<ListEntry>): Promise<string[]> {
  const names: string[] = []
  for await (const entry of entries) if ('prefix' in entry) names.push(entry.prefix)
  return names
}

t.test('all pages, one after the other', async t => {
  const store = pagesOf(7)
  const names = await namesOf(listEntries(store, 'b', 'keys', { prefix: 'p' }))
  t.strictSame(names, ['0/', '1/', '2/', '3/', '4/', '5/', '6/'])
  t.strictSame(
    store.asked.map(({ token, prefix, limit }) => [token, prefix, limit]),
    [undefined, '3', '6'].map(token => [token, 'p', limits.listLimitMax]),
  )
})

t.test('the limit counts the entries of all pages, and no page more is asked for', async t => {
  const store = pagesOf(100)
  t.equal((await namesOf(listEntries(store, 'b', 'versions', { limit: 4 }))).length, 4)
  t.strictSame(
    store.asked.map(({ limit }) => limit),
    [4, 1],
  )
  t.strictSame(await namesOf(listEntries(store, 'b', 'keys', { limit: 0 })), [])
})

t.test('a reader that leaves asks for nothing more', async t => {
  const store = pagesOf(100)
  for await (const entry of listEntries(store, 'b', 'keys', {})) if ('prefix' in entry) break
  t.equal(store.asked.length, 1)
})
