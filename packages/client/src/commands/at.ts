import { TorcError } from '@torc/protocol/errors'
import { parseTimeMs } from '../config/quantities.js'
import type { CommandContext } from './command.js'

/** The clocks of this machine and the server's may differ by so much; the server judges what is closer. */
const toleranceMs = 60_000

/** Descriptor of `--at`. */
export const atOption = {
  type: 'text',
  value: 'TIME',
  doc: 'As of then: ISO 8601 (UTC unless it says otherwise) or a span such as 10m, which is that long ago',
} as const

/** The moment that `--at` names. CONFIG when it can't be read, BAD_REQUEST when it is yet to come. */
export function parseAt(written: string | undefined, { environment }: CommandContext): Date | undefined {
  if (written === undefined) return undefined
  const nowMs = environment.clock.nowMs()
  const atMs = parseTimeMs(written, nowMs)
  if (atMs === undefined || Number.isNaN(new Date(atMs).getTime())) {
    throw new TorcError('CONFIG', `--at must be a time, not ${JSON.stringify(written.slice(0, 80))}`, {
      hint: 'Write it as 2026-11-21T11:23:02Z, 2026-11-21, or as a span such as 90s, 10m, 2h or 3d, which is that long ago.',
    })
  }
  const at = new Date(atMs)
  if (atMs > nowMs + toleranceMs) {
    throw new TorcError('BAD_REQUEST', `--at ${at.toISOString()} is in the future`, {
      hint: `It is ${new Date(nowMs).toISOString()} now; a time without an offset is UTC (+01:00 names another).`,
    })
  }
  return at
}
