import { TorcError } from '@torc/protocol/errors'
import type { Placement } from '../core/placement.js'
import { describeErrors } from '../quorum/collect-acks.js'
import type { WritePlan } from '../quorum/targets.js'

export function tooFewOwners(p: Placement, plan: WritePlan): TorcError {
  const standIns = plan.targets.length - plan.live.length
  const others = p.bucket.strict
    ? 'the bucket is strict, so that no others count'
    : standIns === 0
      ? 'no other agent can stand in'
      : `${standIns} of the others can stand in`
  return new TorcError(
    'UNAVAILABLE',
    `${plan.live.length} of the key's ${p.owners.length} agents can be reached and ${others}; ${p.writeQuorum} must store a write; down: ${plan.down.join(', ')}`,
    { details: { down: plan.down, needed: p.writeQuorum } },
  )
}

export function indeterminate(stored: number, needed: number, why: string, versionId: string): TorcError {
  return new TorcError(
    'INDETERMINATE',
    `${stored} of ${needed} agents acknowledged the write (${why || 'the others refused it'}); it may still appear`,
    { details: { stored, needed, versionId } },
  )
}

/** No owner minted. `uncertain`: one of them may have, all the same. */
export function notMinted(errors: ReadonlyMap<string, TorcError>, uncertain: boolean): TorcError {
  const [only] = errors.values()
  if (uncertain) {
    return new TorcError(
      'INDETERMINATE',
      `no agent confirmed the write (${describeErrors(errors)}); it may still appear`,
      { cause: only },
    )
  }
  const codes = new Set(Array.from(errors.values(), error => error.code))
  // A code of the agents' own (DISK_FULL, CLOCK_SKEW …) tells more; that an agent is out of reach is no news of the
  // connection that the client has.
  if (codes.size === 1 && only !== undefined && only.code !== 'UNREACHABLE') return only
  return new TorcError('UNAVAILABLE', `no agent took the write (${describeErrors(errors)})`, { cause: only })
}

/** A mint was sent whose fate nobody knows, and then something failed that by itself would mean that nothing was written. */
export function failedAfterMint(error: TorcError): TorcError {
  return new TorcError(
    'INDETERMINATE',
    `an agent was asked to make the version, and what became of it is not known (${error.code}: ${error.message}); it may still appear`,
    { cause: error },
  )
}

/** The operation took effect and its version was removed since: an attempt that comes now must not bring it back. */
export function removedSince(id: string, how: string): TorcError {
  const went = how === 'pruned' ? 'pruned by the retention policy' : how === 'purged' ? 'purged' : 'removed'
  return new TorcError('SUPERSEDED', `an earlier attempt made version ${id}, which was ${went} since`, {
    hint: 'The write took effect and is history; read the key, and write again under a new operation id.',
    details: { versionId: id, how },
  })
}
