import type { SimulationFailure } from './simulation-failure.js'
import type { Moment } from './timeline.js'

/** Moments that are shown at most; the last ones count. */
const shownMax = 120

/** What broke, and what led to it: faults, and the calls that name the key at fault where it is known. */
export function describeFailure({ why, moments }: SimulationFailure): string {
  const key = /\b(client-\d+\/object-\d+|contest\/\d+|set\/client-\d+\/\w+|register\/client-\d+)\b/.exec(
    why,
  )?.[1]
  const told = moments.filter(({ what }) => key === undefined || what.includes(key) || !isCall(what))
  const left = told.length - shownMax
  return [
    why,
    'timeline (virtual seconds):',
    ...(left > 0 ? [`  … ${left} earlier`] : []),
    ...told.slice(-shownMax).map(describeMoment),
  ].join('\n')
}

function isCall(what: string): boolean {
  return /^(client-\d+|contest|set|register)\//.test(what)
}

function describeMoment({ atMs, what }: Moment): string {
  return `${(atMs / 1000).toFixed(4).padStart(10)}  ${what}`
}
