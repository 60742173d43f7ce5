import { hybridToDate } from '@torc/cluster/clocks/hybrid-clock'
import { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'

/** A time as messages show it: ISO 8601, UTC, to the millisecond. */
export function timeText(time: number): string {
  return hybridToDate(time).toISOString()
}

/** The end of a Date's millisecond as hybrid time: what was made within it counts. BAD_REQUEST when it is none. */
export function hybridTimeOf(date: Date): number {
  const time = date.getTime() * 1000 + 999
  if (Number.isSafeInteger(time) && time >= 0) return time
  throw new TorcError('BAD_REQUEST', '`at` is no time since 1970')
}

/**
 * BAD_REQUEST for a time to come: what it will show is not settled yet. The running millisecond counts as past, as
 * people and programs name times no finer.
 */
export function checkPast(c: Coordination, at: number | undefined): void {
  if (at === undefined) return
  const now = c.hybridClock.now()
  if (Math.floor(at / 1000) <= Math.floor(now / 1000)) return
  throw new TorcError('BAD_REQUEST', `${timeText(at)} is in the future`, {
    hint: `Name a time in the past: this server's clock says ${timeText(now)}.`,
  })
}
