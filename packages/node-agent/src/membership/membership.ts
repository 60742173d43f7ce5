import {
  type Member,
  type MembershipAction,
  type MembershipEvent,
  MemberTable,
} from '@torc/cluster/membership/member-table'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'

/**
 * What this agent knows of the others: the pure table of `@torc/cluster`, with its own incarnation kept on the disk,
 * so that a restarted agent can always refute what was said of its earlier lives (memberlist #311).
 */
export class Membership {
  readonly #clock: Clock
  readonly #log: Log
  readonly #database: SqlDatabase
  readonly #saveIncarnation: SqlStatement
  /** Undefined until this node knows its own address. */
  #table: MemberTable | undefined
  /** What this node says of itself beside its state. */
  #described: Pick<Member, 'revision' | 'hints'> = {}

  constructor(database: SqlDatabase, clock: Clock, log: Log) {
    this.#database = database
    this.#clock = clock
    this.#log = log
    this.#saveIncarnation = database.prepare('UPDATE membership SET incarnation = max(incarnation, ?)')
  }

  /** This node becomes a member, in an incarnation above those of its earlier lives. */
  begin(self: Omit<Member, 'incarnation'>): void {
    const last = this.#database.prepare('SELECT incarnation FROM membership').pluck().get()
    const incarnation = Number(last) + 1
    this.#store(incarnation)
    this.#table = new MemberTable({ ...self, incarnation }, this.#clock.monotonicMs())
  }

  get selfId(): string | undefined {
    return this.#table?.self.id
  }

  members(): Member[] {
    const members = this.#table?.members() ?? []
    return members.map(member => (member.id === this.selfId ? { ...member, ...this.#described } : member))
  }

  /** Says of which partitions this node holds hints; returns the revision from which on it is said. */
  describe({ hints }: { readonly hints: Uint8Array | undefined }): number {
    const revision = (this.#described.revision ?? 0) + 1
    this.#described = { revision, ...(hints === undefined ? {} : { hints }) }
    return revision
  }

  hear(members: readonly Member[]): void {
    this.#step({ kind: 'gossip', members })
  }

  reached(id: string): void {
    this.#step({ kind: 'reached', id })
  }

  failed(id: string): void {
    this.#step({ kind: 'failed', id })
  }

  tick(): void {
    this.#step({ kind: 'tick' })
  }

  leave(): void {
    this.#step({ kind: 'leave' })
  }

  #step(event: MembershipEvent): void {
    if (this.#table !== undefined) this.#act(this.#table.step(event, this.#clock.monotonicMs()))
  }

  #act(actions: readonly MembershipAction[]): void {
    for (const action of actions) {
      if (action.kind === 'incarnation') this.#store(action.incarnation)
      else if (action.member?.id !== this.selfId && action.member?.state !== action.previous?.state) {
        const { member, previous } = action
        const facts = {
          id: member?.id ?? previous?.id,
          address: member?.address,
          state: member?.state ?? 'forgotten',
        }
        this.#log.info(facts, 'member changed')
      }
    }
  }

  /**
   * Durable before sent: a statement of its own, not part of the group commit, so that the table can't be sent
   * before. It happens once per start and per refuted suspicion.
   */
  #store(incarnation: number): void {
    try {
      this.#saveIncarnation.run(incarnation)
    } catch (thrown) {
      // A full disk must not keep the agent from serving reads; peers that remember more are refuted again.
      this.#log.warn({ err: thrown, incarnation }, 'cannot store the incarnation')
    }
  }
}
