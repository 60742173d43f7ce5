import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import { TorcError } from '@torc/protocol/errors'
import type { KeyName } from '../index/key-writer.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import { reachAgent } from '../membership/reach-agent.js'
import type { Examined, ExaminedName } from './remainder-keeper.js'

/** What an agent answered of some keys of one partition. */
export interface Survey {
  /** Collection number of the partition there. */
  readonly collection: number
  /** Of each key, in order. */
  readonly keys: readonly Examined[]
}

export interface Raised {
  /** The number afterwards: another one than was asked for, and somebody else is at it. */
  readonly collection: number
  readonly unchanged: readonly boolean[]
}

/** The other agents, as a collector asks them. All reject where the agent does not answer. */
export interface OtherRemainders {
  survey(agent: string, partition: number, keys: readonly KeyName[], signal: AbortSignal): Promise<Survey>
  raise(
    agent: string,
    partition: number,
    number: number,
    keys: readonly ExaminedName[],
    signal: AbortSignal,
  ): Promise<Raised>
  drop(
    agent: string,
    partition: number,
    number: number,
    keys: readonly ExaminedName[],
    signal: AbortSignal,
  ): Promise<void>
}

export interface PeerRemaindersParts {
  readonly layout: AgentLayout
  readonly membership: Pick<Membership, 'get' | 'isDown'>
  readonly peers: Pick<Peers, 'reach'>
  readonly clock: HybridClock
}

/** Patience with one agent, in milliseconds. */
const answerMs = 10_000

/** The other agents over the peers' connections. */
export class PeerRemainders implements OtherRemainders {
  readonly #parts: PeerRemaindersParts

  constructor(parts: PeerRemaindersParts) {
    this.#parts = parts
  }

  async survey(
    agent: string,
    partition: number,
    keys: readonly KeyName[],
    signal: AbortSignal,
  ): Promise<Survey> {
    const exchange = await this.#reach(agent)
    const asked = { ...this.#address(partition), keys: keys.map(named) }
    const { head } = await exchange.request('fetchRemainders', asked, { timeoutMs: answerMs, signal })
    this.#parts.clock.observe(head.time)
    return { collection: head.collection, keys: allOf(agent, keys, head.remainders) }
  }

  async raise(
    agent: string,
    partition: number,
    number: number,
    keys: readonly ExaminedName[],
    signal: AbortSignal,
  ): Promise<Raised> {
    const exchange = await this.#reach(agent)
    const asked = { ...this.#address(partition), collection: number, keys: keys.map(examined) }
    const { head } = await exchange.request('raiseCollection', asked, { timeoutMs: answerMs, signal })
    this.#parts.clock.observe(head.time)
    return { collection: head.collection, unchanged: allOf(agent, keys, head.unchanged) }
  }

  async drop(
    agent: string,
    partition: number,
    number: number,
    keys: readonly ExaminedName[],
    signal: AbortSignal,
  ): Promise<void> {
    const exchange = await this.#reach(agent)
    const asked = { ...this.#address(partition), collection: number, keys: keys.map(examined) }
    const { head } = await exchange.request('dropRemainders', asked, { timeoutMs: answerMs, signal })
    this.#parts.clock.observe(head.time)
  }

  #reach(agent: string) {
    return reachAgent(this.#parts.membership, this.#parts.peers, agent)
  }

  #address(partition: number) {
    const { layout, clock } = this.#parts
    return { epoch: layout.number, stage: layout.stage, time: clock.now(), partition }
  }
}

function named({ bucketId, key }: KeyName) {
  return { bucketId, key: Buffer.from(key).toString() }
}

function examined({ name, evidence }: ExaminedName) {
  return { ...named(name), evidence }
}

function allOf<T>(agent: string, keys: readonly unknown[], answers: readonly T[]): readonly T[] {
  if (answers.length === keys.length) return answers
  throw new TorcError('PROTOCOL', `${agent} answered for ${answers.length} of ${keys.length} keys`)
}
