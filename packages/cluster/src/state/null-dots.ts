import { actorId, type Dot } from '../clocks/dot.js'
import type { NullVersions } from './null-versions.js'

/** So many a message names; a key has one, and some more after races. What is left is taken by the next null version. */
const toldMax = 4096

const none: { nulls?: [string, number][] } = Object.freeze({})

/** Null versions as messages tell them; nothing where there are none. */
export function nullDots(nulls: NullVersions): { nulls?: [string, number][] } {
  if (nulls.length === 0) return none
  return { nulls: nulls.slice(0, toldMax).map(({ actor, counter }) => [actor, counter]) }
}

/** The same as a message told them. */
export function readNullDots(dots: readonly (readonly [string, number])[] = []): Dot[] {
  return dots.map(([actor, counter]) => ({ actor: actorId(actor), counter }))
}
