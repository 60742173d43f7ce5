import type { RecordedCall } from '../load/history.js'
import type { Finding } from './judge.js'

/** A fault that was in force; times as in the history. */
export interface FaultRecord {
  readonly name: string
  readonly victims: readonly string[]
  readonly beganAt: number
  endedAt: number | undefined
}

const linesMax = 60
/** Lines before the first one that names what the finding is about. */
const linesBefore = 12

/** What happened to a key, call by call, and the faults meanwhile, in the order of their times (milliseconds). */
export function timelineOf(
  { key, version }: Finding,
  calls: readonly RecordedCall[],
  faults: readonly FaultRecord[],
): string[] {
  const events = calls.flatMap(call => eventsOf(call, key))
  const first = Math.min(...events.map(({ at }) => at))
  for (const { name, victims, beganAt, endedAt } of faults) {
    const what = [name, ...victims].join(' ')
    if (endedAt !== undefined && endedAt < first) continue
    events.push({ at: beganAt, text: `FAULT begins: ${what}` })
    if (endedAt !== undefined) events.push({ at: endedAt, text: `FAULT ends: ${what}` })
  }
  const lines = events
    .sort((a, b) => a.at - b.at)
    .map(({ at, text }) => `${at.toFixed(3).padStart(12)} ${text}`)
  const named = version === undefined ? 0 : lines.findIndex(line => line.includes(version))
  const told = lines.slice(Math.max(0, named - linesBefore))
  // What broke is mostly told by the end, what was promised by the begin.
  if (told.length <= linesMax) return told
  const half = linesMax / 2
  return [...told.slice(0, half), `… ${told.length - linesMax} more …`, ...told.slice(-half)]
}

interface Event {
  readonly at: number
  readonly text: string
}

function eventsOf(call: RecordedCall, key: string): Event[] {
  const { process, kind, calledAt, returnedAt, result, error, final } = call
  const outcome = `${result}${error === undefined ? '' : ` (${error})`}${final ? ', final' : ''}`
  if (call.listed !== undefined) {
    if (!key.startsWith(call.key)) return []
    const shown = call.listed.filter(one => one === key || one.startsWith(`${key}@`))
    const what =
      shown.length === 0 ? 'lacks it' : shown.map(one => one.slice(key.length)).join(' ') || 'shows it'
    // Listings of versions show all of them; what they lack is seen by what they have.
    return [{ at: returnedAt, text: `${process} ${kind}, called at ${calledAt}: ${outcome}: ${what}` }]
  }
  if (call.key !== key) return []
  const detail = [
    call.expected === undefined ? '' : `over ${call.expected}`,
    call.version ?? '',
    call.shown === undefined ? '' : `shows ${call.shown ?? 'nothing'}`,
    call.removed === undefined ? '' : `removed ${call.removed.join(' ') || 'nothing'}`,
    call.degraded === true ? 'degraded' : '',
  ]
  const text = [process, kind, ...detail, `called at ${calledAt}:`, outcome]
    .filter(part => part !== '')
    .join(' ')
  return [{ at: returnedAt, text }]
}
