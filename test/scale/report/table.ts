import type { Check } from './check.js'

const headings = ['what', 'quantity', 'short', 'long', 'ratio', 'limit', 'ok'] as const

const names: Readonly<Record<Check['quantity'], string>> = {
  rowsRead: 'rows read',
  rowsWritten: 'rows written',
  clientBytes: 'bytes client ↔ server',
  agentBytes: 'bytes server ↔ agents',
  milliseconds: 'time (ms)',
  peakMemory: 'peak memory (MiB)',
  keysListed: 'keys listed',
  versions: 'versions',
  parts: 'parts',
  rowsPerPrefix: 'rows read per prefix',
}

/** A row per check as Markdown, which is readable on a terminal too. */
export function renderTable(checks: readonly Check[]): string {
  const rows = [headings, ...checks.map(cellsOf)]
  const widths = headings.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const [head, ...body] = rows.map(
    row => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  )
  return [head, `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`, ...body].join('\n')
}

function cellsOf(check: Check, index: number, checks: readonly Check[]): readonly string[] {
  const { operation, quantity, short, long, ratio, limit, ok } = check
  return [
    checks[index - 1]?.operation === operation ? '' : operation,
    names[quantity],
    short === undefined ? '' : valueText(quantity, short),
    long === undefined ? 'not told by this system' : valueText(quantity, long),
    ratio === undefined ? '' : ratio.toFixed(2),
    limit === undefined ? '' : limitText(check, limit),
    ok === undefined ? '' : ok ? 'yes' : 'NO',
  ]
}

function limitText({ quantity, ratio }: Check, { min, max }: NonNullable<Check['limit']>): string {
  const text = (value: number): string =>
    ratio === undefined ? valueText(quantity, value) : value.toFixed(2)
  if (max === undefined) return min === undefined ? '' : `≥ ${text(min)}`
  if (min === undefined) return `≤ ${text(max)}`
  return min === max ? text(min) : `${text(min)} – ${text(max)}`
}

function valueText(quantity: Check['quantity'], value: number): string {
  if (quantity === 'peakMemory') return (value / 2 ** 20).toFixed(0)
  return Number.isInteger(value) ? String(value) : value.toFixed(1)
}
