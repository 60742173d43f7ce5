import type { NodeOptions, OperatedCluster, OperatedNode } from '../../harness/processes/operated-cluster.js'

/** Between nodes: how they are started in it, and what links can suffer. A function that is returned mends it. */
export interface ChaosNetwork {
  /** What a node is started with; `number` is different for each. */
  optionsOf(name: string, number: number): Pick<NodeOptions, 'proxied' | 'listen' | 'within'>
  /** Nothing passes between two nodes, silently; `oneWay`: nothing from the first to the second. */
  cut(from: OperatedNode, to: OperatedNode, options: { readonly oneWay: boolean }): () => void
  /** Nothing passes between nodes of different sides. */
  split(...sides: readonly (readonly OperatedNode[])[]): () => void
}

/** A proxy before each node, on loopback. Frames that meet a cut are lost, and connections break when it is mended. */
export class ProxiedNetwork implements ChaosNetwork {
  readonly #cluster: OperatedCluster

  constructor(cluster: OperatedCluster) {
    this.#cluster = cluster
  }

  optionsOf(): Pick<NodeOptions, 'proxied'> {
    return { proxied: true }
  }

  cut(from: OperatedNode, to: OperatedNode, options: { readonly oneWay: boolean }): () => void {
    return this.#cluster.cutLink(from, to, options)
  }

  split(...sides: readonly (readonly OperatedNode[])[]): () => void {
    return this.#cluster.split(...sides)
  }
}
