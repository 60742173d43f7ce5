import { blockPartition } from '@torc/cluster/ring/partition'
import { stages } from '@torc/cluster/transition/stage'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest } from '@torc/protocol/exchange/exchange'
import type { KeyName } from '../index/key-writer.js'
import type { AgentContext } from './agent-context.js'

/** The fields that every request on a key has. */
export interface KeyAddress {
  readonly epoch: number
  readonly stage: number
  readonly time: number
  readonly bucketId: Uint8Array
  readonly key: string
  readonly replicas?: number
}

/** A write's key, and the owners that this agent keeps a hint for. */
export interface WrittenKey {
  readonly name: KeyName
  readonly targets: readonly string[]
}

/**
 * Checks that the request was addressed under this agent's layout to an owner, and takes over the sender's clock.
 * STALE_EPOCH, NO_LAYOUT or NOT_OWNER otherwise.
 */
export function addressedKey(agent: AgentContext, head: KeyAddress): KeyName {
  const name = named(agent, head)
  agent.layout.checkOwner(name.partition)
  return name
}

/** What a read says beside the key. */
type ReadAddress = KeyAddress & { readonly asHolder?: boolean }

/**
 * The same for a read by an owner that is read at this stage, and has taken over what it owns. `asHolder` may ask any
 * agent: one that has nothing of the key says so. What agents read of each other is no answer to anybody: of them any
 * owner is asked, and who was relieved of the key.
 */
export function readKey(agent: AgentContext, { head, peer }: { head: ReadAddress; peer: Peer }): KeyName {
  const name = named(agent, head)
  if (head.asHolder === true) return name
  if (peer.role === 'agent') agent.layout.checkHolder(name.partition)
  else agent.layout.checkReader(name.partition, head.stage, replicasOf(agent, head))
  return name
}

/**
 * The same for a vote on a key's register. While the layout changes a majority of the old owners votes too; then only who
 * has taken over what was voted before.
 */
export function votedKey(agent: AgentContext, head: KeyAddress): KeyName {
  const name = addressedKey(agent, head)
  if (head.stage === stages.settled)
    agent.layout.checkReader(name.partition, head.stage, replicasOf(agent, head))
  return name
}

/** The same for what agents ask each other about operations: every owner is asked, in any stage. */
export function operationKey(agent: AgentContext, head: ReadAddress): KeyName {
  return head.asHolder === true ? named(agent, head) : addressedKey(agent, head)
}

type Peer = IncomingRequest<'fetchKey'>['peer']

/** How many owners hold what is in a bucket, where it is known. */
export function replicasOf(
  agent: AgentContext,
  { bucketId, replicas }: Pick<KeyAddress, 'bucketId' | 'replicas'>,
): number | undefined {
  return replicas ?? agent.replicasOf(bucketId)
}

/** The same for a write that names the owners that are down: another agent than an owner may take it for them. */
export function writtenKey(agent: AgentContext, head: KeyAddress & StandsIn): WrittenKey {
  const name = named(agent, head)
  return { name, targets: hintTargets(agent, name.partition, head.hintFor) }
}

export interface StandsIn {
  readonly hintFor?: readonly string[]
}

/**
 * The owners of a partition that this agent is to keep a hint for; none where it owns the partition itself. NOT_OWNER
 * where there is nobody to stand in for, or it takes no part in the layout: audits ask each agent that does for what it
 * holds (`audit-worker.ts`). BAD_REQUEST for one that does not own the partition.
 */
export function hintTargets(
  { layout }: AgentContext,
  partition: number,
  hintFor: readonly string[] = [],
): readonly string[] {
  if (layout.owns(partition)) return []
  if (hintFor.length === 0) layout.checkOwner(partition)
  layout.checkMember()
  const owners = layout.ownersOf(partition)
  for (const target of hintFor) {
    if (!owners.includes(target))
      throw new TorcError(
        'BAD_REQUEST',
        `\`hintFor\` names ${target}, which does not own partition ${partition}`,
      )
  }
  return [...new Set(hintFor)]
}

/** Of some blocks, each of which has owners of its own among those that are named. NOT_OWNER where one has none. */
export function blockTargets(
  agent: AgentContext,
  hashes: readonly Uint8Array[],
  hintFor: readonly string[] = [],
): (readonly string[])[] {
  const { layout } = agent
  return hashes.map(hash => {
    const partition = blockPartition(hash, layout.partitions)
    const owners = layout.ownersOf(partition)
    return hintTargets(
      agent,
      partition,
      hintFor.filter(target => owners.includes(target)),
    )
  })
}

/** Inside the transaction of a write to the key: each of the targets lacks something of its state. */
export function keepHint(
  { hints, index }: AgentContext,
  name: KeyName,
  targets: readonly string[],
  bytes: number,
): void {
  if (targets.length === 0) return
  const row = index.rows.find(name.bucketId, name.key)
  // A merge of nothing into a key that is not known makes no row.
  if (row !== undefined) hints.keys.note(name, row.id, targets, bytes)
}

/** What the answer to a write tells of the hints that it left. */
export function hintAnswer({ hints }: AgentContext, targets: readonly string[]): { hints?: number } {
  return targets.length === 0 ? {} : { hints: hints.partitions.revision }
}

function named(agent: AgentContext, head: KeyAddress): KeyName {
  const { layout } = agent
  agent.clock.observe(head.time)
  layout.checkEpoch(head.epoch, head.stage)
  const { bucketId, replicas } = head
  const key = Buffer.from(head.key)
  const hash = agent.hasher.sha256(bucketId, key)
  const partition = blockPartition(hash, layout.partitions)
  return { bucketId, key, partition, hash, replicas }
}
