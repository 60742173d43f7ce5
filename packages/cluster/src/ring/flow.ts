/**
 * Flow of least cost in a small network (successive shortest paths, each round augmented as Dinic does).
 * Costs may be negative; the network must have no cycle of negative cost to begin with.
 */
export class FlowNetwork {
  /** Edges in pairs: edge `e` and its reverse `e ^ 1`. */
  readonly #to: number[] = []
  readonly #room: number[] = []
  readonly #cost: number[] = []
  readonly #edgesOf: number[][]

  constructor(nodeCount: number) {
    this.#edgesOf = Array.from({ length: nodeCount }, () => [])
  }

  /** Adds an edge and returns its number. */
  edge(from: number, to: number, capacity: number, cost: number): number {
    const edge = this.#to.length
    this.#to.push(to, from)
    this.#room.push(capacity, 0)
    this.#cost.push(cost, -cost)
    this.#edgesOf[from]?.push(edge)
    this.#edgesOf[to]?.push(edge ^ 1)
    return edge
  }

  /** What flows through an edge. */
  flow(edge: number): number {
    return this.#room[edge ^ 1] ?? 0
  }

  /** Sends as much as possible from `source` to `sink` at the least cost; returns how much. */
  run(source: number, sink: number): number {
    let total = 0
    for (;;) {
      const distance = this.#distances(source)
      if (distance[sink] === Number.POSITIVE_INFINITY) return total
      for (;;) {
        const level = this.#levels(source, distance)
        if ((level[sink] ?? -1) < 0) break
        const next = new Int32Array(this.#edgesOf.length)
        for (;;) {
          const sent = this.#augment(source, sink, Number.POSITIVE_INFINITY, distance, level, next)
          if (sent === 0) break
          total += sent
        }
      }
    }
  }

  /** Cost of the cheapest path with room from `source` to each node (Bellman-Ford with a queue). */
  #distances(source: number): Float64Array {
    const distance = new Float64Array(this.#edgesOf.length).fill(Number.POSITIVE_INFINITY)
    const waiting = new Uint8Array(this.#edgesOf.length)
    distance[source] = 0
    let queue = [source]
    while (queue.length > 0) {
      const following: number[] = []
      for (const node of queue) {
        waiting[node] = 0
        const here = distance[node] ?? 0
        for (const edge of this.#edgesOf[node] ?? []) {
          const to = this.#to[edge] ?? 0
          const cost = here + (this.#cost[edge] ?? 0)
          if ((this.#room[edge] ?? 0) === 0 || cost >= (distance[to] ?? 0)) continue
          distance[to] = cost
          if (waiting[to] === 0) {
            waiting[to] = 1
            following.push(to)
          }
        }
      }
      queue = following
    }
    return distance
  }

  /** Steps from `source` to each node over edges of cheapest paths; −1 where there are none. */
  #levels(source: number, distance: Float64Array): Int32Array {
    const level = new Int32Array(this.#edgesOf.length).fill(-1)
    level[source] = 0
    const queue = [source]
    for (const node of queue) {
      for (const edge of this.#edgesOf[node] ?? []) {
        const to = this.#to[edge] ?? 0
        if (level[to] === -1 && this.#onCheapestPath(node, edge, distance)) {
          level[to] = (level[node] ?? 0) + 1
          queue.push(to)
        }
      }
    }
    return level
  }

  #onCheapestPath(node: number, edge: number, distance: Float64Array): boolean {
    const reached = (distance[node] ?? 0) + (this.#cost[edge] ?? 0)
    return (this.#room[edge] ?? 0) > 0 && reached === distance[this.#to[edge] ?? 0]
  }

  #augment(
    node: number,
    sink: number,
    wanted: number,
    distance: Float64Array,
    level: Int32Array,
    next: Int32Array,
  ): number {
    if (node === sink) return wanted
    const edges = this.#edgesOf[node] ?? []
    for (; (next[node] ?? 0) < edges.length; next[node] = (next[node] ?? 0) + 1) {
      const edge = edges[next[node] ?? 0] ?? 0
      const to = this.#to[edge] ?? 0
      if (level[to] !== (level[node] ?? 0) + 1 || !this.#onCheapestPath(node, edge, distance)) continue
      const sent = this.#augment(to, sink, Math.min(wanted, this.#room[edge] ?? 0), distance, level, next)
      if (sent > 0) {
        this.#room[edge] = (this.#room[edge] ?? 0) - sent
        this.#room[edge ^ 1] = (this.#room[edge ^ 1] ?? 0) + sent
        return sent
      }
    }
    return 0
  }
}
