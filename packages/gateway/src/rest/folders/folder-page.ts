import { formatBytes } from '@torc/client/output/format'
import type { Folder, FolderEntry } from './folder.js'
import { pathOf } from './folder.js'

/** Nothing runs in the page, nothing is loaded by it, and nobody frames it. */
export const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const style = `
:root{color-scheme:light dark;--ink:#1d2433;--soft:#6b7487;--line:#e4e7ee;--paper:#fff;--hover:#f5f7fb;--link:#1f5fd0}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9f0;--soft:#949db1;--line:#2b3140;--paper:#161a22;--hover:#1e2430;--link:#7fb0ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
nav{font-size:1.25rem;font-weight:600;margin-bottom:1.25rem;overflow-wrap:anywhere}
nav span{color:var(--soft);font-weight:400;padding:0 .3em}
a{color:var(--link);text-decoration:none}a:hover,a:focus{text-decoration:underline}
table{width:100%;border-collapse:collapse}
th{font-size:.8rem;font-weight:600;color:var(--soft);text-align:left;padding:.4rem .6rem;border-bottom:2px solid var(--line)}
td{padding:.45rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:hover{background:var(--hover)}
td:first-child{overflow-wrap:anywhere}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.date{white-space:nowrap;color:var(--soft);font-variant-numeric:tabular-nums}
.empty,.more{color:var(--soft);padding:1.5rem .6rem}
@media(max-width:36rem){.date{display:none}}
`.trim()

/** A folder as a page for people: it works without scripts and loads nothing. */
export function folderPage(folder: Folder): string {
  const { bucket, prefix, entries, token } = folder
  const title = bucket === undefined ? 'Buckets' : `${bucket}/${prefix}`
  const rows = entries.map(row).join('\n')
  const table =
    entries.length === 0
      ? `<p class="empty">${bucket === undefined ? 'There is no bucket that you may see.' : 'Nothing here.'}</p>`
      : `<table>
<thead><tr><th scope="col">Name</th><th scope="col" class="number">Size</th><th scope="col" class="date">Stored (UTC)</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>`
  const more =
    token === undefined || bucket === undefined
      ? ''
      : `<p class="more"><a rel="next" href="${escapeHtml(`${pathOf(bucket, prefix)}?token=${encodeURIComponent(token)}`)}">More →</a></p>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<nav aria-label="Path">${crumbs(folder)}</nav>
${table}
${more}
</main>
</body>
</html>
`
}

function row({ name, path, file }: FolderEntry): string {
  const size =
    file === undefined ? '' : `<span title="${file.size} bytes">${escapeHtml(formatBytes(file.size))}</span>`
  const iso = file?.createdAt.toISOString()
  const date =
    iso === undefined ? '' : `<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)}</time>`
  return `<tr><td><a href="${escapeHtml(path)}">${escapeHtml(name)}</a></td><td class="number">${size}</td><td class="date">${date}</td></tr>`
}

/** The way here, each step a link. */
function crumbs({ bucket, prefix }: Folder): string {
  const steps = ['<a href="/files/">Buckets</a>']
  if (bucket !== undefined) {
    const parts = prefix.split('/').slice(0, -1)
    steps.push(link(bucket, pathOf(bucket, '')))
    for (const [index, part] of parts.entries())
      steps.push(link(part, pathOf(bucket, `${parts.slice(0, index + 1).join('/')}/`)))
  }
  return steps.join('<span>/</span>')
}

function link(text: string, path: string): string {
  return `<a href="${escapeHtml(path)}">${escapeHtml(text === '' ? '(no name)' : text)}</a>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as HTML, in content and in quoted attributes. Control characters would be shown as nothing: they get a sign. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, char => entities[char] ?? '').replace(/\p{Cc}/gu, '\ufffd')
}
