import { decodeEpoch, encodeEpoch } from '@torc/cluster/ring/epoch'
import { compareStaged, stageOf, stages } from '@torc/cluster/transition/stage'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { RequestOf } from '@torc/protocol/messages/table'
import type { Agents } from '../agents/agents.js'
import { Layout } from './layout.js'

/** A layout as agents send it. */
export type SentLayout = RequestOf<'putEpoch'>

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

  /** Takes a layout in, when it is newer, or at a later stage, than what is there. */
  adopt({ epoch, previous, stage }: SentLayout, source: string): void {
    const state = {
      epoch: decodeEpoch(epoch),
      previous: previous === undefined ? undefined : decodeEpoch(previous),
      stage: stageOf(stage ?? stages.settled),
    }
    const layout = new Layout(state, this.#hasher)
    const current = this.#current
    if (current?.number === layout.number && Buffer.compare(current.hash, layout.hash) !== 0) {
      this.#contradiction = `two different layouts have number ${layout.number}; ${source} holds the second one`
      this.#log.error({ epoch: layout.number, source }, 'two layouts contradict each other')
      return
    }
    if (current !== undefined && compareStaged(current, layout) >= 0) return
    this.#current = layout
    const { number, stage: reached, agents } = layout
    this.#log.info({ epoch: number, stage: reached, agents: agents.length, source }, 'layout loaded')
  }

  /**
   * Asks one agent for its layout, and brings it ours where it has an older one or none (it was away when the layout
   * was made). Resolves with whether either has changed by it. An agent that does not answer teaches nothing.
   */
  async learnFrom(agents: Agents, agent: string, timeoutMs: number): Promise<boolean> {
    const before = this.#current
    try {
      const { head } = await agents.request(agent, 'fetchEpoch', {}, { timeoutMs })
      this.#anyAnswered = true
      if (head.epoch !== undefined) this.adopt({ ...head, epoch: head.epoch }, agent)
      const current = this.#current
      if (current === undefined || this.#contradiction !== undefined) return current !== before
      const number = head.epoch === undefined ? 0 : decodeEpoch(head.epoch).number
      const isBehind = compareStaged({ number, stage: stageOf(head.stage ?? stages.settled) }, current) < 0
      if (!isBehind || !concerns(current, agent)) return current !== before
      await agents.request(agent, 'putEpoch', sentLayout(current), { timeoutMs })
      this.#log.info({ agent, epoch: current.number }, 'layout brought to an agent that lacked it')
      return true
    } catch (error) {
      this.#log.debug({ agent, error: TorcError.from(error).message }, 'no layout from this agent')
    }
    return this.#current !== before
  }

  /** Asks several agents at once; whether anything has changed by it, here or there. */
  async learnFromAll(agents: Agents, ids: Iterable<string>, timeoutMs: number): Promise<boolean> {
    const changed = await Promise.all(Array.from(ids, id => this.learnFrom(agents, id, timeoutMs)))
    return changed.includes(true)
  }
}

/** A layout as it travels. */
export function sentLayout({ state }: Layout): SentLayout {
  const { epoch, previous, stage } = state
  return { epoch: encodeEpoch(epoch), stage, ...(previous && { previous: encodeEpoch(previous) }) }
}

/** Also those that a layout relieved: they must refuse what is addressed by the one before. */
function concerns({ agents, state }: Layout, agent: string): boolean {
  return [...agents, ...(state.previous?.agents ?? [])].some(({ id }) => id === agent)
}
