import type { Case } from '../cases.js'
import type { Comparison, SideResult } from '../measure/interleave.js'

export interface CaseResult {
  readonly case: Case
  readonly comparison: Comparison
}

const headings = [
  'case',
  'Torc',
  'baseline',
  'ratio',
  'aim',
  'spread',
  'peak memory of Torc (MiB)',
  'baseline is',
] as const

/** A row per case as Markdown, which is readable on a terminal too. */
export function renderTable(results: readonly CaseResult[]): string {
  const rows = [headings, ...results.map(cellsOf)]
  const widths = headings.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`
  const [head, ...body] = rows.map(line)
  return [head, rule, ...body].join('\n')
}

function cellsOf({ case: { aim, against, unit }, case: shown, comparison }: CaseResult): readonly string[] {
  const { baseline, torc, ratio } = comparison
  return [
    shown.name,
    torc === undefined ? '' : rateText(torc.rate, unit),
    rateText(baseline.rate, unit),
    ratio === undefined ? '' : ratio.toFixed(2),
    aim === undefined ? '' : aim.toFixed(2),
    `${percentText(torc?.spread)}/${percentText(baseline.spread)}`,
    torc === undefined ? '' : memoryText(torc),
    against,
  ]
}

function rateText(rate: number, unit: Case['unit']): string {
  return unit === 'bytes' ? `${(rate / 1024 ** 2).toFixed(0)} MiB/s` : `${rate.toFixed(0)}/s`
}

function percentText(share: number | undefined): string {
  return share === undefined ? '–' : `${(share * 100).toFixed(0)} %`
}

function memoryText({ peakMemory }: SideResult): string {
  return peakMemory
    .map(({ name, bytes }) => `${name} ${bytes === undefined ? '?' : Math.round(bytes / 1024 ** 2)}`)
    .join(', ')
}

/** One result as plain data, for `--json`. */
export function resultJson({ case: shown, comparison }: CaseResult): Record<string, unknown> {
  const { name, replicas, inFlight, unit, against, aim } = shown
  return { case: name, replicas, inFlight, unit, against, aim, ...comparison }
}
