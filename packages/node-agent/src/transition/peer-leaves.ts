import { digestBytes, digestsEqual } from '@torc/cluster/state/digest'
import { treeLeaves } from '@torc/cluster/trees/tree-shape'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { PeerReplicas } from '../repair/peer-replicas.js'
import type { AgentTrees } from '../trees/agent-trees.js'
import type { TreeKind } from '../trees/leaf-rows.js'

export interface PeerLeavesParts {
  readonly nodeId: string
  readonly layout: AgentLayout
  readonly trees: AgentTrees
  readonly replicas: PeerReplicas
}

/** Names of what a peer has in a leaf; of keys with the digests of their states, of references with nothing. */
type Named = ReadonlyMap<string, Uint8Array>

/** What an owner has of a partition, so that who hands the partition over sees what the owner lacks. */
export class PeerLeaves {
  readonly #parts: PeerLeavesParts
  readonly #agent: string
  readonly #partition: number
  readonly #leaves = new Map<TreeKind, Uint8Array>()
  #last: { readonly kind: TreeKind; readonly leaf: number; readonly named: Named } | undefined

  constructor(parts: PeerLeavesParts, agent: string, partition: number) {
    this.#parts = parts
    this.#agent = agent
    this.#partition = partition
  }

  /** What it has in a leaf; `same` where that is exactly what this agent has. Rejects where it does not answer. */
  async at(kind: TreeKind, leaf: number, signal: AbortSignal): Promise<Named | 'same'> {
    const { trees, layout, nodeId } = this.#parts
    const theirs = await this.#leavesOf(kind, signal)
    const rank = layout.commonRank(this.#partition, nodeId, this.#agent)
    const own = trees.leaves(kind, this.#partition, rank)
    if (own?.length !== treeLeaves * digestBytes) return new Map()
    if (digestsEqual(at(own, leaf), at(theirs, leaf))) return 'same'
    if (this.#last?.kind !== kind || this.#last.leaf !== leaf)
      this.#last = { kind, leaf, named: await this.#named(kind, leaf, signal) }
    return this.#last.named
  }

  async #leavesOf(kind: TreeKind, signal: AbortSignal): Promise<Uint8Array> {
    const known = this.#leaves.get(kind)
    if (known !== undefined) return known
    const leaves = await this.#parts.replicas.leaves(this.#agent, kind, this.#partition, signal)
    this.#leaves.set(kind, leaves)
    return leaves
  }

  async #named(kind: TreeKind, leaf: number, signal: AbortSignal): Promise<Named> {
    const { replicas } = this.#parts
    const named = new Map<string, Uint8Array>()
    if (kind === 'keys') {
      for await (const page of replicas.leafKeys(this.#agent, this.#partition, leaf, signal))
        for (const { bucketId, key, digest } of page) named.set(keyName(bucketId, Buffer.from(key)), digest)
      return named
    }
    for await (const page of replicas.leafReferences(this.#agent, this.#partition, leaf, signal))
      for (const { key, ...reference } of page)
        named.set(referenceName({ ...reference, key: Buffer.from(key) }), reference.hash)
    return named
  }
}

export function keyName(bucketId: Uint8Array, key: Uint8Array): string {
  return `${Buffer.from(bucketId).toString('hex')}/${Buffer.from(key).toString('hex')}`
}

export function referenceName(reference: {
  readonly hash: Uint8Array
  readonly opId: Uint8Array
  readonly bucketId: Uint8Array
  readonly key: Uint8Array
}): string {
  const { hash, opId, bucketId, key } = reference
  return [hash, opId, bucketId, key].map(bytes => Buffer.from(bytes).toString('hex')).join('/')
}

function at(digests: Uint8Array, leaf: number): Uint8Array {
  return digests.subarray(leaf * digestBytes, (leaf + 1) * digestBytes)
}
