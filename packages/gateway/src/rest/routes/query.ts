import { parseTimeMs } from '@torc/client/config/quantities'
import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'

/** A word of the query that is there or not: `?force`, `?force=true`. BAD_REQUEST where it says something else. */
export function flagOf(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  if (value === null || value === 'false') return false
  if (value === '' || value === 'true') return true
  throw new TorcError('BAD_REQUEST', `${name} must be true or false`)
}

/** A text, undefined where it is not there or empty. */
export function textOf(query: URLSearchParams, name: string): string | undefined {
  const value = query.get(name)
  return value === null || value === '' ? undefined : value
}

export function numberOf(query: URLSearchParams, name: string, min: number, max: number): number | undefined {
  const value = textOf(query, name)
  if (value === undefined) return undefined
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= min && number <= max))
    throw new TorcError('BAD_REQUEST', `${name} must be a whole number from ${min} to ${max}`)
  return number
}

/** A moment, or a span that ends now. */
export function timeOf(query: URLSearchParams, name: string, clock: Clock): Date | undefined {
  const value = textOf(query, name)
  if (value === undefined) return undefined
  const date = new Date(parseTimeMs(value, clock.nowMs()) ?? Number.NaN)
  if (Number.isNaN(date.getTime())) {
    throw new TorcError('BAD_REQUEST', `${name} must be a time`, {
      hint: 'Write it as 2026-11-21T11:23:02Z, or as a span such as 10m, which is that long ago.',
    })
  }
  return date
}
