import { decodeEpoch, encodeEpoch } from '@torc/cluster/ring/epoch'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { Agents } from '../agents/agents.js'
import { Layout } from './layout.js'

/**
 * The newest layout that this server has seen. It learns one from each agent that it connects to, and again when a
 * peer names a higher epoch or refuses a request as stale.
 */
export class LayoutKeeper {
  readonly #hasher: Hasher
  readonly #log: Log
  #current: Layout | undefined
  /** Two different epochs of one number were seen: nothing may be placed by either. */
  #contradiction: string | undefined
  /** Some agent has answered: where no layout is known then, there is none. */
  #anyAnswered = false

  constructor(hasher: Hasher, log: Log) {
    this.#hasher = hasher
    this.#log = log
  }

  get current(): Layout | undefined {
    return this.#current
  }

  get contradiction(): string | undefined {
    return this.#contradiction
  }

  get number(): number {
    return this.#current?.number ?? 0
  }

  /** The layout, or why there is none that could be used. */
  require(): Layout {
    if (this.#contradiction !== undefined) throw new TorcError('CORRUPT', this.#contradiction)
    if (this.#current !== undefined) return this.#current
    if (this.#anyAnswered) throw new TorcError('NO_LAYOUT', 'the cluster has no layout yet')
    throw new TorcError('NO_LAYOUT', 'no agent has told this server the layout yet', {
      hint: 'Are the agents running, and does --join name one that is? See `torc status`, and retry.',
    })
  }

  /** Takes an encoded epoch in, when it is newer than what is there. */
  adopt(encoded: Uint8Array, source: string): void {
    const layout = new Layout(decodeEpoch(encoded), this.#hasher)
    const current = this.#current
    if (current !== undefined && current.number === layout.number) {
      if (Buffer.compare(current.hash, layout.hash) === 0) return
      this.#contradiction = `two different layouts have number ${layout.number}; ${source} holds the second one`
      this.#log.error({ epoch: layout.number, source }, 'two layouts contradict each other')
      return
    }
    if (current !== undefined && current.number > layout.number) return
    this.#current = layout
    this.#log.info({ epoch: layout.number, agents: layout.agents.length, source }, 'layout loaded')
  }

  /**
   * Asks one agent for its epoch, and brings it ours where it has an older one or none (it was away when the layout
   * was made). An agent that does not answer teaches nothing.
   */
  async learnFrom(agents: Agents, agent: string, timeoutMs: number): Promise<void> {
    try {
      const { head } = await agents.request(agent, 'fetchEpoch', {}, { timeoutMs })
      this.#anyAnswered = true
      if (head.epoch !== undefined) this.adopt(head.epoch, agent)
      const current = this.#current
      if (current === undefined || this.#contradiction !== undefined) return
      const known = head.epoch === undefined ? 0 : decodeEpoch(head.epoch).number
      if (known >= current.number || !current.agents.some(({ id }) => id === agent)) return
      await agents.request(agent, 'putEpoch', { epoch: encodeEpoch(current.epoch) }, { timeoutMs })
      this.#log.info({ agent, epoch: current.number }, 'layout brought to an agent that lacked it')
    } catch (error) {
      this.#log.debug({ agent, error: TorcError.from(error).message }, 'no layout from this agent')
    }
  }

  /** Asks several agents at once. */
  async learnFromAll(agents: Agents, ids: Iterable<string>, timeoutMs: number): Promise<void> {
    await Promise.all(Array.from(ids, id => this.learnFrom(agents, id, timeoutMs)))
  }
}
