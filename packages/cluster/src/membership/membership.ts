import { TorcError } from '@torc/protocol/errors'
import type { Handlers } from '@torc/protocol/exchange/exchange'
import { formatAddress, parseAddress } from '@torc/protocol/transport/transport'
import { type Member, type SelfDescription, takesPart } from './member.js'
import type { MemberChange } from './member-table.js'
import { memberHandlers } from './membership-handlers.js'
import type { MembershipOptions } from './membership-options.js'
import { MembershipRequests } from './membership-requests.js'
import { membershipParameters as p } from './parameters.js'
import { shuffled } from './probe-order.js'
import { Swim } from './swim.js'
import type { SwimAction, SwimEvent } from './swim-events.js'

export type MembershipListener = (change: MemberChange) => void

/**
 * Who is in the cluster, for servers and agents alike. `Swim` decides; this carries its probes and full exchanges to
 * other nodes and their answers and time to it.
 */
export class Membership {
  /** What other nodes may ask. UNAVAILABLE before `begin`. */
  readonly handlers: Handlers
  readonly #options: MembershipOptions
  readonly #requests: MembershipRequests
  readonly #listeners = new Set<MembershipListener>()
  /** Said before this node knew its own address. */
  #description: SelfDescription = {}
  #swim: Swim | undefined
  #cancelTick: (() => void) | undefined
  #stopped = false
  #refused = false

  constructor(options: MembershipOptions) {
    this.#options = options
    this.#requests = new MembershipRequests(options, {
      swim: () => this.#begun(),
      step: event => this.step(event),
      refuse: error => this.#refuse(error),
    })
    this.handlers = memberHandlers(options, this.#requests, {
      swim: () => this.#begun(),
      step: event => this.step(event),
    })
  }

  /** This node becomes a member. `incarnation` is above those of its earlier lives under this id. */
  begin(self: Omit<Member, 'state'>): void {
    const { clock, random } = this.#options
    this.#swim = new Swim({ ...self, state: 'alive' }, random, clock.monotonicMs())
    this.step({ kind: 'describe', description: this.#description })
  }

  /** Joins, and goes on from there. Resolves when all addresses to join at were tried, whoever was there. */
  async start(): Promise<void> {
    this.#tickLater()
    await this.#join()
  }

  /** Undefined before `begin`. */
  get selfId(): string | undefined {
    return this.#swim?.self.id
  }

  get(id: string): Member | undefined {
    return this.#swim?.get(id)
  }

  /** Everyone known, this node too, sorted by id; empty before `begin`. */
  members(): Member[] {
    return this.#swim?.members() ?? []
  }

  /** Whether the member is known to be down, or to have left. Steers requests; only a layout moves data. */
  isDown(id: string): boolean {
    const member = this.get(id)
    return member !== undefined && !takesPart(member)
  }

  /** Calls `listener` at each change of what is known of any member. Returns how to end that. */
  subscribe(listener: MembershipListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Says something new of this node. A field that is not there stays as it is; undefined takes it back. Returns the
   * revision from which on it is said; 0 before `begin`.
   */
  describe(description: SelfDescription): number {
    if (this.#swim === undefined) this.#description = { ...this.#description, ...description }
    else this.step({ kind: 'describe', description })
    return this.#swim?.self.revision ?? 0
  }

  /** Tells members at once what this node knows, and hears what they do. Resolves, never rejects, when each has answered or failed. */
  async tell(members: readonly Member[]): Promise<void> {
    await Promise.all(members.map(member => this.#exchangeWith(member)))
  }

  /** A connection to this node ended, or could not be made: it is probed at once. */
  lost(id: string): void {
    if (this.#swim !== undefined) this.step({ kind: 'lost', id })
  }

  /** Tells some members that this node leaves, and stops. */
  async leave(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#cancelTick?.()
    // A node that was refused never was one: its good-bye would be taken for that of the other under its id.
    if (this.#swim === undefined || this.#refused) return
    this.step({ kind: 'leave' })
    const others = this.members().filter(member => member.id !== this.selfId && takesPart(member))
    const chosen = shuffled(others, this.#options.random).slice(0, p.farewells)
    await Promise.all(chosen.map(member => this.#requests.farewell(member)))
  }

  /** Gives an event to the machine and does what it says. */
  step(event: SwimEvent): void {
    const swim = this.#begun()
    for (const action of swim.step(event, this.#options.clock.monotonicMs())) this.#act(action)
  }

  #begun(): Swim {
    if (this.#swim === undefined) throw new TorcError('UNAVAILABLE', 'this node is still starting')
    return this.#swim
  }

  #tickLater(): void {
    if (this.#stopped) return
    this.#cancelTick = this.#options.clock.after(p.tickMs, () => {
      this.step({ kind: 'tick' })
      this.#tickLater()
    })
  }

  #act(action: SwimAction): void {
    switch (action.kind) {
      case 'changed':
        this.#changed(action)
        return
      case 'incarnation':
        this.#options.storeIncarnation?.(action.incarnation)
        return
      case 'rival':
        this.#requests.onRival(action.member)
        return
    }
    if (this.#stopped) return
    switch (action.kind) {
      case 'probe':
        void this.#requests.probe(action.probe, action.member)
        return
      case 'probe-for':
        for (const relay of action.relays) void this.#requests.probeFor(relay, action)
        return
      case 'exchange':
        void this.#exchangeWith(action.member)
        return
      case 'join':
        void this.#join()
        return
    }
  }

  async #exchangeWith(member: Member): Promise<void> {
    const address = parseAddress(member.address)
    if (address !== undefined) await this.#requests.exchange({ address, member, fresh: !takesPart(member) })
  }

  /** Those that are known are found again by themselves. */
  async #join(): Promise<void> {
    const known = new Set(
      this.members()
        .filter(member => takesPart(member))
        .map(({ address }) => address),
    )
    const unknown = this.#options.join.filter(address => !known.has(formatAddress(address)))
    await Promise.all(
      unknown.map(address => this.#requests.exchange({ address, member: undefined, fresh: false })),
    )
  }

  #changed(change: MemberChange): void {
    const { member, previous } = change
    const id = member?.id ?? previous?.id
    if (id !== this.selfId && member?.state !== previous?.state) {
      const facts = { id, address: member?.address, state: member?.state ?? 'forgotten' }
      const by = member?.suspectedBy === undefined ? {} : { suspectedBy: member.suspectedBy }
      this.#options.log.info({ ...facts, ...by }, 'member changed')
    }
    for (const listener of this.#listeners) listener(change)
  }

  #refuse(error: TorcError): void {
    if (this.#stopped || this.#refused) return
    this.#refused = true
    this.#stopped = true
    this.#cancelTick?.()
    this.#options.onRefused(error)
  }
}
