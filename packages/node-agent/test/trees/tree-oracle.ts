import { decodeSummary } from '@torc/cluster/state/key-summary'
import { HashTree } from '@torc/cluster/trees/hash-tree'
import { keyEntry, referenceEntry } from '@torc/cluster/trees/tree-entry'
import { slotOf, treePosition } from '@torc/cluster/trees/tree-shape'
import { systemHasher } from '@torc/protocol/environment/system'
import type { SqlDatabase } from '../../src/disk/disk.js'
import type { AgentTrees } from '../../src/trees/agent-trees.js'

interface Shape {
  readonly partitions: number
  readonly replicas: number
}

interface Row {
  readonly bucket: Uint8Array
  readonly key: Uint8Array
  readonly summary: Uint8Array
  readonly position: number
  readonly hash: Uint8Array
  readonly opId: Uint8Array
}

/** What is wrong with an agent's trees, judged by the rows alone; nothing where they are as they must be. */
export function treeProblems(
  database: SqlDatabase,
  trees: AgentTrees,
  shape: Shape,
  replicasOf: (bucketId: Uint8Array) => number = () => 64,
): string[] {
  const keys = new HashTree(shape.partitions)
  const blocks = new HashTree(shape.partitions)
  const problems: string[] = []
  for (const { bucket, key, summary, position } of database.prepare('SELECT * FROM keys').all() as Row[]) {
    const hash = systemHasher.sha256(bucket, key)
    if (treePosition(hash) !== position) problems.push(`${key} is at ${position}`)
    const slot = slotOf(treePosition(hash), shape.partitions)
    keys.toggle(replicasOf(bucket), slot, keyEntry(hash, decodeSummary(summary).digest))
  }
  const references = database.prepare(
    `SELECT hash, bucket, key, op_id AS opId FROM lease_blocks
     JOIN leases ON leases.id = lease_id JOIN blocks ON blocks.id = block_id WHERE length(key) > 0`,
  )
  for (const { hash, bucket, key, opId } of references.all() as Row[]) {
    const slot = slotOf(treePosition(hash), shape.partitions)
    blocks.toggle(replicasOf(bucket), slot, referenceEntry(hash, { bucketId: bucket, key, opId }))
  }
  for (const [kind, tree] of [['keys', keys] as const, ['blocks', blocks] as const]) {
    for (let partition = 0; partition < shape.partitions; partition++) {
      for (let rank = 0; rank < shape.replicas; rank++) {
        const leaves = trees.leaves(kind, partition, rank)
        if (leaves === undefined || Buffer.compare(leaves, tree.leaves(partition, rank)) !== 0)
          problems.push(`leaves of ${kind} of partition ${partition} from rank ${rank}`)
      }
    }
  }
  return problems
}
