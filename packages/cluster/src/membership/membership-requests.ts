import type { ErrorCode } from '@torc/protocol/errors'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import { formatAddress, parseAddress } from '@torc/protocol/transport/transport'
import type { Member } from './member.js'
import { type Contact, contactOf, type MembershipOptions } from './membership-options.js'
import { membershipParameters as p } from './parameters.js'
import type { Swim } from './swim.js'
import type { SwimAction, SwimEvent } from './swim-events.js'

/** The machine as those see it who bring it events. */
export interface SwimAccess {
  readonly swim: () => Swim
  readonly step: (event: SwimEvent) => void
}

/** Errors that this side makes, or that say that another node listens there: anything else is an answer. */
const noAnswer = new Set<ErrorCode>(['UNREACHABLE', 'TIMEOUT', 'CANCELLED', 'DENIED', 'PROTOCOL', 'CONFIG'])

/** Probes and full exchanges on their way to other nodes. None of its promises rejects. */
export class MembershipRequests {
  readonly #options: MembershipOptions
  readonly #access: SwimAccess & { readonly refuse: (error: TorcError) => void }
  /** Addresses of exchanges that are under way. */
  readonly #busy = new Set<string>()
  /** Addresses that refused this node, and until when they are left alone. */
  readonly #refusedUntilMs = new Map<string, number>()
  readonly #rivals = new Set<string>()
  #joined = false

  constructor(
    options: MembershipOptions,
    access: SwimAccess & { readonly refuse: (error: TorcError) => void },
  ) {
    this.#options = options
    this.#access = access
  }

  async probe(probe: number, member: Member): Promise<void> {
    try {
      await this.ask(contactOf(member), member.id)
      this.#access.step({ kind: 'answered', probe })
    } catch (thrown) {
      const { code, message } = TorcError.from(thrown)
      this.#options.log.debug({ peer: member.id, code, error: message }, 'probe failed')
      if (!noAnswer.has(code)) this.#access.step({ kind: 'answered', probe })
      // Silence is for the machine to judge, which knows how long this process was there to listen.
      else if (code !== 'TIMEOUT') this.#access.step({ kind: 'refused', probe })
    }
  }

  /** Probes a node and takes in its news. Rejects where it does not answer as `id`. */
  async ask(contact: Contact, id: string): Promise<void> {
    const exchange = await this.#options.reach(contact)
    try {
      await this.#askOver(exchange, id)
    } catch (thrown) {
      // A connection that breaks says nothing of the node: whether it takes another one does.
      if (TorcError.from(thrown).code !== 'UNREACHABLE' || exchange.open) throw thrown
      await this.#askOver(await this.#options.reach(contact), id)
    }
  }

  async #askOver(exchange: Exchange, id: string): Promise<void> {
    if (exchange.peer.id !== id)
      throw new TorcError('UNREACHABLE', `${exchange.peer.address} is ${exchange.peer.id} now, not ${id}`)
    const changes = this.#access.swim().newsFor(id)
    const head = { changes, epoch: this.#options.epoch() }
    const { head: answer } = await exchange.request('probe', head, { timeoutMs: p.probeRequestMs })
    this.#options.onAnswer?.(exchange.peer)
    this.#access.step({ kind: 'news', from: id, members: answer.changes })
    this.#compareEpochs(exchange, answer.epoch)
  }

  async probeFor(relay: Member, action: Extract<SwimAction, { kind: 'probe-for' }>): Promise<void> {
    const { probe, member, timeoutMs } = action
    try {
      const exchange = await this.#options.reach(contactOf(relay))
      const head = { id: member.id, address: member.address, patienceMs: timeoutMs }
      const { head: answer } = await exchange.request('probeFor', head, { timeoutMs: p.probeRequestMs })
      this.#access.step({ kind: 'relayed', probe, relay: relay.id, answered: answer.answered })
    } catch (thrown) {
      const { code } = TorcError.from(thrown)
      this.#options.log.debug({ relay: relay.id, peer: member.id, code }, 'no word of an indirect probe')
    }
  }

  async farewell(member: Member): Promise<void> {
    try {
      const exchange = await this.#options.reach(contactOf(member))
      const head = { changes: [this.#access.swim().self], epoch: this.#options.epoch() }
      await exchange.request('probe', head, { timeoutMs: p.farewellMs })
    } catch (thrown) {
      this.#options.log.debug({ peer: member.id, code: TorcError.from(thrown).code }, 'no farewell')
    }
  }

  /** Full exchange of what both know. The first one announces this node. */
  async exchange(contact: Contact): Promise<void> {
    const name = formatAddress(contact.address)
    const { clock, reach, epoch, onAnswer } = this.#options
    if (this.#busy.has(name) || (this.#refusedUntilMs.get(name) ?? 0) > clock.monotonicMs()) return
    this.#busy.add(name)
    try {
      const exchange = await reach(contact)
      const joining = this.#joined ? {} : { joining: true }
      const head = { members: this.#access.swim().fullTable(), epoch: epoch(), ...joining }
      const { head: answer } = await exchange.request('gossip', head, { timeoutMs: p.exchangeRequestMs })
      this.#refusedUntilMs.delete(name)
      if (exchange.peer.id === this.#access.swim().self.id) return
      this.#joined = true
      onAnswer?.(exchange.peer)
      this.#access.step({ kind: 'table', from: exchange.peer.id, members: answer.members })
      this.#compareEpochs(exchange, answer.epoch)
    } catch (thrown) {
      this.#exchangeFailed(contact, name, TorcError.from(thrown))
    } finally {
      this.#busy.delete(name)
    }
  }

  /** Asks the peer for its layout's number and what it knows by and by, as it is not known here. */
  meet(peer: { readonly id: string; readonly address: string }): void {
    const address = parseAddress(peer.address)
    if (address !== undefined) void this.exchange({ address, member: undefined, fresh: false })
  }

  /** Another process says that it has this node's id. Which one should end is for people to say. */
  onRival({ id, address }: Member): void {
    if (this.#rivals.has(address)) return
    this.#rivals.add(address)
    this.#options.log.error({ id, address }, 'another process uses the id of this node: stop one of the two')
  }

  #exchangeFailed(contact: Contact, name: string, error: TorcError): void {
    const { code, message, hint } = error
    const { log, clock } = this.#options
    if (code === 'CONFLICT' && !this.#joined) {
      this.#access.refuse(error)
      return
    }
    const facts = { peer: contact.member?.id ?? name, address: name, code }
    if (code !== 'DENIED' && code !== 'CONFIG' && code !== 'PROTOCOL') {
      log.debug(facts, 'full exchange failed')
      return
    }
    // Another cluster, or no Torc at all: that does not mend itself, and whoever started this must hear of it, once.
    if (!this.#refusedUntilMs.has(name))
      log.warn({ ...facts, hint }, `cannot join at ${name}, which belongs elsewhere: ${message}`)
    this.#refusedUntilMs.set(name, clock.monotonicMs() + p.refusedMs)
  }

  #compareEpochs(exchange: Exchange, epoch: number): void {
    if (epoch !== this.#options.epoch()) this.#options.onOtherEpoch(exchange, epoch)
  }
}
