import type { ActorId } from '@torc/cluster/clocks/dot'
import type { Coordination } from '../core/coordination.js'
import type { Deadline } from '../core/deadline.js'

/** Patience with an agent that is asked for its actors, in milliseconds. */
const attemptMs = 2_000
/** For an actor that no agent told, agents are asked again after so long, in milliseconds. */
const askAgainMs = 5_000
/** Actors that are remembered: more than any cluster has had. */
const actorsMax = 65_536

/**
 * Which agent minted under which actor. An actor belongs to one agent for ever, so what was learned stays true;
 * agents are asked when somebody wants to know of an actor that is unknown. Those of an agent that is gone stay so.
 */
export class ActorDirectory {
  readonly #agents = new Map<ActorId, string>()
  /** Actors that no agent told when they were last asked, at `#askedMs` or since. */
  readonly #inVain = new Set<ActorId>()
  #askedMs = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  /** The agents of those of the actors that are known. Never fails: who minted a version is no reason to hide it. */
  async agentsOf(
    c: Coordination,
    actors: ReadonlySet<ActorId>,
    deadline: Deadline,
  ): Promise<ReadonlyMap<ActorId, string>> {
    const unknown = [...actors].filter(actor => !this.#agents.has(actor))
    if (this.#isDue(unknown, c.environment.clock.monotonicMs())) {
      this.#asking ??= this.#ask(c, deadline).finally(() => {
        this.#asking = undefined
      })
      await this.#asking
      for (const actor of unknown) if (!this.#agents.has(actor)) this.#inVain.add(actor)
    }
    const found = new Map<ActorId, string>()
    for (const actor of actors) {
      const agent = this.#agents.get(actor)
      if (agent !== undefined) found.set(actor, agent)
    }
    return found
  }

  /** An agent takes an actor when it first mints: one that was never asked for may be newer than the last answers. */
  #isDue(unknown: readonly ActorId[], nowMs: number): boolean {
    const stale = nowMs - this.#askedMs >= askAgainMs || this.#inVain.size >= actorsMax
    if (unknown.length === 0) return false
    if (stale) {
      this.#inVain.clear()
      this.#askedMs = nowMs
    }
    return unknown.some(actor => !this.#inVain.has(actor))
  }

  async #ask(c: Coordination, deadline: Deadline): Promise<void> {
    const ids = new Set([...(c.layouts.current?.agents ?? []).map(({ id }) => id), ...c.knownAgents()])
    await Promise.all(
      [...ids]
        .filter(agent => c.agents.isAlive(agent))
        .map(async agent => {
          try {
            const timeoutMs = deadline.attempt(attemptMs)
            const { head } = await c.agents.request(agent, 'fetchUsage', {}, { timeoutMs })
            for (const actor of head.actors ?? []) this.#learn(actor as ActorId, agent)
          } catch (error) {
            // Its versions show without their minter; the next history asks again.
            c.log.debug({ agent, error: String(error) }, 'an agent did not tell its actors')
          }
        }),
    )
  }

  #learn(actor: ActorId, agent: string): void {
    if (!this.#agents.has(actor) && this.#agents.size >= actorsMax) return
    this.#agents.set(actor, agent)
  }
}
