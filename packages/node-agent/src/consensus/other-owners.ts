import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Ballot } from '@torc/cluster/consensus/ballot'
import { decodeProposal, encodeProposal, type Proposal } from '@torc/cluster/consensus/proposal'
import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import type { KeyName } from '../index/key-writer.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import { reachAgent } from '../membership/reach-agent.js'
import type { AcceptedProposal } from './ballot-rows.js'

/** The other owners of a key, as a proposer asks them. All reject where the owner does not answer. */
export interface OtherOwners {
  /** What the owner promised (above `ballot`: refused), and what it accepted last. */
  prepare(owner: string, name: KeyName, ballot: Ballot, signal: AbortSignal): Promise<OwnersPromise>
  /** The highest ballot that the owner has promised: above `ballot`, it refused. */
  accept(
    owner: string,
    name: KeyName,
    ballot: Ballot,
    proposal: Proposal,
    body: Uint8Array | null,
    signal: AbortSignal,
  ): Promise<Ballot>
  learn(owner: string, name: KeyName, ballot: Ballot, signal: AbortSignal): Promise<void>
}

export interface OwnersPromise {
  readonly promised: Ballot
  readonly accepted: AcceptedProposal | undefined
}

export interface OtherOwnersParts {
  readonly layout: AgentLayout
  readonly membership: Pick<Membership, 'get' | 'isDown'>
  readonly peers: Pick<Peers, 'reach'>
  readonly clock: HybridClock
}

/** Patience with one owner, in milliseconds. */
const answerMs = 5_000

/** Owners over the peers' connections. */
export class PeerOwners implements OtherOwners {
  readonly #parts: OtherOwnersParts

  constructor(parts: OtherOwnersParts) {
    this.#parts = parts
  }

  async prepare(owner: string, name: KeyName, ballot: Ballot, signal: AbortSignal): Promise<OwnersPromise> {
    const exchange = await this.#reach(owner)
    const { head, body } = await exchange.request('prepare', this.#address(name, ballot), {
      timeoutMs: answerMs,
      signal,
    })
    const bytes = await inlineBytes(body)
    this.#parts.clock.observe(head.time)
    const { promised, accepted, proposal, learned = false } = head
    if (accepted === undefined || proposal === undefined) return { promised, accepted: undefined }
    return {
      promised,
      accepted: { ballot: accepted, proposal: decodeProposal(proposal), body: bytes, learned },
    }
  }

  async accept(
    owner: string,
    name: KeyName,
    ballot: Ballot,
    proposal: Proposal,
    body: Uint8Array | null,
    signal: AbortSignal,
  ): Promise<Ballot> {
    const exchange = await this.#reach(owner)
    const { head } = await exchange.request(
      'accept',
      { ...this.#address(name, ballot), proposal: encodeProposal(proposal) },
      { body: body === null || body.length === 0 ? undefined : [body], timeoutMs: answerMs, signal },
    )
    this.#parts.clock.observe(head.time)
    return head.promised
  }

  async learn(owner: string, name: KeyName, ballot: Ballot, signal: AbortSignal): Promise<void> {
    const exchange = await this.#reach(owner)
    const options = { timeoutMs: answerMs, signal }
    const { head } = await exchange.request('learn', this.#address(name, ballot), options)
    this.#parts.clock.observe(head.time)
  }

  #reach(owner: string) {
    return reachAgent(this.#parts.membership, this.#parts.peers, owner)
  }

  #address({ bucketId, key, replicas }: KeyName, ballot: Ballot) {
    const { layout, clock } = this.#parts
    return {
      ...{ epoch: layout.number, stage: layout.stage, time: clock.now() },
      ...{ bucketId, key: Buffer.from(key).toString(), ballot },
      ...(replicas === undefined ? {} : { replicas }),
    }
  }
}

/** The body of an answer; null where there is none. */
async function inlineBytes(body: IncomingBody | undefined): Promise<Uint8Array | null> {
  if (body === undefined) return null
  return body.inline === undefined
    ? await body.bytes(limits.storedInlineBytesMax)
    : Buffer.concat(body.inline)
}
