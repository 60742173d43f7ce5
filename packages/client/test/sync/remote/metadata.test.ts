import { limits } from '@torc/protocol/limits'
import t from 'tap'
import {
  clientOf,
  contentOf,
  contentTypeOf,
  formatMtime,
  type MetadataPairs,
  metadataOf,
  mtimeOf,
  parseMtime,
} from '../../../src/sync/remote/metadata.js'
import type { Content } from '../../../src/sync/trees/entry.js'

const file: Content = { kind: 'file', sha256: 'ab', size: 3, executable: false }
const writer = { mtimeMs: 1_790_000_000_123, client: 'laptop' }
const createdAt = new Date(Date.UTC(2026, 10, 27))

function factsOf(metadata: MetadataPairs, contentType = 'text/plain') {
  return { sha256: 'ab', size: 3, contentType, metadata }
}

t.test('times are written as rclone writes them', async t => {
  t.equal(formatMtime(1_354_040_105_123.456), '1354040105.123456055', 'as exactly as the number is')
  t.equal(formatMtime(1_790_000_000_123.5), '1790000000.1235')
  t.equal(formatMtime(1_790_000_000_000), '1790000000')
  t.equal(formatMtime(5), '0.005')
  t.equal(formatMtime(0), '0')
  t.equal(formatMtime(-1500), '-1.5')
  t.equal(formatMtime(-0.25), '-0.00025')
})

t.test('what was written is read as the same', async t => {
  for (const mtimeMs of [0, 5, 1_790_000_000_123.456, 1_354_040_105_123.25, -1500, -0.25, 1e15, 0.999_999_9])
    t.equal(parseMtime(formatMtime(mtimeMs)), Math.round(mtimeMs * 1e6) / 1e6, `${mtimeMs}`)
})

t.test('times of other programs', async t => {
  t.equal(parseMtime('1354040105.123456789'), 1_354_040_105_000 + 123.456_789)
  t.equal(parseMtime(' 1354040105 '), 1_354_040_105_000)
  t.equal(parseMtime('1354040105.'), 1_354_040_105_000)
  t.equal(parseMtime('1.1234567891234'), 1123.456789, 'beyond a nanosecond nobody looks')
  for (const text of ['', 'yesterday', '1e9', '2026-11-27T00:00:00Z', '.5', '9999999999999', '0x10', '--1'])
    t.equal(parseMtime(text), undefined, text)
  t.equal(mtimeOf([['mtime', 'yesterday']], createdAt), createdAt.getTime())
  t.equal(mtimeOf([], createdAt), createdAt.getTime())
  t.equal(mtimeOf([['Mtime', '12']], createdAt), 12_000)
})

t.test('who may execute a file', async t => {
  const isExecutable = (mode: string) => contentOf('a', factsOf([['mode', mode]])).executable
  for (const mode of ['100755', '0755', '755', '0o700', '100', ' 100744 '])
    t.equal(isExecutable(mode), true, mode)
  for (const mode of ['100644', '644', '011', '', 'rwxr-xr-x', '799', '75500000'])
    t.equal(isExecutable(mode), false, mode)
  t.equal(contentOf('a', factsOf([])).executable, false)
})

t.test('what is said is understood', async t => {
  const link: Content = { kind: 'link', sha256: 'ab', size: 3, executable: false }
  for (const content of [file, { ...file, executable: true }, link]) {
    const facts = factsOf(metadataOf(content, writer), contentTypeOf(content))
    t.strictSame(contentOf('a', facts), content)
    t.equal(mtimeOf(facts.metadata, createdAt), writer.mtimeMs)
    t.equal(clientOf(facts.metadata), 'laptop')
  }
  const folder: Content = { kind: 'folder', sha256: '', size: 0, executable: false }
  t.strictSame(contentOf('a/', factsOf(metadataOf(folder, writer))), folder)
  t.strictSame(contentOf('a/', factsOf([['mode', '755']], 'inode/symlink')), folder, 'whatever it holds')
  t.equal(clientOf([]), undefined)
})

t.test('a copy keeps what other programs said of its source', async t => {
  const others: MetadataPairs = [
    ['colour', 'red'],
    ['Mode', '100755'],
    ['mtime', '1'],
    ['torc-client', 'desk'],
    ['uid', '1000'],
  ]
  t.strictSame(metadataOf(file, writer, others), [
    ['colour', 'red'],
    ['uid', '1000'],
    ['mtime', '1790000000.123'],
    ['mode', '100644'],
    ['torc-client', 'laptop'],
  ])
  const many: MetadataPairs = Array.from({ length: limits.metadataPairsMax }, (_, i) => [`k${i}`, ''])
  const kept = metadataOf(file, writer, many)
  t.equal(kept.length, limits.metadataPairsMax)
  t.match(kept.slice(-3), metadataOf(file, writer), 'where there is no room for all, our own stays')
})

t.test('content types', async t => {
  t.equal(contentTypeOf(file), undefined)
  t.equal(contentTypeOf(file, 'text/html'), undefined, "a copy keeps its source's")
  t.equal(contentTypeOf(file, 'inode/symlink'), 'application/octet-stream', 'but it is no link')
  t.equal(contentTypeOf({ ...file, kind: 'link' }, 'text/html'), 'inode/symlink')
})
