import { compareKeys } from '@torc/protocol/identifiers/key-order'
import type { UploadMarker } from '@torc/protocol/store/multipart'
import fc from 'fast-check'
import t from 'tap'
import { recordName } from '../../src/uploads/upload-names.js'
import { type ListedUpload, UploadPageBuilder } from '../../src/uploads/upload-page.js'

const listed = (key: string, uploadId: string): ListedUpload => ({
  key,
  uploadId,
  createdAt: 1,
  state: 'open',
})

/** Lists page by page, from records in order that are given out `atOnce` at a time. */
function pages(
  uploads: readonly ListedUpload[],
  asked: { readonly prefix: string; readonly delimiter: string | undefined; readonly limit: number },
  atOnce: number,
): string[] {
  const found: string[] = []
  let marker: UploadMarker | undefined
  do {
    const builder = new UploadPageBuilder({ ...asked, marker })
    for (let more = true; more && !builder.ended; ) {
      const left = uploads.filter(
        upload =>
          upload.key.startsWith(asked.prefix) &&
          compareKeys(recordName(upload), builder.startAfter ?? '') > 0,
      )
      for (const upload of left.slice(0, Math.min(atOnce, builder.wanted))) builder.add(upload)
      more = left.length > 0
    }
    const { uploads: some, prefixes } = builder
    if (some.length + prefixes.length > asked.limit) throw new Error('a page that is too long')
    found.push(...some.map(({ key, uploadId }) => `${key} ${uploadId}`), ...prefixes.map(p => `${p} *`))
    marker = builder.nextMarker
  } while (marker !== undefined)
  return found
}

const key = fc
  .array(fc.constantFrom('a', 'b', '/', '\u0001', '\u{10ffff}'), { minLength: 1, maxLength: 5 })
  .map(units => units.join(''))

t.test('property: pages of any size show each upload or its common prefix once', async () => {
  const uploads = fc.uniqueArray(fc.tuple(key, fc.constantFrom('a', 'b', 'c')), {
    ...{ maxLength: 20, selector: ([key, id]: [string, string]) => recordName({ key, uploadId: id }) },
  })
  const prefix = fc.constantFrom('', 'a', 'a/', 'b')
  const delimiter = fc.constantFrom(undefined, '/', 'b')
  fc.assert(
    fc.property(
      uploads,
      prefix,
      delimiter,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 7 }),
      (pairs, prefix, delimiter, limit, atOnce) => {
        const all = pairs
          .map(([key, id]) => listed(key, id))
          .sort((a, b) => compareKeys(recordName(a), recordName(b)))
        const expected = new Set<string>()
        for (const { key, uploadId } of all) {
          if (!key.startsWith(prefix)) continue
          const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
          const common = key.slice(0, end + (delimiter?.length ?? 0))
          expected.add(end < 0 ? `${key} ${uploadId}` : `${common} *`)
        }
        const found = pages(all, { prefix, delimiter, limit }, atOnce)
        return found.length === expected.size && found.every(one => expected.has(one))
      },
    ),
    { numRuns: 1_000 },
  )
})

t.test('a page of long keys ends before it is too long for a frame', async t => {
  const uploads = Array.from({ length: 1_000 }, (_, i) => listed(`${'k'.repeat(1_000)}${1_000 + i}`, 'a'))
  const builder = new UploadPageBuilder({ prefix: '', delimiter: undefined, marker: undefined, limit: 1_000 })
  for (const upload of uploads) builder.add(upload)
  t.ok(builder.ended)
  t.ok(builder.uploads.length > 300 && builder.uploads.length < 600)
  t.strictSame(pages(uploads, { prefix: '', delimiter: undefined, limit: 1_000 }, 1_000).length, 1_000)
})

t.test('a longest key behind the end of its prefix does not hold the listing up', async t => {
  const longest = `a/${'\u{10ffff}'.repeat(255)}xx`
  t.equal(Buffer.byteLength(longest), 1_024)
  const uploads = [listed('a/b', 'a'), listed(longest, 'a'), listed(longest, 'b'), listed('b', 'a')]
  t.strictSame(pages(uploads, { prefix: '', delimiter: '/', limit: 5 }, 1).sort(), ['a/ *', 'b a'])
})
