import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import { hasPartition } from '@torc/cluster/ring/partition-bits'
import { TorcError } from '@torc/protocol/errors'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { Operation, OperationState } from '../leases/operation.js'
import { reachAgent } from '../membership/reach-agent.js'

/** What audits and releases need of other agents. Both reject where the agent does not answer. */
export interface OtherAgents {
  /**
   * What `agent` knows of the operations, in their order: as an owner of their keys, or as one that may hold something
   * for an owner.
   */
  ask(
    agent: string,
    operations: readonly Operation[],
    as: 'owner' | 'holder',
    signal: AbortSignal,
  ): Promise<OperationState[]>
  /** Members that say they hold hints of the partition, this agent and those excepted that are gone for good. */
  holdersOf(partition: number): readonly string[]
  /** Resolves once `agent` has it on its disk. */
  release(agent: string, operations: readonly Operation[], signal: AbortSignal): Promise<void>
}

export interface OtherAgentsParts {
  readonly layout: AgentLayout
  readonly membership: Pick<Membership, 'selfId' | 'get' | 'isDown' | 'members'>
  readonly peers: Pick<Peers, 'reach'>
  readonly clock: HybridClock
}

/** Patience with one agent, in milliseconds. */
const answerMs = 10_000

/** The other agents of the layout, over the peers' connections. */
export class PeerAgents implements OtherAgents {
  readonly #parts: OtherAgentsParts

  constructor(parts: OtherAgentsParts) {
    this.#parts = parts
  }

  async ask(
    agent: string,
    operations: readonly Operation[],
    as: 'owner' | 'holder',
    signal: AbortSignal,
  ): Promise<OperationState[]> {
    const { layout, clock, membership, peers } = this.#parts
    const exchange = await reachAgent(membership, peers, agent)
    const address = { epoch: layout.number, stage: layout.stage, time: clock.now() }
    const { head } = await exchange.request(
      'fetchOperations',
      { ...address, operations: operations.map(named), ...(as === 'holder' ? { asHolder: true } : {}) },
      { timeoutMs: answerMs, signal },
    )
    clock.observe(head.time)
    if (head.known.length !== operations.length)
      throw new TorcError('PROTOCOL', `${agent} answered for ${head.known.length} of ${operations.length}`)
    return head.known
  }

  holdersOf(partition: number): readonly string[] {
    const { layout, membership } = this.#parts
    return membership
      .members()
      .filter(({ id, hints }) => id !== membership.selfId && hasPartition(hints, partition))
      .filter(({ id }) => !layout.isGivenUp(id))
      .map(({ id }) => id)
  }

  async release(agent: string, operations: readonly Operation[], signal: AbortSignal): Promise<void> {
    const { clock, membership, peers } = this.#parts
    const exchange = await reachAgent(membership, peers, agent)
    const { head } = await exchange.request(
      'releaseOperations',
      { time: clock.now(), operations: operations.map(named) },
      { timeoutMs: answerMs, signal },
    )
    clock.observe(head.time)
  }
}

function named({ bucketId, key, opId }: Operation) {
  return { bucketId, key: Buffer.from(key).toString(), opId }
}
