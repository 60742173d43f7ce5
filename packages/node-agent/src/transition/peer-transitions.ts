import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import type { TransitionReport } from '@torc/cluster/transition/advance'
import { stageOf } from '@torc/cluster/transition/stage'
import { TorcError } from '@torc/protocol/errors'
import type { SentLayout } from '../layout/agent-layout.js'
import { reachAgent } from '../membership/reach-agent.js'

/** What an agent tells of its part in a transition. */
export interface PeerReport extends TransitionReport {
  /** Partitions of which it may hold what it was relieved of. */
  readonly leftovers: number
  /** Layout under whose agents its counters were leased last; 0 for none since its start. */
  readonly leasedUnder: number
  /** A bit for each partition of which it is no source for new owners. */
  readonly lacking: Uint8Array | undefined
}

/** What a transition needs of other agents. All reject where the agent does not answer. */
export interface OtherParts {
  /** Whether it is likely to answer, and takes part. */
  isAlive(agent: string): boolean
  /** Whether it is believed to be gone, or takes no part. */
  isDown(agent: string): boolean
  report(agent: string, signal: AbortSignal): Promise<PeerReport>
  /** Its layout; undefined where it has none. */
  layout(agent: string, signal: AbortSignal): Promise<SentLayout | undefined>
  /** Brings it a layout. */
  send(agent: string, layout: SentLayout, signal: AbortSignal): Promise<void>
}

/** Patience with one agent, in milliseconds. */
const answerMs = 5_000

/** The other agents, over the peers' connections. */
export class PeerTransitions implements OtherParts {
  readonly #membership: Membership
  readonly #peers: Pick<Peers, 'reach'>

  constructor(membership: Membership, peers: Pick<Peers, 'reach'>) {
    this.#membership = membership
    this.#peers = peers
  }

  isAlive(agent: string): boolean {
    const member = this.#membership.get(agent)
    return member?.state === 'alive' && member.restored !== true
  }

  isDown(agent: string): boolean {
    const member = this.#membership.get(agent)
    return member === undefined || member.restored === true || this.#membership.isDown(agent)
  }

  async report(agent: string, signal: AbortSignal): Promise<PeerReport> {
    const exchange = await this.#reach(agent)
    for await (const { head } of exchange.fetch('fetchTransition', {}, { timeoutMs: answerMs, signal })) {
      const { number, stage, unsynced, lacking, leftovers, leasedUnder } = head
      return { number, stage: stageOf(stage), unsynced, lacking, leftovers, leasedUnder }
    }
    throw new TorcError('PROTOCOL', `${agent} did not say how far it is`)
  }

  async layout(agent: string, signal: AbortSignal): Promise<SentLayout | undefined> {
    const exchange = await this.#reach(agent)
    for await (const { head } of exchange.fetch('fetchEpoch', {}, { timeoutMs: answerMs, signal })) {
      const { epoch, ...rest } = head
      return epoch === undefined ? undefined : { record: epoch, ...rest }
    }
    return undefined
  }

  async send(agent: string, layout: SentLayout, signal: AbortSignal): Promise<void> {
    const exchange = await this.#reach(agent)
    const { record, previous, stage } = layout
    const head = { epoch: record, ...(previous && { previous }), ...(stage === undefined ? {} : { stage }) }
    await exchange.request('putEpoch', head, { timeoutMs: answerMs, signal })
  }

  #reach(agent: string) {
    return reachAgent(this.#membership, this.#peers, agent)
  }
}
