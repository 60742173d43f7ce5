import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import { decodeProposal } from '@torc/cluster/consensus/proposal'
import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import { keyPartition } from '@torc/cluster/ring/partition'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { BallotRows, MovedRow } from '../consensus/ballot-rows.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import { reachAgent } from '../membership/reach-agent.js'
import { ownWrite } from '../repair/own-failure.js'

export interface BallotTakeoverParts {
  readonly rows: BallotRows
  readonly layout: AgentLayout
  readonly commit: GroupCommit
  readonly membership: Membership
  readonly peers: Pick<Peers, 'reach'>
  readonly clock: Clock
  readonly hybridClock: HybridClock
  readonly hasher: Hasher
}

/** Patience with an owner, of each step without progress, in milliseconds. */
const answerMs = 10_000

/** Takes over an old owner's votes on registers of keys, before the states of the keys (DESIGN §5, §6). */
export class BallotTakeover {
  readonly #parts: BallotTakeoverParts

  constructor(parts: BallotTakeoverParts) {
    this.#parts = parts
  }

  /** Resolves once all of these partitions' votes are on the disk; rejects where the owner does not tell them. */
  async from(agent: string, partitions: readonly number[], signal: AbortSignal): Promise<void> {
    const { rows, commit, membership, peers, clock, hybridClock, layout } = this.#parts
    const exchange = await reachAgent(membership, peers, agent)
    for (let from = 0; from < partitions.length; from += limits.treeRootsMax) {
      const part = partitions.slice(from, from + limits.treeRootsMax)
      const { number: epoch, stage } = layout
      const request = { epoch, stage, time: hybridClock.now(), partitions: part }
      const options = { timeoutMs: answerMs, signal }
      let isWhole = false
      for await (const { head, body } of exchange.fetch('fetchBallots', request, options)) {
        hybridClock.observe(head.time)
        const bytes = body === undefined ? null : await body.bytes(limits.storedInlineBytesMax)
        const row = this.#rowOf(agent, head, bytes, part)
        if (row === undefined) isWhole = true
        else await ownWrite(() => commit.submit(() => rows.take(row, clock.nowMs())))
      }
      if (!isWhole) throw new TorcError('PROTOCOL', `${agent} did not end its list of votes`)
    }
  }

  #rowOf(
    agent: string,
    { bucketId, key, replicas, promised, accepted, proposal, learned = false }: ResponseOf<'fetchBallots'>,
    body: Uint8Array | null,
    partitions: readonly number[],
  ): MovedRow | undefined {
    if (bucketId === undefined || key === undefined || promised === undefined) return undefined
    const { layout, hasher } = this.#parts
    const partition = keyPartition(hasher, bucketId, key, layout.partitions)
    if (!partitions.includes(partition))
      throw new TorcError('PROTOCOL', `${agent} gave a vote of another partition`)
    const name = { bucketId, key: Buffer.from(key), partition, replicas }
    if (accepted === undefined || proposal === undefined) return { name, promised, accepted: undefined }
    const decoded = decodeProposal(proposal, 'PROTOCOL')
    return { name, promised, accepted: { ballot: accepted, proposal: decoded, body, learned } }
  }
}
