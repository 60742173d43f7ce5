import { majority } from '@torc/cluster/consensus/majority'
import type { Epoch, TransitionTerms } from '@torc/cluster/ring/epoch'
import { assignTable, type RingAgent, type Table } from '@torc/cluster/ring/table'
import { validateTable } from '@torc/cluster/ring/validate'
import { absentOwnersMax, type BucketQuorums } from '@torc/cluster/transition/absent-owners'
import { changedPartitions, sourcesOf } from '@torc/cluster/transition/advance'
import { stages } from '@torc/cluster/transition/stage'
import type { LayoutPlan } from '@torc/protocol/store/admin'
import type { StagedChanges } from './staged-changes.js'

/** What a plan is made of beside the layout and its changes. */
export interface PlanFacts {
  /** Hash of the layout in force. */
  readonly parentHash: Uint8Array
  readonly isAlive: (agent: string) => boolean
  /** Whether an agent's disk proved to be an old copy. */
  readonly isRestored: (agent: string) => boolean
  readonly buckets: readonly BucketQuorums[]
  /** Bytes that an agent holds, where it told. */
  readonly usedBytes: ReadonlyMap<string, number>
}

export interface PlannedLayout {
  readonly epoch: Epoch
  readonly plan: LayoutPlan
}

/**
 * The layout that changes lead to, what it moves, and why it cannot be applied, if so. Pure: the same arguments give
 * the same layout. Throws BAD_REQUEST where no table is possible at all.
 */
export function planLayout(current: Epoch, changes: StagedChanges, facts: PlanFacts): PlannedLayout {
  const agents = agentsAfter(current, changes)
  const { partitions } = current.table
  const replicas = changes.replicas ?? current.table.replicas
  const table = assignTable(agents, { partitions, replicas }, current.table)
  const report = validateTable(table, agents, current.table)
  const isFresh = (id: string): boolean => facts.isRestored(id) || current.terms?.lost.includes(id) === true
  const fresh = agents.map(({ id }) => id).filter(isFresh)
  const lost = lostAfter(current, agents, changes)
  const width = Math.min(widthOf(table), widthOf(current.table))
  const absentMax = absentOwnersMax(facts.buckets, width)
  const terms: TransitionTerms = { absentMax, lost: lost.sort(), fresh: fresh.sort() }
  const { number, lineage } = current
  const epoch: Epoch = { number: number + 1, parentHash: facts.parentHash, lineage, agents, table, terms }
  return {
    epoch,
    plan: {
      agents: agentsOf(current, epoch),
      replicas,
      moved: report.moved,
      movedMin: report.minMoved,
      bytes: bytesOf(current, report.moved, facts),
      absentMax,
      notes: notesOf(current, epoch, facts),
      problems: [...report.problems, ...problemsOf(current, epoch, facts)],
    },
  }
}

/** Agents that were given up, now or by an earlier layout: one that comes back must find itself here. */
function lostAfter({ terms }: Epoch, agents: readonly RingAgent[], { remove }: StagedChanges): string[] {
  const dead = [...remove].filter(([, isDead]) => isDead).map(([id]) => id)
  return [...new Set([...(terms?.lost ?? []), ...dead])].filter(id => !agents.some(agent => agent.id === id))
}

function agentsAfter(current: Epoch, { assign, remove }: StagedChanges): RingAgent[] {
  const agents = new Map(current.agents.map(agent => [agent.id, agent]))
  for (const [id, agent] of assign) agents.set(id, agent)
  for (const id of remove.keys()) agents.delete(id)
  return [...agents.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function widthOf(table: Table): number {
  return table.rows[0]?.length ?? 0
}

function agentsOf(current: Epoch, next: Epoch): LayoutPlan['agents'] {
  const all = new Map([...current.agents, ...next.agents].map(agent => [agent.id, agent]))
  const rowsWith = (table: Table, id: string) => table.rows.map(row => row.includes(id))
  return [...all.values()]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, zone, capacity }) => {
      const [before, after] = [rowsWith(current.table, id), rowsWith(next.table, id)]
      const gains = after.filter((owns, partition) => owns && before[partition] !== true).length
      const loses = before.filter((owned, partition) => owned && after[partition] !== true).length
      return { id, zone, capacity, before: count(before), after: count(after), gains, loses }
    })
}

function count(of: readonly boolean[]): number {
  return of.filter(Boolean).length
}

/** Replicas are taken to be of one size: that of those whose agents told what they hold. */
function bytesOf({ table }: Epoch, moved: number, { usedBytes }: PlanFacts): number {
  let [bytes, replicas] = [0, 0]
  for (const [id, used] of usedBytes) {
    const owned = table.rows.filter(row => row.includes(id)).length
    if (owned === 0) continue
    bytes += used
    replicas += owned
  }
  return replicas === 0 ? 0 : Math.round((bytes / replicas) * moved)
}

function notesOf(current: Epoch, next: Epoch, { isAlive, buckets }: PlanFacts): string[] {
  const notes: string[] = []
  for (const id of next.terms?.fresh ?? [])
    notes.push(`Agent ${id} has an old copy of its disk: it takes over anew all that it owns.`)
  for (const { id } of current.agents)
    if (!isAlive(id) && !next.agents.some(agent => agent.id === id))
      notes.push(`Agent ${id} is not there and is removed: what only it has stays with it until it is back.`)
  const narrow = buckets.filter(({ replicas }) => replicas > next.table.replicas).length
  if (narrow > 0)
    notes.push(
      `${narrow} buckets ask for more than ${next.table.replicas} replicas and get ${next.table.replicas}.`,
    )
  if (widthOf(next.table) < next.table.replicas)
    notes.push(`There are fewer agents than replicas: data is kept ${widthOf(next.table)} times.`)
  return notes
}

function problemsOf(current: Epoch, next: Epoch, { isAlive, isRestored }: PlanFacts): string[] {
  const problems: string[] = []
  const [before, after] = [widthOf(current.table), widthOf(next.table)]
  if (after < next.table.replicas && (after < before || next.table.replicas > current.table.replicas))
    problems.push(
      `It leaves ${after} agents for ${next.table.replicas} replicas: take in another agent with the same change, or want fewer replicas (\`torc layout replicas ${after}\`).`,
    )
  const voters = current.agents.filter(({ id }) => isAlive(id) && !isRestored(id)).length
  if (voters < majority(current.agents.length))
    problems.push(
      `${voters} of the ${current.agents.length} agents of layout ${current.number} are there, and a majority decides on the next one.`,
    )
  const state = { epoch: next, previous: current, stage: stages.readOld }
  const short = changedPartitions(state).filter(partition => {
    const owners = next.table.rows[partition] ?? []
    return owners.some(owner => {
      const { agents, needed } = sourcesOf(state, partition, owner, false)
      return agents.filter(agent => isAlive(agent) && !isRestored(agent)).length < needed
    })
  })
  if (short.length > 0)
    problems.push(
      `Of ${short.length} partitions too few of the present owners are there to take them over from: bring them back, or say that they are gone for good (\`torc layout remove AGENT --dead\`).`,
    )
  return problems
}

/**
 * Partitions of which more owners are gone for good than every write's quorum bears: acknowledged writes may have been
 * on those alone.
 */
export function partitionsAtRisk(current: Epoch, next: Epoch): number {
  const gone = new Set([...(next.terms?.lost ?? []), ...(next.terms?.fresh ?? [])])
  const most = next.terms?.absentMax ?? 0
  return current.table.rows.filter(row => row.filter(agent => gone.has(agent)).length > most).length
}
