import type { MembershipParameters } from './parameters.js'

type Limits = Pick<MembershipParameters, 'periodMs' | 'probeTimeoutMs'>

/** A probe under way. */
export interface Probe {
  readonly number: number
  readonly id: string
  /** The direct probe cannot succeed any more: nobody listens there. */
  refused: boolean
  /** Members that were asked to probe it and have not answered; undefined as long as none was asked. */
  relays: Set<string> | undefined
  readonly startedMs: number
  /** When others are asked, and when it has failed; moved by local health when it began. */
  readonly timeoutMs: number
  readonly endMs: number
}

/** Probes under way, at most one for each member (SWIM §3.1). Times are own times. */
export class Probes {
  readonly #limits: Limits
  readonly #byNumber = new Map<number, Probe>()
  readonly #byMember = new Map<string, Probe>()
  #last = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** `stretch`: 1 + local health score. */
  begin(id: string, stretch: number, nowMs: number): Probe {
    const { periodMs, probeTimeoutMs } = this.#limits
    const probe: Probe = {
      number: ++this.#last,
      id,
      refused: false,
      relays: undefined,
      startedMs: nowMs,
      timeoutMs: nowMs + probeTimeoutMs * stretch,
      endMs: nowMs + periodMs * stretch,
    }
    this.#byNumber.set(probe.number, probe)
    this.#byMember.set(id, probe)
    return probe
  }

  end(probe: Probe): void {
    this.#byNumber.delete(probe.number)
    if (this.#byMember.get(probe.id) === probe) this.#byMember.delete(probe.id)
  }

  /** Ends the one of this member, if there is one. */
  endOf(id: string): void {
    const probe = this.#byMember.get(id)
    if (probe !== undefined) this.end(probe)
  }

  find(number: number): Probe | undefined {
    return this.#byNumber.get(number)
  }

  isUnderWay(id: string): boolean {
    return this.#byMember.has(id)
  }

  all(): Probe[] {
    return [...this.#byNumber.values()]
  }
}
