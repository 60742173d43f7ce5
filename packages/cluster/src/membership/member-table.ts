import { limits } from '@torc/protocol/limits'
import { isWorse, type Member, mergeMembers } from './member.js'

/** `previous` is undefined for a new member, `member` for a forgotten one. */
export interface MemberChange {
  readonly member: Member | undefined
  readonly previous: Member | undefined
}

interface Entry {
  readonly member: Member
  /** When the state was entered here. */
  readonly sinceMs: number
}

/** Who is in the cluster, as this node knows it. Bounded by `limits.membersMax`. */
export class MemberTable {
  readonly #entries = new Map<string, Entry>()
  #self: Member

  constructor(self: Member, nowMs: number) {
    this.#self = self
    this.#entries.set(self.id, { member: self, sinceMs: nowMs })
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

  /** Takes in what was heard of another member; undefined where that is nothing new. */
  hear(heard: Member, nowMs: number): MemberChange | undefined {
    const known = this.#entries.get(heard.id)?.member
    if (known === undefined) {
      if (this.#entries.size >= limits.membersMax) return undefined
      // A dead server never comes back under its id; hearing of it from someone slower must not revive its entry.
      if (heard.role !== 'agent' && isWorse(heard.state, 'suspect')) return undefined
      return this.put(heard, nowMs)
    }
    const merged = mergeMembers(known, heard)
    return merged === known ? undefined : this.put(merged, nowMs)
  }

  put(member: Member, nowMs: number): MemberChange {
    const entry = this.#entries.get(member.id)
    const sinceMs = entry !== undefined && entry.member.state === member.state ? entry.sinceMs : nowMs
    this.#entries.set(member.id, { member, sinceMs })
    if (member.id === this.#self.id) this.#self = member
    return { member, previous: entry?.member }
  }

  /** Forgets servers and gateways that have been down or left for `forgetMs`. */
  forget(forgetMs: number, nowMs: number): MemberChange[] {
    const forgotten: MemberChange[] = []
    for (const [id, { member, sinceMs }] of this.#entries) {
      if (id === this.#self.id || member.role === 'agent' || !isWorse(member.state, 'suspect')) continue
      if (nowMs - sinceMs < forgetMs) continue
      this.#entries.delete(id)
      forgotten.push({ member: undefined, previous: member })
    }
    return forgotten
  }
}
