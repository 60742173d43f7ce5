import { limits } from '@torc/protocol/limits'
import type { HeadOf } from '@torc/protocol/messages/fields'
import type { gossipedMember } from '@torc/protocol/messages/message'

/** A node as nodes tell each other of it. */
export type Member = HeadOf<typeof gossipedMember>
export type MemberState = Member['state']

/** What a node says of itself beside its address. Absent or undefined: none. */
export interface SelfDescription {
  /** One bit for each partition of which it holds hints, at most `limits.hintsBytesMax`. */
  readonly hints?: Uint8Array | undefined
  readonly restored?: boolean | undefined
  /** Time of the latest change of a control record that it knows of. */
  readonly records?: number | undefined
}

/** With equal incarnations the greater one wins: only the member itself can take back what is said of it. */
const precedence: Readonly<Record<MemberState, number>> = { alive: 0, suspect: 1, down: 2, left: 3 }

export function isWorse(a: MemberState, b: MemberState): boolean {
  return precedence[a] > precedence[b]
}

/** Whether it takes part, as far as is known: it may be suspected, but nobody gave it up. */
export function takesPart({ state }: Member): boolean {
  return state === 'alive' || state === 'suspect'
}

/**
 * What is known of a member once `heard` is taken in (SWIM §4.2); `known` itself where that is nothing new. The
 * higher incarnation wins. With equal ones the worse state does, those who suspect are joined, and what the member
 * says of itself is decided by its revision, whoever wins on the state: so order and repetition do not matter.
 */
export function mergeMembers(known: Member, heard: Member): Member {
  if (heard.incarnation !== known.incarnation) return heard.incarnation > known.incarnation ? heard : known
  const state = isWorse(heard.state, known.state) ? heard.state : known.state
  const suspectedBy = state === 'suspect' ? joinSuspecters(known, heard) : []
  const newerWords = (heard.revision ?? 0) > (known.revision ?? 0)
  if (
    state === known.state &&
    !newerWords &&
    (state !== 'suspect' || suspectedBy.length === (known.suspectedBy?.length ?? 0))
  )
    return known
  const { suspectedBy: _, ...rest } = newerWords ? described(known, heard) : known
  return suspectedBy.length > 0 ? { ...rest, state, suspectedBy } : { ...rest, state }
}

/** `member` in another state, without what belonged to the last one. */
export function inState(member: Member, state: MemberState, suspectedBy: readonly string[] = []): Member {
  const { suspectedBy: _, ...rest } = member
  return suspectedBy.length > 0 ? { ...rest, state, suspectedBy: [...suspectedBy] } : { ...rest, state }
}

function described(known: Member, heard: Member): Member {
  const { revision: _, hints: __, restored: ___, records: ____, ...rest } = known
  const { revision, hints, restored, records } = heard
  return {
    ...rest,
    ...(revision === undefined ? {} : { revision }),
    ...(hints === undefined ? {} : { hints }),
    ...(restored === undefined ? {} : { restored }),
    ...(records === undefined ? {} : { records }),
  }
}

/** The first ids in their order, so that a bounded union is the same whatever came first. */
function joinSuspecters(known: Member, heard: Member): string[] {
  const from = (member: Member): readonly string[] =>
    member.state === 'suspect' ? (member.suspectedBy ?? []) : []
  return [...new Set([...from(known), ...from(heard)])].sort().slice(0, limits.suspectedByMax)
}

/** About the bytes that a member takes in a message. */
export function bytesOfMember(member: Member): number {
  const { id, name, address, zone, hints, suspectedBy = [] } = member
  const texts = id.length + name.length + address.length + zone.length
  return 160 + 3 * texts + (hints?.length ?? 0) + suspectedBy.reduce((sum, text) => sum + text.length + 2, 0)
}
