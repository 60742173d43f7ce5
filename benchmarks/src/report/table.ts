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
  'CPU of Torc (µs per request, ms per MiB)',
  'CPU of the baseline',
  'peak memory of Torc (MiB)',
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

function cellsOf({ case: { aim, unit }, case: shown, comparison }: CaseResult): readonly string[] {
  const { baseline, torc, ratio } = comparison
  return [
    shown.name,
    torc === undefined ? '' : rateText(torc.rate, unit),
    rateText(baseline.rate, unit),
    ratio === undefined ? '' : ratio.toFixed(2),
    aim === undefined ? '' : aim.toFixed(2),
    `${percentText(torc?.spread)}/${percentText(baseline.spread)}`,
    torc === undefined ? '' : cpuText(torc, unit),
    cpuText(baseline, unit),
    torc === undefined ? '' : memoryText(torc),
  ]
}

function rateText(rate: number, unit: Case['unit']): string {
  return unit === 'bytes' ? `${(rate / 1024 ** 2).toFixed(0)} MiB/s` : `${rate.toFixed(0)}/s`
}

function percentText(share: number | undefined): string {
  return share === undefined ? '–' : `${(share * 100).toFixed(0)} %`
}

/** Agents are counted together. */
function cpuText({ processes }: SideResult, unit: Case['unit']): string {
  const sums = new Map<string, number>()
  for (const { name, cpuMsPerThousand = Number.NaN } of processes) {
    const group = name.replace(/^agent-\d+$/, 'agents')
    const perUnit = unit === 'bytes' ? (cpuMsPerThousand * 1024 ** 2) / 1000 : cpuMsPerThousand
    sums.set(group, (sums.get(group) ?? 0) + perUnit)
  }
  const digits = unit === 'bytes' ? 2 : 0
  const total = [...sums.values()].reduce((sum, value) => sum + value, 0)
  const parts = [...sums].map(([group, value]) => `${group} ${value.toFixed(digits)}`)
  return parts.length === 1 ? total.toFixed(digits) : `${total.toFixed(digits)} (${parts.join(', ')})`
}

function memoryText({ processes }: SideResult): string {
  return processes
    .map(
      ({ name, peakMemoryBytes: bytes }) =>
        `${name} ${bytes === undefined ? '?' : Math.round(bytes / 1024 ** 2)}`,
    )
    .join(', ')
}

/** One result as plain data, for `--json`. */
export function resultJson({ case: shown, comparison }: CaseResult): Record<string, unknown> {
  const { name, replicas, inFlight, unit, against, aim } = shown
  return { case: name, replicas, inFlight, unit, against, aim, ...comparison }
}
