import type { Random } from '@torc/protocol/environment/random'
import type { ErrorCode } from '@torc/protocol/errors'
import { TorcError } from '@torc/protocol/errors'

/** Who minted an event: 16 lower-case hex characters, random, one per life of an agent's counter. */
export type ActorId = string & { readonly __brand: 'ActorId' }

/** Unique id of one event: the `counter`-th (≥ 1) that `actor` minted, over all its keys. */
export interface Dot {
  readonly actor: ActorId
  readonly counter: number
}

export const actorIdBytes = 8
const actorPattern = /^[0-9a-f]{16}$/

/** `actor:counter`, the key of maps by dot. */
export function dotText(dot: Dot): string {
  return `${dot.actor}:${dot.counter}`
}

export function makeActorId(random: Random): ActorId {
  let text = ''
  for (const byte of random.bytes(actorIdBytes)) text += byte.toString(16).padStart(2, '0')
  return text as ActorId
}

/** `text` as an actor id; throws `code` when it is not one. */
export function actorId(text: string, code: ErrorCode = 'BAD_REQUEST'): ActorId {
  if (!actorPattern.test(text))
    throw new TorcError(code, `"${text.slice(0, 40)}" is not an actor id (16 hex digits)`)
  return text as ActorId
}

export function dotsEqual(a: Dot, b: Dot): boolean {
  return a.counter === b.counter && a.actor === b.actor
}

/** A total order without meaning, to break ties: by actor, then counter. */
export function compareDots(a: Dot, b: Dot): number {
  if (a.actor !== b.actor) return a.actor < b.actor ? -1 : 1
  return a.counter - b.counter
}
