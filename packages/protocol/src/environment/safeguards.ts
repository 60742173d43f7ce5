import type { Environment } from './system.js'

/**
 * Rules that keep data safe and that a test can take away, one at a time, to see that the simulator notices. Each is
 * named after what it demands. Only code that makes an `Environment` itself can take one away: no option, variable,
 * file or message leads here.
 */
export const safeguards = [
  /** A commit is fsynced before what depends on it is answered (DESIGN §7, §8). */
  'fsync before the answer',
] as const

export type Safeguard = (typeof safeguards)[number]

/** Whether a rule is in force: always, but in tests that took it away. */
export function inForce({ without }: Pick<Environment, 'without'>, rule: Safeguard): boolean {
  return without !== rule
}
