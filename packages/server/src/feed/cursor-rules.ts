import type { ResponseOf } from '@torc/protocol/messages/table'
import { type FeedCursor, type LogPlace, sameBytes } from './cursor.js'

/** What an agent says of a part of its log. */
export type LogAnswer = Omit<ResponseOf<'fetchChanges'>, 'time'>

/** An agent that is to be read, and where the cursor stands in its log: undefined where it was never reached. */
export interface LogRead {
  readonly agent: string
  readonly place: LogPlace | undefined
}

/** What there is to go by. */
export interface Surroundings {
  readonly bucketId: Uint8Array
  readonly lineage: string
  /** Agents of the layout, and of the one before while it still counts. */
  readonly members: readonly string[]
  readonly isAlive: (agent: string) => boolean
}

/** Why a cursor cannot be gone on from; a part of a sentence. */
export type Lost = 'another bucket' | 'another lineage' | 'a log that is gone'

/**
 * Whom to read from a cursor. An agent that is down keeps its place: each acknowledged write is noted by W owners, and what
 * only it noted is read when it is back. One that left the layout may never be back.
 */
export function planReads(cursor: FeedCursor, around: Surroundings): readonly LogRead[] | Lost {
  if (!sameBytes(cursor.bucketId, around.bucketId)) return 'another bucket'
  if (cursor.lineage !== around.lineage) return 'another lineage'
  const { members, isAlive } = around
  const former = [...cursor.places.keys()].filter(agent => !members.includes(agent))
  if (!former.every(isAlive)) return 'a log that is gone'
  return [...members.filter(isAlive), ...former].map(agent => ({ agent, place: cursor.places.get(agent) }))
}

/** Whether an agent's log goes on from where it was to be read. */
export function goesOn({ place }: LogRead, { logId, first, last, from }: LogAnswer): boolean {
  // Read by time: where all that is kept is late enough, what was trimmed may have been so too.
  if (place === undefined) return first === 1 || from >= first
  return sameBytes(place.logId, logId) && place.position <= last && place.position + 1 >= first
}

/** How far an agent's log was read now. */
export interface Reached {
  readonly logId: Uint8Array
  readonly position: number
  /** There was nothing behind it when it was read. */
  readonly atEnd: boolean
}

/** The cursor after a batch. An agent that left the layout is done with once its log was read to the end. */
export function advanced(
  cursor: FeedCursor,
  reached: ReadonlyMap<string, Reached>,
  epoch: number,
  members: readonly string[],
): FeedCursor {
  const places = new Map(cursor.places)
  for (const [agent, { logId, position, atEnd }] of reached) {
    if (atEnd && !members.includes(agent)) places.delete(agent)
    else places.set(agent, { logId, position })
  }
  return { ...cursor, epoch: Math.max(cursor.epoch, epoch), places }
}
