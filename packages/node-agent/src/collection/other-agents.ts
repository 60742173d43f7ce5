import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import { TorcError } from '@torc/protocol/errors'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { Operation, OperationState } from '../leases/operation.js'
import { reachAgent, settledStage } from '../membership/reach-agent.js'

/** What audits and releases need of other agents. Both reject where the agent does not answer. */
export interface OtherAgents {
  /** What `agent` knows of the operations, in their order. */
  ask(agent: string, operations: readonly Operation[], signal: AbortSignal): Promise<OperationState[]>
  /** Resolves once `agent` has it on its disk. */
  release(agent: string, operations: readonly Operation[], signal: AbortSignal): Promise<void>
}

export interface OtherAgentsParts {
  readonly layout: AgentLayout
  readonly membership: Membership
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

  async ask(agent: string, operations: readonly Operation[], signal: AbortSignal): Promise<OperationState[]> {
    const { layout, clock, membership, peers } = this.#parts
    const exchange = await reachAgent(membership, peers, agent)
    const address = { epoch: layout.number, stage: settledStage, time: clock.now() }
    const { head } = await exchange.request(
      'fetchOperations',
      { ...address, operations: operations.map(named) },
      { timeoutMs: answerMs, signal },
    )
    clock.observe(head.time)
    if (head.known.length !== operations.length)
      throw new TorcError('PROTOCOL', `${agent} answered for ${head.known.length} of ${operations.length}`)
    return head.known
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
