import { combineDigests, emptyDigest } from '@torc/cluster/state/digest'
import { HashTree, type StoredLeaf } from '@torc/cluster/trees/hash-tree'
import { keyEntry, referenceEntry } from '@torc/cluster/trees/tree-entry'
import { slotOf, treePosition } from '@torc/cluster/trees/tree-shape'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { SqlDatabase } from '../disk/disk.js'
import type { TransactionListener } from '../index/group-commit.js'
import type { ReferenceListener } from '../leases/lease-index.js'
import type { Operation } from '../leases/operation.js'
import { BucketReplicas } from './bucket-replicas.js'
import { everyOwner, type KindLeaf, LeafRows, type TreeKind, type TreeShape } from './leaf-rows.js'

interface Trees {
  readonly shape: TreeShape
  readonly keys: HashTree
  readonly blocks: HashTree
}

const kinds = ['keys', 'blocks'] as const

/**
 * The hash trees of this agent, over all that it holds: kept in memory, changed and saved in the transaction of the
 * write (DESIGN §10). Without a layout there are no trees. A layout of another shape has them made anew from the rows
 * when they are needed next; so does a bucket of fewer replicas that turns out to have keys here.
 */
export class AgentTrees implements TransactionListener, ReferenceListener {
  readonly #rows: LeafRows
  readonly #hasher: Hasher
  readonly #shape: () => TreeShape | undefined
  readonly #replicas: BucketReplicas
  /** Undefined before the first layout, and where they are to be made anew. */
  #trees: Trees | undefined
  /** The trees in memory are not what the table has. */
  #unsaved = false

  constructor(database: SqlDatabase, hasher: Hasher, shape: () => TreeShape | undefined) {
    this.#rows = new LeafRows(database)
    this.#hasher = hasher
    this.#shape = shape
    this.#replicas = new BucketReplicas(database)
    this.#rows.fillPositions(hasher)
    const stored = this.#rows.shape()
    if (sameShape(stored, shape())) this.#trees = this.#loaded(stored)
    this.#whole()
  }

  /** Of a key's bucket and name: what places it in the tree. */
  hashOf({ bucketId, key }: { readonly bucketId: Uint8Array; readonly key: Uint8Array }): Uint8Array {
    return this.#hasher.sha256(bucketId, key)
  }

  /** Inside a transaction: the state of the key with this hash has another digest now. */
  keyChanged(bucketId: Uint8Array, hash: Uint8Array, before: Uint8Array, after: Uint8Array): void {
    const trees = this.#valid()
    if (trees === undefined || Buffer.compare(before, after) === 0) return
    const replicas = this.#replicasIn(trees.shape, bucketId)
    const slot = slotOf(treePosition(hash), trees.shape.partitions)
    trees.keys.toggle(replicas, slot, combineDigests(keyEntry(hash, before), keyEntry(hash, after)))
  }

  /** Inside a transaction: the state of a key, which had this digest, is dropped with its row. */
  keyDropped(name: { readonly bucketId: Uint8Array; readonly key: Uint8Array }, digest: Uint8Array): void {
    this.keyChanged(name.bucketId, this.hashOf(name), digest, emptyDigest)
  }

  referenceAdded(blockId: number, operation: Operation): void {
    this.noteReplicas(operation.bucketId, operation.replicas)
    this.#toggleReference(blockId, operation)
  }

  referenceDropped(blockId: number, operation: Operation): void {
    this.#toggleReference(blockId, operation)
  }

