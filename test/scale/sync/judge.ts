import type { Finding } from './finding.js'

/** What is demanded of a run at full size. Times are those of loopback; all else does not depend on the machine's speed. */
const limits = {
  arrivalMs: 2_000,
  /** Of one change in the large tree, to that in the small one. */
  requestsRatio: 1.5,
  processorRatio: 2,
  /** What a large file may add to what a process has resident at its peak. */
  grownMiB: 128,
  requestsPerMinute: 12,
} as const

/** The demands that a run does not meet, as sentences. */
export function judge(findings: readonly Finding[]): string[] {
  const broken: string[] = []
  const demand = (holds: boolean, sentence: string): void => {
    if (!holds) broken.push(sentence)
  }
  const figuresOf = (phase: string) =>
    findings.filter(finding => finding.phase === phase).map(({ figures }) => figures)
  const changes = figuresOf('one change')
  for (const { files, arrivalMsMax = Number.NaN } of changes) {
    demand(
      arrivalMsMax < limits.arrivalMs,
      `of ${files} files one change arrives in less than ${limits.arrivalMs} ms, not ${arrivalMsMax.toFixed(0)}`,
    )
  }
  const [small = {}, large = {}] = changes
  for (const [figure, most] of [
    ['requestsMedian', limits.requestsRatio],
    ['processorMsMedian', limits.processorRatio],
  ] as const) {
    const ratio = (large[figure] ?? Number.NaN) / (small[figure] ?? Number.NaN)
    demand(
      ratio <= most,
      `one change costs the same in any tree: ${figure} is ${ratio.toFixed(2)} times as much`,
    )
  }
  for (const figures of figuresOf('saves'))
    for (const [way, versions] of Object.entries(figures))
      demand(versions === 1, `a save gives one version: ${way} gave ${versions}`)
  for (const { grownMiBUp = Number.NaN, grownMiBDown = Number.NaN } of figuresOf('a large file'))
    demand(
      Math.max(grownMiBUp, grownMiBDown) <= limits.grownMiB,
      `a large file adds at most ${limits.grownMiB} MiB of memory, not ${grownMiBUp} and ${grownMiBDown}`,
    )
  for (const { requestsPerMinute = Number.NaN } of figuresOf('at rest'))
    demand(
      requestsPerMinute <= limits.requestsPerMinute,
      `a folder at rest asks at most ${limits.requestsPerMinute} times a minute, not ${requestsPerMinute}`,
    )
  return broken
}
