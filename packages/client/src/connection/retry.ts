import type { ErrorCode, TorcError } from '@torc/protocol/errors'

/** Attempts of one call after answers that say "not now"; lost connections are counted apart. */
export const attemptsMax = 4
/** A request that took this many connections down with it is given up: it may be the cause. */
export const lostConnectionsMax = 8

/** Answers after which the same request may well succeed a moment later. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNAVAILABLE',
  'INDETERMINATE',
  'OVERLOADED',
  'STALE_EPOCH',
  'NOT_OWNER',
  'CLOCK_UNREAD',
])

export interface Attempts {
  /** Failed attempts so far, this one included, by kind. */
  readonly answered: number
  readonly lost: number
}

export interface Circumstances {
  /** Whether the request can be sent again as it was. */
  readonly resendable: boolean
  /** Whether there is more than one server to ask. */
  readonly several: boolean
}

/** What to do after a failed attempt: give up, or send the same request (same opId) again. */
export function judgeFailure(
  error: TorcError,
  attempts: Attempts,
  { resendable, several }: Circumstances,
): 'give up' | 'again' {
  if (!resendable) return 'give up'
  if (error.code === 'UNREACHABLE') return attempts.lost < lostConnectionsMax ? 'again' : 'give up'
  const passes = passing.has(error.code) || (several && anotherServerMayHelp(error.code))
  return passes && attempts.answered < attemptsMax ? 'again' : 'give up'
}

/** Whether another server of the list may do better than the one that answered so. */
export function anotherServerMayHelp(code: ErrorCode): boolean {
  return helpedElsewhere.has(code)
}

/** Of them `NO_LAYOUT`: a server that has just started has not heard of the layout yet. */
const helpedElsewhere: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNAVAILABLE',
  'OVERLOADED',
  'CLOCK_UNREAD',
  'NO_LAYOUT',
])
