import { TorcError } from '@torc/protocol/errors'
import type { Answer, Exchange, RequestOptions } from '@torc/protocol/exchange/exchange'
import type { MessageName, RequestOf } from '@torc/protocol/messages/table'
import { AgentLink, type LinkOptions } from './agent-link.js'
import { type Agents, notSent } from './agents.js'

/** A connection to each agent that membership knows of. */
export class AgentPool implements Agents {
  readonly #options: LinkOptions
  readonly #links = new Map<string, AgentLink>()
  readonly #excluded = new Set<string>()
  #closed = false

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** Ids of all agents that there is a link to, open or not. */
  get ids(): string[] {
    return [...this.#links.keys()]
  }

  /** Makes sure of a link to this agent. Resolves after the first attempt to connect. */
  track(agent: string): Promise<void> {
    return this.#link(agent)?.start() ?? Promise.resolve()
  }

  /** Takes over a connection to an agent, or closes it for the better one there is; undefined when the pool is closed. */
  adopt(exchange: Exchange): Exchange | undefined {
    return this.#link(exchange.peer.id)?.adopt(exchange)
  }

  /** Ends the link to an agent that left for good. */
  forget(agent: string): void {
    const link = this.#links.get(agent)
    this.#links.delete(agent)
    void link?.close(0)
  }

  /** This agent was found answering. */
  trust(agent: string): void {
    this.#links.get(agent)?.trust()
  }

  /** Others say that this agent is down: its connection has to prove itself. */
  doubt(agent: string): void {
    this.#links.get(agent)?.doubt()
  }

  /** Nobody says so any more. */
  believe(agent: string): void {
    this.#links.get(agent)?.believe()
  }

  /** Whether the agent takes no part, as it says itself. */
  exclude(agent: string, excluded: boolean): void {
    if (excluded) this.#excluded.add(agent)
    else this.#excluded.delete(agent)
  }

  isAlive(agent: string): boolean {
    return !this.#excluded.has(agent) && this.isReachable(agent)
  }

  isReachable(agent: string): boolean {
    return this.#links.get(agent)?.alive === true
  }

  exchangeOf(agent: string): Exchange | undefined {
    return this.#links.get(agent)?.exchange
  }

  request<N extends MessageName>(
    agent: string,
    name: N,
    head: RequestOf<N>,
    options?: RequestOptions,
  ): Promise<Answer<N>> {
    const link = this.#links.get(agent)
    const exchange = link?.exchange
    if (link === undefined || exchange === undefined) return Promise.reject(notSent(agent))
    const answer = exchange.request(name, head, options)
    answer.then(link.believe, link.onRejected)
    return answer
  }

  async *fetch<N extends MessageName>(
    agent: string,
    name: N,
    head: RequestOf<N>,
    options?: RequestOptions,
  ): AsyncGenerator<Answer<N>> {
    const link = this.#links.get(agent)
    const exchange = link?.exchange
    if (link === undefined || exchange === undefined) throw notSent(agent)
    try {
      for await (const answer of exchange.fetch(name, head, options)) {
        link.believe()
        yield answer
      }
    } catch (error) {
      link.onFailure(TorcError.from(error))
      throw error
    }
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    await Promise.all(Array.from(this.#links.values(), link => link.close(timeoutMs)))
  }

  #link(agent: string): AgentLink | undefined {
    if (this.#closed) return undefined
    let link = this.#links.get(agent)
    if (link === undefined) {
      link = new AgentLink(agent, this.#options)
      this.#links.set(agent, link)
    }
    return link
  }
}
