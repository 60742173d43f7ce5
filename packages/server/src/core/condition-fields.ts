import type { Condition } from '@torc/cluster/consensus/condition'
import { TorcError } from '@torc/protocol/errors'
import type { WriteConditions } from '@torc/protocol/store/object-store'

/** The condition of a write, as its writer gave it; undefined where there is none. BAD_REQUEST for two at once. */
export function conditionOf(
  { ifNoneMatch, ifMatch }: WriteConditions,
  context: string | undefined,
): Condition | undefined {
  if (ifNoneMatch === undefined && ifMatch === undefined) return undefined
  if (ifNoneMatch !== undefined && ifMatch !== undefined) {
    throw new TorcError(
      'BAD_REQUEST',
      'a write was asked for only where there is nothing and only over something',
      {
        hint: 'Name one of the two conditions.',
      },
    )
  }
  if (context !== undefined) {
    throw new TorcError('BAD_REQUEST', 'a write has a condition and a context', {
      hint: 'Name one of them: a condition itself says what the write replaces.',
    })
  }
  if (ifMatch === undefined) return { kind: 'absent' }
  if (ifMatch === '') throw new TorcError('BAD_REQUEST', 'the version or etag to match is empty')
  return { kind: 'match', tag: ifMatch }
}
