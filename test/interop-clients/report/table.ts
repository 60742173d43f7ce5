import type { Step } from '../day/day.js'

export interface ClientReport {
  readonly name: string
  /** What the client says of itself; why it is not there otherwise. */
  readonly version: string
  readonly missing: boolean
  readonly steps: readonly Step[]
}

export function failed({ steps }: ClientReport): boolean {
  return steps.some(({ outcome }) => outcome === 'failed')
}

/** A line per client, then every step that failed or was skipped, and why. */
export function renderReports(reports: readonly ClientReport[]): string {
  const count = ({ steps }: ClientReport, outcome: Step['outcome']): string =>
    String(steps.filter(step => step.outcome === outcome).length)
  const rows = [
    ['client', 'version', 'passed', 'failed', 'skipped', 'seconds'],
    ...reports.map(report => {
      const { name, version, missing, steps } = report
      const seconds = steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000
      return missing
        ? [name, `skipped: ${version}`, '-', '-', '-', '-']
        : [
            ...[name, version, count(report, 'passed'), count(report, 'failed'), count(report, 'skipped')],
            seconds.toFixed(1),
          ]
    }),
  ]
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  const lines = rows.map(row =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const remarks = reports.flatMap(({ name, steps }) =>
    steps
      .filter(({ outcome }) => outcome !== 'passed')
      .map(step => `${name}: ${step.name} ${step.outcome}: ${step.why}`),
  )
  return [...lines, ...(remarks.length === 0 ? [] : ['', ...remarks])].join('\n')
}
