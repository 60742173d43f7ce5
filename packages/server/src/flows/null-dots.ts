import { actorId, type Dot } from '@torc/cluster/clocks/dot'
import type { NullVersions } from '@torc/cluster/state/key-summary'

/** Null versions as agents tell them. */
export function readNullDots(dots: readonly (readonly [string, number])[] = []): Dot[] {
  return dots.map(([actor, counter]) => ({ actor: actorId(actor), counter }))
}

/** The same for an agent. */
export function nullDots(nulls: NullVersions): [string, number][] {
  return nulls.map(({ actor, counter }) => [actor, counter])
}
