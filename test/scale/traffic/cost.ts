import type { AgentRows } from './agent-rows.js'
import type { CountingProxy } from './counting-proxy.js'

/** What an operation took, all agents together. */
export interface Cost {
  /** Rows of key states and versions that agents read. */
  readonly rowsRead: number
  readonly rowsWritten: number
  /** Between client and server, both ways. */
  readonly clientBytes: number
  /** Between server and agents, both ways. */
  readonly agentBytes: number
  /** Until the client had its answer. */
  readonly milliseconds: number
}

export const quantities = ['rowsRead', 'rowsWritten', 'clientBytes', 'agentBytes', 'milliseconds'] as const
export type Quantity = (typeof quantities)[number]

/** Measures one operation at a time, to the last acknowledgement between server and agents. */
export class CostMeter {
  readonly #rows: AgentRows
  readonly #client: CountingProxy
  readonly #agents: readonly CountingProxy[]

  constructor(rows: AgentRows, client: CountingProxy, agents: readonly CountingProxy[]) {
    this.#rows = rows
    this.#client = client
    this.#agents = agents
  }

  async measure(operation: () => Promise<unknown>): Promise<Cost> {
    const proxies = [this.#client, ...this.#agents]
    for (const proxy of proxies) proxy.count()
    await Promise.all(proxies.map(proxy => proxy.settled()))
    const before = await this.#rows.read()
    for (const proxy of proxies) proxy.count()
    const startedMs = performance.now()
    await operation()
    const milliseconds = performance.now() - startedMs
    // A write is answered before the last owner has acknowledged it.
    await Promise.all(proxies.map(proxy => proxy.settled()))
    const after = await this.#rows.read()
    return {
      rowsRead: after.read - before.read,
      rowsWritten: after.written - before.written,
      clientBytes: this.#client.traffic.bytes,
      agentBytes: this.#agents.reduce((sum, { traffic }) => sum + traffic.bytes, 0),
      milliseconds,
    }
  }

  /**
   * Runs two operations in turn, so that both see the same machine; the median of each quantity. The first run of
   * each fills caches and is not counted.
   */
  async compare(
    short: Operation,
    long: Operation,
    repetitions: number,
    signal: AbortSignal,
  ): Promise<{ readonly short: Cost; readonly long: Cost }> {
    const costs: Record<'short' | 'long', Cost[]> = { short: [], long: [] }
    for (let run = 0; run <= repetitions; run++) {
      for (const [side, operation] of Object.entries({ short, long })) {
        signal.throwIfAborted()
        const cost = await this.measure(await operation())
        if (run > 0) costs[side as 'short' | 'long'].push(cost)
      }
    }
    return { short: medianCost(costs.short), long: medianCost(costs.long) }
  }
}

/** Prepares a run and gives what is measured of it. */
export type Operation = () => Promise<() => Promise<unknown>>

/** The median of each quantity by itself. */
export function medianCost(costs: readonly Cost[]): Cost {
  const of = (quantity: Quantity): number => median(costs.map(cost => cost[quantity]))
  return {
    rowsRead: of('rowsRead'),
    rowsWritten: of('rowsWritten'),
    clientBytes: of('clientBytes'),
    agentBytes: of('agentBytes'),
    milliseconds: of('milliseconds'),
  }
}

/** The middle value; the lower of the two middle ones of an even count. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN
}
