import { limits } from '@torc/protocol/limits'
import type { HeadOf } from '@torc/protocol/messages/fields'
import type { member } from '@torc/protocol/messages/message'

/** A node as gossip describes it. */
export type Member = HeadOf<typeof member>
export type MemberState = Member['state']

/** With equal incarnations the greater one wins: only the member itself can take back what is said of it. */
const precedence: Readonly<Record<MemberState, number>> = { alive: 0, suspect: 1, down: 2, left: 3 }

export interface MembershipOptions {
  /** Failed attempts in a row that make an alive member suspect. */
  readonly failuresUntilSuspect?: number
  /** A suspect that does not refute within this time is down, in milliseconds. */
  readonly suspicionMs?: number
  /** A server or gateway that is down or left is forgotten after this time, in milliseconds. */
  readonly forgetMs?: number
}

export type MembershipEvent =
  /** Members as a peer sees them. */
  | { readonly kind: 'gossip'; readonly members: readonly Member[] }
  /** An exchange with this member succeeded, or failed. */
  | { readonly kind: 'reached'; readonly id: string }
  | { readonly kind: 'failed'; readonly id: string }
  /** Time passes. */
  | { readonly kind: 'tick' }
  /** This node stops on purpose. */
  | { readonly kind: 'leave' }

export type MembershipAction =
  /** What is known of a member changed; `previous` is undefined for a new one, `member` for a forgotten one. */
  | { readonly kind: 'changed'; readonly member: Member | undefined; readonly previous: Member | undefined }
  /** The own incarnation rose: an agent stores it before it is sent. */
  | { readonly kind: 'incarnation'; readonly incarnation: number }

interface Entry {
  member: Member
  /** When the state was entered here. */
  sinceMs: number
  failures: number
}

/**
 * Who is in the cluster, as this node knows it: merged by incarnation, then state (SWIM §4.2). Pure: all
 * input is events with their time, all output is actions and `members`. What a node says of itself holds;
 * others may only suspect it, and it refutes by a higher incarnation.
 */
export class MemberTable {
  readonly #entries = new Map<string, Entry>()
  readonly #failuresUntilSuspect: number
  readonly #suspicionMs: number
  readonly #forgetMs: number
  #self: Member

  constructor(self: Member, nowMs: number, options: MembershipOptions = {}) {
    this.#self = self
    this.#failuresUntilSuspect = options.failuresUntilSuspect ?? 2
    this.#suspicionMs = options.suspicionMs ?? 5_000
    this.#forgetMs = options.forgetMs ?? 600_000
    this.#entries.set(self.id, { member: self, sinceMs: nowMs, failures: 0 })
  }

  get self(): Member {
    return this.#self
  }

  get(id: string): Member | undefined {
    return this.#entries.get(id)?.member
  }

  /** Everyone known, this node too, sorted by id. */
  members(): Member[] {
    return [...this.#entries.values()].map(entry => entry.member).sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  step(event: MembershipEvent, nowMs: number): MembershipAction[] {
    const actions: MembershipAction[] = []
    switch (event.kind) {
      case 'gossip':
        for (const heard of event.members) this.#merge(heard, nowMs, actions)
        break
      case 'reached': {
        const entry = this.#entries.get(event.id)
        if (entry !== undefined) entry.failures = 0
        break
      }
      case 'failed':
        this.#fail(event.id, nowMs, actions)
        break
      case 'tick':
        this.#expire(nowMs, actions)
        break
      case 'leave':
        this.#put({ ...this.#self, state: 'left' }, nowMs, actions)
        break
    }
    return actions
  }

  #merge(heard: Member, nowMs: number, actions: MembershipAction[]): void {
    if (heard.id === this.#self.id) {
      this.#refute(heard, nowMs, actions)
      return
    }
    const known = this.#entries.get(heard.id)?.member
    if (known === undefined) {
      if (this.#entries.size >= limits.membersMax) return
      // A dead server never comes back under its id; hearing of it from someone slower must not revive its entry.
      if (heard.role === 'agent' || heard.state === 'alive' || heard.state === 'suspect')
        this.#put(heard, nowMs, actions)
      return
    }
    const newer =
      heard.incarnation !== known.incarnation
        ? heard.incarnation > known.incarnation
        : precedence[heard.state] > precedence[known.state]
    if (newer) this.#put(heard, nowMs, actions)
  }

  /** Someone thinks that this node is not alive, or knows a higher incarnation (of before a lost disk). */
  #refute(heard: Member, nowMs: number, actions: MembershipAction[]): void {
    const mine = this.#self
    const contradicts =
      heard.incarnation === mine.incarnation && precedence[heard.state] > precedence[mine.state]
    if (heard.incarnation < mine.incarnation || (heard.incarnation === mine.incarnation && !contradicts))
      return
    const incarnation = heard.incarnation + 1
    actions.push({ kind: 'incarnation', incarnation })
    this.#put({ ...mine, incarnation }, nowMs, actions)
  }

  #fail(id: string, nowMs: number, actions: MembershipAction[]): void {
    const entry = this.#entries.get(id)
    if (entry === undefined || id === this.#self.id) return
    entry.failures++
    if (entry.member.state === 'alive' && entry.failures >= this.#failuresUntilSuspect) {
      this.#put({ ...entry.member, state: 'suspect' }, nowMs, actions)
    }
  }

  #expire(nowMs: number, actions: MembershipAction[]): void {
    for (const [id, { member, sinceMs }] of this.#entries) {
      if (id === this.#self.id) continue
      if (member.state === 'suspect' && nowMs - sinceMs >= this.#suspicionMs) {
        this.#put({ ...member, state: 'down' }, nowMs, actions)
      } else if (
        member.role !== 'agent' &&
        precedence[member.state] >= precedence.down &&
        nowMs - sinceMs >= this.#forgetMs
      ) {
        this.#entries.delete(id)
        actions.push({ kind: 'changed', member: undefined, previous: member })
      }
    }
  }

  #put(member: Member, nowMs: number, actions: MembershipAction[]): void {
    const entry = this.#entries.get(member.id)
    const previous = entry?.member
    const failures = member.state === 'alive' ? 0 : (entry?.failures ?? 0)
    const sinceMs = entry !== undefined && previous?.state === member.state ? entry.sinceMs : nowMs
    this.#entries.set(member.id, { member, sinceMs, failures })
    if (member.id === this.#self.id) this.#self = member
    actions.push({ kind: 'changed', member, previous })
  }
}
