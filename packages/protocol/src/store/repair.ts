import type { ResponseOf } from '../messages/table.js'

/** A pass of an agent's anti-entropy over all its partitions: the one under way, or the last one. */
export interface RepairInfo {
  /** Passes that have begun since the agent started; 0 before the first. */
  readonly pass: number
  readonly running: boolean
  /** An operator asked for it. */
  readonly asked: boolean
  readonly beganAt: Date | undefined
  readonly endedAt: Date | undefined
  /** Partitions that were compared, once for each other owner, and how many of these there are. */
  readonly partitions: number
  readonly partitionsTotal: number
  /** Of those compared, how many may differ still, as the other owner did not answer or gave something wrong. */
  readonly unreachable: number
  /** Keys and blocks that differed at both looks. */
  readonly different: number
  /** Keys that took something over from another owner, and references to blocks that were taken over. */
  readonly keysRepaired: number
  readonly blocksRepaired: number
}

export interface AgentRepair {
  readonly id: string
  /** Undefined where the agent could not be asked. */
  readonly repair: RepairInfo | undefined
  /** In the answer of `repair`: the pass that answers it; it or a later one is over when the agent is done. */
  readonly waitFor: number | undefined
  /** Why the agent could not be asked, in words. */
  readonly error: string | undefined
}

export interface RepairStatus {
  /** The agents of the layout, by id. */
  readonly agents: readonly AgentRepair[]
}

type Answer = ResponseOf<'getRepair'>
type WireRepair = NonNullable<Answer['agents'][number]['repair']>

/** The answer of the wire as the library gives it. */
export function repairStatusOf(answer: Answer): RepairStatus {
  const agents = answer.agents.map(({ id, repair, waitFor, error }) => ({
    ...{ id, waitFor, error },
    repair: repair === undefined ? undefined : repairInfoOf(repair),
  }))
  return { agents: agents.sort((a, b) => (a.id < b.id ? -1 : 1)) }
}

/** Agents that were started again since `asked`, as `now` tells: the pass that was asked of them is lost. */
export function restartedRepairs(asked: RepairStatus, now: RepairStatus): string[] {
  const current = passesOf(now)
  return asked.agents
    .filter(({ id, repair }) => (current.get(id)?.pass ?? Number.POSITIVE_INFINITY) < (repair?.pass ?? 0))
    .map(({ id }) => id)
}

/**
 * The agents that have not ended the pass that `asked` (the answer of `repair`) waits for, as `now` tells. Those that
 * could not be asked, or were started again, have nothing to end.
 */
export function unfinishedRepairs(asked: RepairStatus, now: RepairStatus): string[] {
  const current = passesOf(now)
  const restarted = restartedRepairs(asked, now)
  return asked.agents
    .filter(({ id, waitFor }) => {
      if (waitFor === undefined || restarted.includes(id)) return false
      const repair = current.get(id)
      return repair === undefined || repair.pass < waitFor || (repair.pass === waitFor && repair.running)
    })
    .map(({ id }) => id)
}

function passesOf({ agents }: RepairStatus): Map<string, RepairInfo | undefined> {
  return new Map(agents.map(({ id, repair }) => [id, repair]))
}

function repairInfoOf({ beganAt, endedAt, ...rest }: WireRepair): RepairInfo {
  return { ...rest, beganAt: dateOf(beganAt), endedAt: dateOf(endedAt) }
}

function dateOf(hybridTime: number | undefined): Date | undefined {
  return hybridTime === undefined ? undefined : new Date(Math.floor(hybridTime / 1000))
}
