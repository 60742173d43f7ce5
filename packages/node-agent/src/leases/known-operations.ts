import { blockPartition } from '@torc/cluster/ring/partition'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { BallotRows } from '../consensus/ballot-rows.js'
import type { Hints } from '../hints/hints.js'
import type { KeyIndex } from '../index/key-index.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { Intents } from './intents.js'
import type { Operation, OperationState } from './operation.js'

export interface KnownOperationsParts {
  readonly index: KeyIndex
  readonly intents: Intents
  readonly ballots: BallotRows
  readonly hints: Pick<Hints, 'lingers'>
  readonly layout: Pick<AgentLayout, 'partitions'>
  readonly hasher: Hasher
}

/** What this agent knows of an operation, for audits. The index shows only what is committed. */
export function stateOf(agent: KnownOperationsParts, operation: Operation): OperationState {
  const { index, intents, ballots, hints, layout, hasher } = agent
  const { bucketId, key, opId } = operation
  const known = index.find(bucketId, key)
  if (known !== undefined && index.versionOf(known, opId) !== undefined) {
    const partition = blockPartition(hasher.sha256(bucketId, key), layout.partitions)
    if (!hints.lingers(partition, known.id, bucketId)) return 'version'
  }
  // A proposal that may yet be chosen stands for its version as an intent does.
  return intents.has(operation) || ballots.hasUnlearned(operation, opId) ? 'intent' : 'none'
}
