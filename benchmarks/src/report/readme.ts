import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type CaseResult, renderTable } from './table.js'

const begin = '<!-- results: written by `npm run bench -- --write-readme` -->'
const end = '<!-- end of results -->'

/** Replaces the table between the two marks of a page; `conditions` go before it. */
export function withResults(page: string, results: readonly CaseResult[], conditions: string): string {
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error('the page has no marks between which results go')
  const section = `${begin}\n\n${conditions}\n\n${renderTable(results)}\n\n`
  return page.slice(0, from) + section + page.slice(to)
}

export function writeReadme(results: readonly CaseResult[], conditions: string): void {
  const path = fileURLToPath(new URL('../../../README.md', import.meta.url))
  writeFileSync(path, withResults(readFileSync(path, 'utf8'), results, conditions))
}
