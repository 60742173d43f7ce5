import { type Case, cases } from './cases.js'

const [begin, end] = ['<!-- begin cases -->', '<!-- end cases -->']

/** The document with the cases between its marks. */
export function withCases(document: string): string {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error('the document has no place for the cases')
  return `${document.slice(0, from + begin.length)}\n\n${tables()}\n\n${document.slice(to)}`
}

function tables(): string {
  const groups = [...new Set(cases.map(({ group }) => group))]
  return groups
    .map(group =>
      tableOf(
        group,
        cases.filter(each => each.group === group),
      ),
    )
    .join('\n\n')
}

function tableOf(group: string, rows: readonly Case[]): string {
  const lines = rows.map(({ name, here, store, synced, steps }) =>
    row([name, code(here), code(store), code(synced), steps.map(step => readable(step)).join('<br>')]),
  )
  return [
    `### ${group}`,
    '',
    row(['', 'here', 'in the store', 'synced', 'what is done']),
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function code(text: string): string {
  return text === '' ? '' : `\`${readable(text)}\``
}

/** A letter that is composed looks like one that is not: the mark that composes is written out. */
function readable(text: string): string {
  return text.replaceAll('\u0301', '+U+0301')
}
