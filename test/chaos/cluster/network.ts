import type { OperatedCluster, OperatedNode } from '../../harness/processes/operated-cluster.js'

/** What links between nodes can suffer. Each function that is returned mends it. */
export interface ChaosNetwork {
  /** Nothing passes between two nodes, silently; `oneWay`: nothing from the first to the second. */
  cut(from: OperatedNode, to: OperatedNode, options: { readonly oneWay: boolean }): () => void
  /** Nothing passes between nodes of different sides. */
  split(...sides: readonly (readonly OperatedNode[])[]): () => void
}

/** What only a proxy before each node can do. */
export class ProxiedNetwork implements ChaosNetwork {
  readonly #cluster: OperatedCluster

  constructor(cluster: OperatedCluster) {
    this.#cluster = cluster
  }

  cut(from: OperatedNode, to: OperatedNode, options: { readonly oneWay: boolean }): () => void {
    return this.#cluster.cutLink(from, to, options)
  }

  split(...sides: readonly (readonly OperatedNode[])[]): () => void {
    return this.#cluster.split(...sides)
  }
}
