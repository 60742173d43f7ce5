import type { ChaosResult, PhaseReport } from './chaos.js'
import type { SetCounts } from './judge/judge.js'

const mebibyte = 2 ** 20

/** A line for one phase. */
export function tellPhase(report: PhaseReport, json: boolean): string {
  if (json) return JSON.stringify({ event: 'phase', ...report })
  const { name, calls, unknown, failures, recoveryMs } = report
  const level = recoveryMs === undefined ? '' : `, level after ${Math.round(recoveryMs)} ms`
  const told = failures.length === 0 ? '' : ` (${failures.join(', ')})`
  return `${name}: ${calls} calls, ${unknown} failed${told}${level}`
}

export function tellNote(text: string, json: boolean): string {
  return json ? JSON.stringify({ event: 'note', text }) : `note: ${text}`
}

/** What was done and checked, and what is wrong. */
export function tellResult(result: ChaosResult, json: boolean): string {
  const { seed, faults, calls, checked, memory, logLinesMax, problems } = result
  if (json) return JSON.stringify({ event: 'end', ...result, phases: undefined })
  const made = Object.entries(faults).map(([name, count]) => `${count} ${name}`)
  const peaks = Object.entries(memory).map(([name, { early, late }]) => {
    const before = early === undefined ? '' : `${Math.round(early / mebibyte)} to `
    return `${name} ${before}${Math.round(late / mebibyte)}`
  })
  const lines = [
    `faults: ${made.join(', ')}`,
    `calls: ${calls.ok} ok, ${calls.failed} refused, ${calls.unknown} without a definite answer`,
    `peak memory in MiB: ${peaks.join(', ')}; ${logLinesMax} lines of log at most`,
  ]
  if (checked !== undefined) {
    const { elements, versions, registerReads, contested } = checked
    lines.push(
      `set-full: ${told(elements)}`,
      `versions: ${told(versions)}`,
      `register reads: ${registerReads.reads}, of which ${registerReads.binding} must not be stale; of the others ${registerReads.stale} were`,
      `linearizability: ${contested.calls} calls at ${contested.keys} keys`,
    )
  }
  if (problems.length === 0) return [...lines, `seed ${seed}: all holds`].join('\n')
  return [...lines, `seed ${seed}: ${problems.length} problems`, ...problems].join('\n')
}

function told({ present, removed, undecided, stale }: SetCounts): string {
  return `${present} must be there, ${removed} must not, ${undecided} either way; ${stale} listings during faults were behind`
}
