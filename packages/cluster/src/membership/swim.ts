import type { Random } from '@torc/protocol/environment/random'
import { limits } from '@torc/protocol/limits'
import { Dissemination, timesToTell } from './dissemination.js'
import { LocalHealth } from './local-health.js'
import { bytesOfMember, inState, isWorse, type Member, type SelfDescription, takesPart } from './member.js'
import { type MemberChange, MemberTable } from './member-table.js'
import { OwnTime } from './own-time.js'
import { type MembershipParameters, membershipParameters } from './parameters.js'
import { ProbeOrder, shuffled } from './probe-order.js'
import { type Probe, Probes } from './probes.js'
import { suspicionMs } from './suspicion.js'
import type { SwimAction, SwimEvent } from './swim-events.js'

/** Two periods: what is left at least of a suspicion when a process goes on that had stood still. */
const leftAfterAbsence = 2

/**
 * Who is in the cluster: SWIM with Lifeguard's changes. Pure: all input is events with their monotonic time, all
 * output is actions, `members` and `newsFor`. Deadlines are in own time, so that a process that stood still blames
 * nobody for it.
 */
export class Swim {
  readonly #parameters: MembershipParameters
  readonly #random: Pick<Random, 'fraction'>
  readonly #table: MemberTable
  readonly #time: OwnTime
  readonly #health: LocalHealth
  readonly #probes: Probes
  readonly #order: ProbeOrder
  readonly #news = new Dissemination()
  /** Suspects, and since when this node knows. */
  readonly #suspicions = new Map<string, number>()
  /** Members to be probed before their turn, and when each was probed last. */
  readonly #urgent = new Set<string>()
  readonly #probedMs = new Map<string, number>()
  #nextProbeMs: number
  #nextExchangeMs: number
  #nextLostMemberMs: number
  #nextJoinMs: number

  constructor(
    self: Member,
    random: Pick<Random, 'fraction'>,
    nowMs: number,
    parameters: MembershipParameters = membershipParameters,
  ) {
    const p = parameters
    this.#parameters = p
    this.#random = random
    this.#table = new MemberTable(self, nowMs)
    this.#time = new OwnTime(nowMs, p.tickMs + p.tickToleranceMs)
    this.#health = new LocalHealth(p.healthMax)
    this.#probes = new Probes(p)
    this.#order = new ProbeOrder(random)
    // Nodes that start together do not march in step.
    this.#nextProbeMs = nowMs + p.periodMs * random.fraction()
    this.#nextExchangeMs = nowMs + p.exchangeMs * random.fraction()
    this.#nextLostMemberMs = nowMs + p.lostMemberMs * random.fraction()
    this.#nextJoinMs = nowMs + p.joinMs
    this.#news.add(self.id)
  }

  get self(): Member {
    return this.#table.self
  }

  get(id: string): Member | undefined {
    return this.#table.get(id)
  }

  /** Everyone known, this node too, sorted by id. */
  members(): Member[] {
    return this.#table.members()
  }

  /** 0 = well, up to `healthMax`. */
  get healthScore(): number {
    return this.#health.score
  }

