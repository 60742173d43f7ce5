import { actorId, type Dot } from '@torc/cluster/clocks/dot'
import type { NullVersions } from '@torc/cluster/state/key-summary'

/** So many an answer names; a key has one, and some more after races. */
const toldMax = 4096

/** Null versions as an answer tells them; nothing where there are none. */
export function nullDots(nulls: NullVersions): { nulls?: [string, number][] } {
  if (nulls.length === 0) return none
  return { nulls: nulls.slice(0, toldMax).map(({ actor, counter }) => [actor, counter]) }
}

const none: { nulls?: [string, number][] } = Object.freeze({})

/** The same in a request. */
export function readNullDots(dots: readonly (readonly [string, number])[] = []): Dot[] {
  return dots.map(([actor, counter]) => ({ actor: actorId(actor), counter }))
}
