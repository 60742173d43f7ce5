import { type Member, takesPart } from '@torc/cluster/membership/member'
import type { Membership } from '@torc/cluster/membership/membership'
import type { Coordination } from '../core/coordination.js'

/** Whether a server is in touch with most agents of the layout: news of a change cannot pass it by for long. */
export function hearsFromMost({ layouts, agents }: Pick<Coordination, 'layouts' | 'agents'>): boolean {
  const all = layouts.current?.agents ?? []
  return all.filter(({ id }) => agents.isReachable(id)).length > all.length / 2
}

/**
 * News of control records between servers. Each says in gossip of how late a change it knows; whoever hears of a later
 * one forgets what it has read and says so in turn. A server that changes a record tells the others at once, and hears
 * in their answers that they know: it need not wait until they would have read the record again by themselves.
 */
export class RecordNews {
  readonly #membership: Pick<Membership, 'describe' | 'members' | 'selfId' | 'subscribe' | 'tell'>
  readonly #onChange: () => void
  /** Hybrid time of the latest change that is known here. */
  #latest = 0

  /** `onChange`: what was read before is not to be believed. */
  constructor(
    membership: Pick<Membership, 'describe' | 'members' | 'selfId' | 'subscribe' | 'tell'>,
    onChange: () => void,
  ) {
    this.#membership = membership
    this.#onChange = onChange
    membership.subscribe(({ member }) => this.#heard(member))
  }

  /** This server changed a record, at this hybrid time. */
  wrote(time: number): void {
    this.#note(time)
  }

  /** Resolves when all other servers that take part, as far as is known, know of all changes that are known here. */
  async everywhere(): Promise<void> {
    const wanted = this.#latest
    const lacking = () => this.#lacking(wanted)
    await this.#membership.tell(lacking())
    if (lacking().length === 0) return
    await new Promise<void>(resolve => {
      const end = this.#membership.subscribe(() => {
        if (lacking().length > 0) return
        end()
        resolve()
      })
    })
  }

  #lacking(wanted: number): Member[] {
    const { selfId } = this.#membership
    return this.#membership
      .members()
      .filter(member => member.role === 'server' && member.id !== selfId && takesPart(member))
      .filter(({ records = 0 }) => records < wanted)
  }

  #heard(member: Member | undefined): void {
    if (member?.records === undefined || member.records <= this.#latest) return
    if (member.id === this.#membership.selfId) return
    this.#note(member.records)
    this.#onChange()
  }

  #note(time: number): void {
    if (time <= this.#latest) return
    this.#latest = time
    this.#membership.describe({ records: time })
  }
}