  step(event: SwimEvent, nowMs: number): SwimAction[] {
    const actions: SwimAction[] = []
    const lostMs = this.#time.look(nowMs)
    if (lostMs >= this.#parameters.lagMs) this.#resume(lostMs, actions)
    switch (event.kind) {
      case 'tick':
        this.#tick(actions)
        break
      case 'news':
        for (const member of event.members) this.#hear(member, event.from, actions)
        break
      case 'table':
        for (const member of event.members) this.#hear(this.#doubted(member, event.from), event.from, actions)
        break
      case 'answered':
        this.#answered(event.probe)
        break
      case 'refused':
        this.#refused(event.probe, actions)
        break
      case 'relayed':
        this.#relayed(event.probe, event.relay, event.answered, actions)
        break
      case 'lost':
        if (!this.#probes.isUnderWay(event.id)) this.#urgent.add(event.id)
        this.#probeUrgent(actions)
        break
      case 'describe':
        this.#describe(event.description, actions)
        break
      case 'leave':
        this.#put(this.#table.put(inState(this.self, 'left'), this.#time.nowMs), actions)
        break
    }
    return actions
  }

  /** What to tell `receiver` on the next probe or answer; counts as told. */
  newsFor(receiver: string): Member[] {
    const told: Member[] = []
    let bytes = 0
    const accept = (id: string): boolean => {
      const member = this.#table.get(id)
      if (member === undefined || told.includes(member)) return true
      const size = bytesOfMember(member)
      if (told.length >= limits.memberChangesMax || bytes + size > limits.memberChangesBytesMax) return false
      bytes += size
      told.push(member)
      return true
    }
    // Who is suspected hears it first, as only it can refute it (Lifeguard §IV-C, "buddy system").
    const known = this.#table.get(receiver)
    if (known !== undefined && known.state !== 'alive' && receiver !== this.self.id) accept(receiver)
    this.#news.take(timesToTell(this.#parameters.retransmitFactor, this.#participants().length), accept)
    return told
  }

  /** What to tell in a full exchange: this node first, then as many of the others as fit. */
  fullTable(): Member[] {
    const all = [this.self, ...shuffled(this.members(), this.#random).filter(({ id }) => id !== this.self.id)]
    let bytes = 0
    return all.filter(member => {
      bytes += bytesOfMember(member)
      return bytes <= limits.membersBytesMax
    })
  }

  #participants(): Member[] {
    return this.#table.members().filter(takesPart)
  }

  /** Members that take part, this node not among them. */
  #others(): Member[] {
    return this.#participants().filter(({ id }) => id !== this.self.id)
  }

  #tick(actions: SwimAction[]): void {
    const nowMs = this.#time.nowMs
    for (const probe of this.#probes.all()) {
      if (probe.endMs <= nowMs) this.#failed(probe, actions)
      else if (probe.timeoutMs <= nowMs && probe.relays === undefined) this.#askOthers(probe, actions)
    }
    this.#endSuspicions(actions)
    for (const id of this.#suspicions.keys()) this.#urgent.add(id)
    this.#probeUrgent(actions)
    const others = this.#others()
    if (this.#nextProbeMs <= nowMs) {
      const id = this.#order.next(others.map(member => member.id))
      if (id !== undefined && !this.#probes.isUnderWay(id)) this.#probe(id, actions)
      this.#nextProbeMs = nowMs + this.#health.stretched(this.#parameters.periodMs)
    }
    this.#keepTogether(others, actions)
    for (const change of this.#table.forget(this.#parameters.forgetMs, nowMs)) this.#put(change, actions)
  }

  /** Full exchanges now and then: they heal what news missed, and find again who was given up. */
  #keepTogether(others: readonly Member[], actions: SwimAction[]): void {
    const nowMs = this.#time.nowMs
    const p = this.#parameters
    const alone = others.length === 0
    const [other] = shuffled(others, this.#random)
    if (this.#nextExchangeMs <= nowMs) {
      this.#nextExchangeMs = nowMs + p.exchangeMs * (0.9 + 0.2 * this.#random.fraction())
      if (other !== undefined) actions.push({ kind: 'exchange', member: other })
    }
    if (this.#nextLostMemberMs <= nowMs) {
      this.#nextLostMemberMs = nowMs + (alone ? p.joinMs : p.lostMemberMs)
      const gone = this.#table.members().filter(member => this.#mayComeBack(member))
      const [lost] = shuffled(gone, this.#random)
      if (lost !== undefined) actions.push({ kind: 'exchange', member: lost })
    }
    if (this.#nextJoinMs <= nowMs) {
      this.#nextJoinMs = nowMs + (alone ? p.joinMs : p.strangersMs)
      actions.push({ kind: 'join' })
    }
  }

  #mayComeBack(member: Member): boolean {
    if (member.id === this.self.id || takesPart(member)) return false
    return member.role === 'agent' || member.state === 'down'
  }

  #probe(id: string, actions: SwimAction[]): void {
    const member = this.#table.get(id)
    this.#urgent.delete(id)
    if (member === undefined) return
    const probe = this.#probes.begin(id, 1 + this.#health.score, this.#time.nowMs)
    this.#probedMs.set(id, probe.startedMs)
    // As long as it lasts: who knows better by now, the suspect above all, hears of it and says so.
    if (member.state === 'suspect') this.#news.add(id)
    actions.push({ kind: 'probe', probe: probe.number, member })
  }

  /** Each at most once in a period. */
  #probeUrgent(actions: SwimAction[]): void {
    for (const id of [...this.#urgent]) {
      const member = this.#table.get(id)
      if (member === undefined || !takesPart(member) || id === this.self.id) this.#urgent.delete(id)
      else if (!this.#probes.isUnderWay(id)) {
        const lastMs = this.#probedMs.get(id)
        if (lastMs === undefined || this.#time.nowMs - lastMs >= this.#parameters.periodMs)
          this.#probe(id, actions)
      }
    }
  }

  #answered(number: number): void {
    const probe = this.#probes.find(number)
    if (probe === undefined) return
    this.#probes.end(probe)
    this.#health.better()
  }

  #refused(number: number, actions: SwimAction[]): void {
    const probe = this.#probes.find(number)
    if (probe === undefined || probe.refused) return
    probe.refused = true
    if (probe.relays === undefined) this.#askOthers(probe, actions)
    this.#failEarly(probe, actions)
  }

  #askOthers(probe: Probe, actions: SwimAction[]): void {
    const member = this.#table.get(probe.id)
    if (member === undefined) return
    const able = this.#others().filter(({ id, state }) => id !== probe.id && state === 'alive')
    const relays = shuffled(able, this.#random).slice(0, this.#parameters.indirectProbes)
    probe.relays = new Set(relays.map(({ id }) => id))
    if (relays.length === 0) return
    const leftMs = Math.max(1, probe.endMs - this.#time.nowMs) * this.#parameters.indirectShare
    const timeoutMs = Math.max(1, Math.round(Math.min(leftMs, limits.probeForMsMax)))
    actions.push({ kind: 'probe-for', probe: probe.number, member, relays, timeoutMs })
  }

  #relayed(number: number, relay: string, answered: boolean, actions: SwimAction[]): void {
    const probe = this.#probes.find(number)
    if (probe === undefined) return
    if (answered) {
      this.#probes.end(probe)
      return
    }
    probe.relays?.delete(relay)
    this.#failEarly(probe, actions)
  }

  /** Nobody listens there, and everyone asked says the same: there is nothing left to wait for. */
  #failEarly(probe: Probe, actions: SwimAction[]): void {
    if (probe.refused && probe.relays?.size === 0) this.#failed(probe, actions)
  }

  #failed(probe: Probe, actions: SwimAction[]): void {
    this.#probes.end(probe)
    // Nobody answered at all, not even "no": the fault may be here (Lifeguard §IV-A: missed nacks).
    const silent = probe.relays === undefined || probe.relays.size > 0
    if (silent || (!probe.refused && this.#others().length < 2)) this.#health.worse()
    const member = this.#table.get(probe.id)
    if (member === undefined || !takesPart(member)) return
    const suspect = inState(member, 'suspect', [this.self.id])
    const change = this.#table.hear(suspect, this.#time.nowMs)
    if (change !== undefined) this.#put(change, actions)
  }

  #endSuspicions(actions: SwimAction[]): void {
    const nowMs = this.#time.nowMs
    const members = this.#participants().length
    for (const [id, sinceMs] of [...this.#suspicions]) {
      const member = this.#table.get(id)
      if (member?.state !== 'suspect') continue
      if (nowMs - sinceMs < suspicionMs(members, member.suspectedBy?.length ?? 0, this.#parameters)) continue
      this.#put(this.#table.put(inState(member, 'down'), nowMs), actions)
    }
  }

  /** What a peer holds for down and this node does not is suspected first: it may only not have heard yet. */
  #doubted(heard: Member, from: string): Member {
    const known = this.#table.get(heard.id)
    if (heard.state !== 'down' || heard.id === this.self.id || known === undefined || !takesPart(known))
      return heard
    return inState(heard, 'suspect', [from])
  }

  #hear(heard: Member, from: string, actions: SwimAction[]): void {
    if (heard.id === this.self.id) {
      this.#hearOfSelf(heard, from, actions)
      return
    }
    const change = this.#table.hear(heard, this.#time.nowMs)
    if (change !== undefined) this.#put(change, actions)
    else if (isOutdated(heard, this.#table.get(heard.id))) this.#news.add(heard.id)
  }

  /** Someone thinks that this node is not alive, or knows a higher incarnation (of before a lost disk). */
  #hearOfSelf(heard: Member, from: string, actions: SwimAction[]): void {
    const mine = this.self
    if (isOutdated(heard, mine)) this.#news.add(mine.id)
    if (heard.incarnation < mine.incarnation) return
    if (heard.address !== mine.address && takesPart(heard)) actions.push({ kind: 'rival', member: heard })
    const contradicted = isWorse(heard.state, mine.state)
    const unknownWords = (heard.revision ?? 0) > (mine.revision ?? 0)
    if (heard.incarnation === mine.incarnation && !contradicted && !unknownWords) return
    const incarnation = heard.incarnation + 1
    const revision = Math.max(heard.revision ?? 0, mine.revision ?? 0)
    actions.push({ kind: 'incarnation', incarnation })
    const refuted = { ...mine, incarnation, ...(revision > 0 ? { revision } : {}) }
    this.#put(this.#table.put(refuted, this.#time.nowMs), actions)
    if (!contradicted) return
    this.#health.worse()
    const teller = this.#table.get(from)
    // Who was given up is probed by nobody: it brings itself back, and learns what it missed.
    if (isWorse(heard.state, 'suspect') && teller !== undefined && from !== mine.id)
      actions.push({ kind: 'exchange', member: teller })
  }

  #describe(description: SelfDescription, actions: SwimAction[]): void {
    const { hints: oldHints, restored: oldRestored, records: oldRecords, revision = 0, ...rest } = this.self
    const hints = 'hints' in description ? description.hints : oldHints
    const restored = 'restored' in description ? description.restored : oldRestored
    const records = 'records' in description ? description.records : oldRecords
    const same = (restored ?? false) === (oldRestored ?? false) && records === oldRecords
    if (same && sameBytes(hints, oldHints)) return
    const self: Member = { ...rest, revision: revision + 1 }
    if (hints !== undefined) self.hints = hints
    if (restored === true) self.restored = true
    if (records !== undefined) self.records = records
    this.#put(this.#table.put(self, this.#time.nowMs), actions)
  }

  /**
   * This process stood still, and what others said meanwhile is still to be read: probes begin anew, suspicions go on
   * for a while at least.
   */
  #resume(lostMs: number, actions: SwimAction[]): void {
    const nowMs = this.#time.nowMs
    const p = this.#parameters
    this.#health.worse()
    for (const probe of this.#probes.all()) {
      this.#probes.end(probe)
      this.#probe(probe.id, actions)
    }
    const members = this.#participants().length
    for (const [id, sinceMs] of this.#suspicions) {
      const lastsMs = suspicionMs(members, this.#table.get(id)?.suspectedBy?.length ?? 0, p)
      this.#suspicions.set(id, Math.max(sinceMs, nowMs + leftAfterAbsence * p.periodMs - lastsMs))
    }
    if (lostMs >= p.longAbsenceMs) this.#nextExchangeMs = nowMs
  }

  /** Takes note of a change: it is told on, and what it means for probes and suspicions is done. */
  #put(change: MemberChange, actions: SwimAction[]): void {
    const { member, previous } = change
    actions.push({ kind: 'changed', ...change })
    const id = member?.id ?? previous?.id ?? ''
    if (member === undefined) this.#news.forget(id)
    else this.#news.add(id)
    if (id === this.self.id) return
    if (member?.state === 'suspect') {
      const goesOn = previous?.state === 'suspect' && previous.incarnation === member.incarnation
      if (!goesOn || !this.#suspicions.has(id)) this.#suspicions.set(id, this.#time.nowMs)
      // Everyone who hears of it looks for itself: that confirms it soon, or brings the refutation.
      this.#urgent.add(id)
    } else this.#suspicions.delete(id)
    // It has spoken since the probe began, though not to this node.
    if (member?.state === 'alive') this.#probes.endOf(id)
    if (member !== undefined && takesPart(member)) {
      if (previous === undefined || !takesPart(previous)) this.#order.add(id)
    } else this.#probedMs.delete(id)
  }
}

/** The teller has not heard that the member refuted this: the refutation must go round once more. */
function isOutdated(heard: Member, known: Member | undefined): boolean {
  return known !== undefined && heard.incarnation < known.incarnation && heard.state !== 'alive'
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