  #toggleReference(blockId: number, operation: Operation): void {
    const trees = this.#valid()
    // An operation of before leases had keys: in no tree until it gets its key.
    if (trees === undefined || operation.key.length === 0) return
    const hash = this.#rows.blockHash(blockId)
    if (hash === undefined) return
    const slot = slotOf(treePosition(hash), trees.shape.partitions)
    trees.blocks.toggle(
      this.#replicasIn(trees.shape, operation.bucketId),
      slot,
      referenceEntry(hash, operation),
    )
  }

  /** How many owners hold the keys and blocks of a bucket, where it was said. */
  replicasOf(bucketId: Uint8Array): number | undefined {
    return this.#replicas.of(bucketId)
  }

  /**
   * Inside a transaction, before what comes with it is written: how many of the owners hold the keys and blocks of a
   * bucket. It never changes.
   */
  noteReplicas(bucketId: Uint8Array, replicas: number | undefined): void {
    if (replicas === undefined || this.#replicas.of(bucketId) !== undefined) return
    const wasAssumed = this.#replicas.learn(bucketId, replicas)
    // Only of what an earlier version wrote, or a request that did not say it.
    if (wasAssumed && replicas < (this.#trees?.shape.replicas ?? everyOwner)) this.#trees = undefined
  }

  /** Root of a partition's tree over what more than `rank` owners hold; undefined before the first layout. */
  root(kind: TreeKind, partition: number, rank: number): Uint8Array | undefined {
    return this.#whole()?.[kind].root(partition, rank)
  }

  /** Its leaves, one digest after the other. */
  leaves(kind: TreeKind, partition: number, rank: number): Uint8Array | undefined {
    return this.#whole()?.[kind].leaves(partition, rank)
  }

  beforeCommit(): void {
    const trees = this.#whole()
    this.#replicas.beforeCommit()
    if (trees === undefined) return
    if (this.#unsaved)
      this.#rows.restart(
        trees.shape,
        leavesOf(trees, tree => tree.all()),
      )
    else {
      const changed = [...leavesOf(trees, tree => tree.changed())]
      this.#rows.save(changed, ({ kind, replicas, slot }) => trees[kind].leaf(replicas, slot))
    }
  }

  committed(): void {
    this.#replicas.committed()
    this.#rows.committed()
    if (this.#trees !== undefined) this.#unsaved = false
    for (const kind of kinds) this.#trees?.[kind].commit()
  }

  rolledBack(): void {
    this.#replicas.rolledBack()
    this.#rows.rolledBack()
    // Trees that were made since the last commit may have been made of what was undone.
    if (this.#unsaved) this.#trees = undefined
    for (const kind of kinds) this.#trees?.[kind].undo()
  }

  /** The trees, if they follow each change; a change is left out otherwise, as they will be made of what it leaves. */
  #valid(): Trees | undefined {
    if (this.#trees !== undefined && !sameShape(this.#trees.shape, this.#shape())) this.#trees = undefined
    return this.#trees
  }

  /** The trees, made anew where need be: never between a change of the rows and what is told here of it. */
  #whole(): Trees | undefined {
    const shape = this.#shape()
    if (this.#valid() !== undefined || shape === undefined) return this.#trees
    this.#trees = this.#made(shape)
    this.#unsaved = true
    return this.#trees
  }

  #loaded(shape: TreeShape): Trees {
    const trees = emptyTrees(shape)
    for (const { kind, ...leaf } of this.#rows.leaves()) trees[kind].load(leaf)
    return trees
  }

  #made(shape: TreeShape): Trees {
    const trees = emptyTrees(shape)
    for (const { bucketId, key, digest } of this.#rows.keys()) {
      const hash = this.#hasher.sha256(bucketId, key)
      const slot = slotOf(treePosition(hash), shape.partitions)
      trees.keys.toggle(this.#replicasIn(shape, bucketId), slot, keyEntry(hash, digest))
      trees.keys.commit()
    }
    for (const { hash, ...operation } of this.#rows.references()) {
      const slot = slotOf(treePosition(hash), shape.partitions)
      const replicas = this.#replicasIn(shape, operation.bucketId)
      trees.blocks.toggle(replicas, slot, referenceEntry(hash, operation))
      trees.blocks.commit()
    }
    return trees
  }

  #replicasIn(shape: TreeShape, bucketId: Uint8Array): number {
    const replicas = this.#replicas.of(bucketId)
    if (replicas === undefined) this.#replicas.assume(bucketId)
    return replicas === undefined || replicas >= shape.replicas ? everyOwner : replicas
  }
}

function emptyTrees(shape: TreeShape): Trees {
  return { shape, keys: new HashTree(shape.partitions), blocks: new HashTree(shape.partitions) }
}

function* leavesOf(
  trees: Trees,
  some: (tree: HashTree) => Iterable<StoredLeaf>,
): Generator<KindLeaf, void, undefined> {
  for (const kind of kinds) for (const leaf of some(trees[kind])) yield { kind, ...leaf }
}

function sameShape(a: TreeShape, b: TreeShape | undefined): boolean {
  return b !== undefined && a.partitions === b.partitions && a.replicas === b.replicas
}
