import t from 'tap'
import type { PartPageOptions, UploadPageOptions } from '../../src/store/multipart.js'
import { listParts, listUploads } from '../../src/store/upload-entries.js'

const createdAt = new Date(0)
const part = (partNumber: number) => ({ partNumber, etag: 'e', size: 1, sha256: '', metadata: [], createdAt })

t.test('all pages of parts, one after the other', async t => {
  const asked: PartPageOptions[] = []
  const store = {
    async partPage(_bucket: string, _key: string, _id: string, options: PartPageOptions = {}) {
      asked.push(options)
      const { partNumberMarker = 0 } = options
      const parts = [part(partNumberMarker + 1), part(partNumberMarker + 2)]
      return { parts, nextPartNumberMarker: partNumberMarker < 4 ? partNumberMarker + 2 : undefined }
    },
  }
  const numbers: number[] = []
  for await (const { partNumber } of listParts(store, 'b', 'k', 'id', { timeoutMs: 7 }))
    numbers.push(partNumber)
  t.strictSame(numbers, [1, 2, 3, 4, 5, 6])
  t.strictSame(
    asked.map(({ partNumberMarker, timeoutMs }) => [partNumberMarker, timeoutMs]),
    [undefined, 2, 4].map(marker => [marker, 7]),
  )
})

t.test('all pages of uploads; a page may have none', async t => {
  const pages = [['a'], [], ['b', 'c']]
  const asked: UploadPageOptions[] = []
  const store = {
    async uploadPage(bucket: string, options: UploadPageOptions = {}) {
      asked.push(options)
      const at = options.marker === undefined ? 0 : Number(options.marker.key)
      const uploads = (pages[at] ?? []).map(key => {
        return { bucket, key, uploadId: 'id', createdAt, state: 'open' as const }
      })
      const nextMarker = at + 1 < pages.length ? { key: String(at + 1) } : undefined
      return { uploads, prefixes: [], nextMarker }
    },
  }
  const keys: string[] = []
  for await (const { key } of listUploads(store, 'b', { prefix: 'p' })) keys.push(key)
  t.strictSame(keys, ['a', 'b', 'c'])
  t.strictSame(
    asked.map(({ prefix, marker }) => [prefix, marker?.key]),
    [
      ['p', undefined],
      ['p', '1'],
      ['p', '2'],
    ],
  )
})
