import type { Environment } from './system.js'

/**
 * Rules that keep data safe and that a test can take away, one at a time, to see that the simulator notices. Each is
 * named after what it demands. Only code that makes an `Environment` itself can take one away: no option, variable,
 * file or message leads here.
 */
export const safeguards = [
  /** A commit is fsynced before what depends on it is answered (DESIGN §7, §8). */
  'fsync before the answer',
  /** A dot says which counter of its actor the key had before it (DESIGN §4, "Deltas and gaps"). */
  'dots tell their gaps',
  /** What is covered and not there was removed for good, and is never taken again (DESIGN §4). */
  'removed for good',
  /** Two dots of one operation are shown once (DESIGN §4). */
  'one operation is shown once',
  /** Before an operation is tried again, all that can be asked are asked for what it made (DESIGN §4). */
  'retries look first',
  /** Agents that were asked for an operation refuse what earlier attempts still send (DESIGN §4, decision 14). */
  'looks fence earlier attempts',
  /** After the start an agent asks the others whether its disk is an old copy (DESIGN §4, "Actors"). */
  'old disks take no part',
  /** Promises and what was accepted under them survive a restart (DESIGN §5). */
  'ballots are durable',
  /** What an earlier proposer left is brought to its end before anything is decided (DESIGN §5). */
  'open proposals first',
  /** A conditional write that is tried again is answered as it was decided before (DESIGN §5). */
  'decisions are remembered',
  /** Requests under an older layout or an earlier stage are refused (DESIGN §6). */
  'older layouts are refused',
  /** A new owner is synced once it has taken over from so many old owners that nothing can be missing (DESIGN §6). */
  'new owners take over first',
  /** A read writes back what is not known to be on W owners before it answers (DESIGN §7). */
  'reads write back',
  /** Who may hold hints of a key is asked by its readers (DESIGN §7). */
  'readers ask hint holders',
  /** An intent is durable before the first reference to a block is made (DESIGN §9). */
  'intent before references',
  /** A lease is condemned durably before anybody is asked about it (DESIGN §9). */
  'condemn before asking',
  /** References are counted anew, in the block's turn, before it goes (DESIGN §9). */
  'recount before a block goes',
  /** Hints are found again after a restart (DESIGN §10). */
  'hints are durable',
  /** What differs is looked at once more, a while later, before it is repaired (DESIGN §10). */
  'compare twice',
  /** What was read before a partition's remainders were collected is not written after it (DESIGN §10). */
  'collections fence writes',
] as const

export type Safeguard = (typeof safeguards)[number]

/** What tells which rules are in force; all are where it says nothing. */
export type Rules = Pick<Environment, 'without'>

/** Whether a rule is in force: always, but in tests that took it away. */
export function inForce({ without }: Rules, rule: Safeguard): boolean {
  return without !== rule
}
