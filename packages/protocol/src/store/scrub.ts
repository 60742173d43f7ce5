import type { ResponseOf } from '../messages/table.js'

/** Work that an agent does in the background, as `torc status` shows it. */
export interface WorkerInfo {
  readonly name: string
  readonly state: 'busy' | 'idle' | 'throttled' | 'failed' | 'stopped'
  /** Where it is, in words. */
  readonly progress: string
  /** Why its last step failed, while the state is `failed`. */
  readonly error: string | undefined
}

/** An agent's blocks that are not as they should be; undefined where the agent could not be asked. */
export interface BlockHealth {
  /** Blocks whose file is lost, and blocks whose file is damaged: no other owner could give them so far. */
  readonly blocksMissing?: number | undefined
  readonly blocksCorrupt?: number | undefined
  /** Blocks that were repaired from other owners in the agent's life. */
  readonly blocksRepaired?: number | undefined
}

/** A pass of an agent over all its blocks: the one under way, or the last one. */
export interface ScrubInfo {
  /** Passes that have begun in the agent's life; 0 before the first. */
  readonly pass: number
  readonly walking: boolean
  /** An operator asked for it: it goes at the higher rate. */
  readonly asked: boolean
  readonly beganAt: Date | undefined
  readonly endedAt: Date | undefined
  /** What was checked, and (about) how many bytes there are to check. */
  readonly blocks: number
  readonly bytes: number
  readonly bytesTotal: number
  /** The rate now, 0 when it does not walk. */
  readonly bytesPerSecond: number
  /** Blocks that this pass found damaged, and those of them that it repaired. */
  readonly found: number
  readonly repaired: number
}

export interface AgentScrub extends BlockHealth {
  readonly id: string
  /** Undefined where the agent could not be asked. */
  readonly scrub: ScrubInfo | undefined
  /** In the answer of `scrub`: the pass that answers it; it or a later one is over when the agent is done. */
  readonly waitFor: number | undefined
  /** Why the agent could not be asked, in words. */
  readonly error: string | undefined
}

export interface ScrubStatus {
  /** The agents of the layout, by id. */
  readonly agents: readonly AgentScrub[]
}

type Answer = ResponseOf<'getScrub'>
type WireScrub = NonNullable<Answer['agents'][number]['scrub']>
type WireWorker = NonNullable<ResponseOf<'fetchUsage'>['workers']>[number]

/** The answer of the wire as the library gives it. */
export function scrubStatusOf(answer: Answer): ScrubStatus {
  const agents = answer.agents.map(({ id, blocksMissing, blocksCorrupt, blocksRepaired, ...agent }) => ({
    ...{ id, blocksMissing, blocksCorrupt, blocksRepaired },
    scrub: agent.scrub === undefined ? undefined : scrubInfoOf(agent.scrub),
    waitFor: agent.waitFor,
    error: agent.error,
  }))
  return { agents: agents.sort((a, b) => (a.id < b.id ? -1 : 1)) }
}

export function workerInfoOf({ name, state, progress, error }: WireWorker): WorkerInfo {
  return { name, state, progress, error }
}

/**
 * The agents that have not ended the pass that `asked` (the answer of `scrub`) waits for, as `now` tells. Those that
 * could not be asked have nothing to end.
 */
export function unfinishedScrubs(asked: ScrubStatus, now: ScrubStatus): string[] {
  const current = new Map(now.agents.map(agent => [agent.id, agent.scrub]))
  return asked.agents
    .filter(({ id, waitFor }) => {
      if (waitFor === undefined) return false
      const scrub = current.get(id)
      return scrub === undefined || scrub.pass < waitFor || (scrub.pass === waitFor && scrub.walking)
    })
    .map(({ id }) => id)
}

function scrubInfoOf({ beganAt, endedAt, ...rest }: WireScrub): ScrubInfo {
  return { ...rest, beganAt: dateOf(beganAt), endedAt: dateOf(endedAt) }
}

function dateOf(hybridTime: number | undefined): Date | undefined {
  return hybridTime === undefined ? undefined : new Date(Math.floor(hybridTime / 1000))
}
