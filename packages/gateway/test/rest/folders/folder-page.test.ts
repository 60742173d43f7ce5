import t from 'tap'
import { folderOf, folderOfBuckets } from '../../../src/rest/folders/folder.js'
import { escapeHtml, folderPage } from '../../../src/rest/folders/folder-page.js'

const createdAt = new Date(Date.UTC(2026, 10, 27, 12, 30))
const file = (key: string) => ({
  ...{ bucket: 'b', key, versionId: 'v', size: 2048, etag: 'e', createdAt, kind: 'object' as const },
  ...{ isLatest: true, siblings: [], isNull: false },
})

t.test('entries are named by what is behind the prefix, and lead to their paths', async t => {
  const folder = folderOf('b', 'x/', {
    entries: [file('x/'), { bucket: 'b', prefix: 'x/in/' }, file('x/ü 1')],
    token: 't',
  })
  t.match(folder.entries, [
    { name: 'in/', path: '/files/b/x/in/', file: undefined },
    { name: 'ü 1', path: '/files/b/x/%C3%BC%201' },
  ])
  t.equal(folder.entries.length, 2, 'without the folder itself')
})

t.test('whatever names are, they are shown and not run', async t => {
  const evil = `"><script>alert('x')</script>&\u0000`
  const page = folderPage(folderOf('b', `${evil}/`, { entries: [file(`${evil}/${evil}`)], token: evil }))
  t.notMatch(page, '<script')
  t.match(page, '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;\ufffd')
  t.match(page, 'href="/files/b/%22%3E%3Cscript%3E')
  t.equal(escapeHtml('a<b'), 'a&lt;b')
})

t.test('a page says sizes and dates, and an empty one that it is', async t => {
  const page = folderPage(folderOf('b', '', { entries: [file('k')], token: undefined }))
  t.match(page, 'title="2048 bytes">2.0 KiB')
  t.match(page, '<time datetime="2026-11-27T12:30:00.000Z">2026-11-27 12:30</time>')
  t.notMatch(page, 'rel="next"')
  t.match(folderPage(folderOf('b', '', { entries: [], token: undefined })), 'Nothing here')
  t.match(folderPage(folderOfBuckets([])), 'no bucket')
})
