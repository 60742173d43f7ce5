import { isWalking, type ScrubPass } from './scrub-pass.js'

/** What scrubbing does next. */
export type ScrubTask = 'suspect' | 'sweep' | 'begin' | 'check' | 'retry' | 'rest'

export interface ScrubSituation {
  readonly pass: ScrubPass
  /** An operator asked for a pass that has not begun. */
  readonly asked: boolean
  /** Readers found blocks damaged. */
  readonly suspects: boolean
  /** The blocks' folders are being looked through for files that no row knows. */
  readonly sweeping: boolean
  /** It is time to ask again for the blocks that nobody could give. */
  readonly retryDue: boolean
}

/** Pure: what comes first. Blocks that readers stumble over go before the walk, which repairs what it meets itself. */
export function nextTask(situation: ScrubSituation, nowMs: number, intervalMs: number): ScrubTask {
  const { pass, asked, suspects, sweeping, retryDue } = situation
  if (suspects) return 'suspect'
  // A pass begins with the folders, so that one that is due shares the look through them at the start of a process.
  if (asked || (!isWalking(pass) && isPassDue(pass, nowMs, intervalMs))) return 'begin'
  if (sweeping) return 'sweep'
  if (isWalking(pass)) return 'check'
  return retryDue ? 'retry' : 'rest'
}

function isPassDue(pass: ScrubPass, nowMs: number, intervalMs: number): boolean {
  // A clock that was set back must not put scrubbing off for good.
  return pass.pass === 0 || nowMs >= pass.endedAtMs + intervalMs || nowMs < pass.beganAtMs
}

/** Wait before asking again for blocks that nobody could give, in milliseconds: doubled with each round in vain. */
const retryMs = 10_000
const retryMsMax = 600_000

export function retryDelayMs(roundsInVain: number): number {
  return Math.min(retryMsMax, retryMs * 2 ** Math.min(roundsInVain, 20))
}

/** How long to wait after work of `bytes` that took `tookMs`, so that the rate is kept on the average. */
export function pauseMs(bytes: number, tookMs: number, bytesPerSecond: number): number {
  return Math.max(0, Math.ceil((bytes * 1000) / bytesPerSecond - tookMs))
}
