import { majority } from '@torc/cluster/consensus/majority'
import type { Member } from '@torc/cluster/membership/member'
import { stages } from '@torc/cluster/transition/stage'
import type { MemberStatus } from '@torc/protocol/store/admin'
import type { Coordination } from '../core/coordination.js'
import type { Layout } from '../layout/layout.js'
import { splitOwners } from '../quorum/targets.js'
import type { Usage } from './status-flow.js'

/** What is wrong, each in a sentence: what it is, which data it concerns, what is being done and how far that is. */
export function problemsOf(
  c: Coordination,
  members: readonly MemberStatus[],
  usage: ReadonlyMap<string, Usage>,
): string[] {
  const problems: string[] = []
  const layout = c.layouts.current
  if (c.layouts.contradiction !== undefined) problems.push(`${c.layouts.contradiction}.`)
  if (layout === undefined) {
    problems.push('There is no layout yet: run `torc layout init`.')
    return problems
  }
  const placed = new Set(layout.agents.map(({ id }) => id))
  for (const { id, role, state } of members) {
    if (role !== 'agent' || state === 'alive') continue
    if (placed.has(id))
      problems.push(`Agent ${id} is ${state === 'suspect' ? 'not reachable from this server' : state}.`)
  }
  for (const { id, role, state } of members) {
    // One that hands over still is told of below.
    if (role === 'agent' && state === 'alive' && !placed.has(id) && !usage.get(id)?.leftovers) {
      const give = `\`torc layout assign ${id}\`, then \`torc layout apply\``
      problems.push(`Agent ${id} has no place in the layout and stores nothing. Give it one: ${give}.`)
    }
  }
  problems.push(...changeProblems(layout, usage), ...coverageProblems(c, layout))
  if (layout.agents.length < layout.replicas) {
    problems.push(
      `${layout.replicas} replicas are wanted and the layout has ${layout.agents.length} agents: data is kept ${layout.agents.length} times.`,
    )
  }
  for (const [id, { freeBytes, usedBytes, workers = [] }] of usage) {
    if (freeBytes < (freeBytes + usedBytes) / 20)
      problems.push(`Agent ${id} has less than 5 % of its space free.`)
    for (const { name, error } of workers)
      if (error !== undefined) problems.push(`On agent ${id}, ${name} fails and is tried again: ${error}.`)
  }
  return [...problems, ...hintProblems(c, usage), ...repairProblems(usage), ...damageOf(usage)]
}

/** How far a change of the layout is that is under way. */
function changeProblems(layout: Layout, usage: ReadonlyMap<string, Usage>): string[] {
  const problems: string[] = []
  if (!layout.tables.isSettled) {
    const read = layout.stage === stages.readOld ? 'old' : 'new'
    problems.push(
      `The change to layout ${layout.number} is under way: stage ${layout.stage} of 3, ${read} owners are read.`,
    )
  }
  for (const [id, { toTakeOver = 0, leftovers = 0 }] of usage) {
    if (toTakeOver > 0)
      problems.push(
        `Agent ${id} takes over what the layout gave it: ${counted(toTakeOver, 'partition')} to go.`,
      )
    // Until it is settled nothing is handed over, and the stage says so.
    if (leftovers > 0 && layout.tables.isSettled)
      problems.push(`Agent ${id} hands over what others own now: ${counted(leftovers, 'partition')} to go.`)
  }
  return problems
}

/** Partitions of which some owners cannot be reached. */
function coverageProblems(c: Coordination, layout: Layout): string[] {
  let [few, tooFew] = [0, 0]
  for (let partition = 0; partition < layout.partitions; partition++) {
    const owners = layout.owners(partition, layout.replicas)
    const { live } = splitOwners(owners, agent => c.agents.isAlive(agent))
    if (live.length < owners.length) few++
    if (live.length < majority(owners.length)) tooFew++
  }
  if (few === 0) return []
  const unread = tooFew === 0 ? '' : `, ${tooFew} of them on too few to be read`
  return [
    `${few} of ${layout.partitions} partitions are on fewer than ${layout.replicas} agents that can be reached${unread}.`,
  ]
}

/** Writes that wait for their owners. */
function hintProblems(c: Coordination, usage: ReadonlyMap<string, Usage>): string[] {
  const problems: string[] = []
  for (const [holder, { hints = [] }] of usage) {
    for (const { agent, keys, blocks } of hints) {
      const what = [counted(keys, 'key'), counted(blocks, 'block')].filter(text => text !== undefined)
      if (what.length === 0) continue
      const next = c.agents.isAlive(agent) ? 'they are being handed over' : 'they wait until it is back'
      problems.push(`Agent ${holder} keeps ${what.join(' and ')} for agent ${agent}: ${next}.`)
    }
  }
  return problems
}

/** Agents that take over what they missed. */
function repairProblems(usage: ReadonlyMap<string, Usage>): string[] {
  const problems: string[] = []
  for (const [id, { repair }] of usage) {
    if (repair?.running !== true || repair.keysRepaired + repair.blocksRepaired === 0) continue
    const what = [counted(repair.keysRepaired, 'key'), counted(repair.blocksRepaired, 'block')]
    problems.push(
      `Agent ${id} takes over what it missed: ${what.filter(text => text !== undefined).join(' and ')} so far, ${repair.partitions} of ${repair.partitionsTotal} partitions compared.`,
    )
  }
  return problems
}

function counted(count: number, what: string): string | undefined {
  return count === 0 ? undefined : `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Agents whose disk proved to be an old copy. One that did not tell why is known by what the others heard of it. */
export function oldCopiesOf(members: readonly Member[], usage: ReadonlyMap<string, Usage>): string[] {
  return members.flatMap(({ id, role, restored }) => {
    const why = usage.get(id)?.restored
    if (role !== 'agent' || (why === undefined && restored !== true)) return []
    const because = why === undefined ? '' : ` (${why})`
    return `Agent ${id} has an old copy of its disk${because}: it takes no part until a layout takes it in anew.`
  })
}

/** Blocks that an agent could not repair. Other owners may be down, or have lost them too. */
function damageOf(usage: ReadonlyMap<string, Usage>): string[] {
  const problems: string[] = []
  for (const [id, { blocksMissing = 0, blocksCorrupt = 0 }] of usage) {
    const damaged = blocksMissing + blocksCorrupt
    if (damaged === 0) continue
    const blocks = damaged === 1 ? '1 damaged block' : `${damaged} damaged blocks`
    problems.push(
      `Agent ${id} has ${blocks} (${blocksMissing} lost, ${blocksCorrupt} corrupt) that no other owner could give: see \`torc repair scrub\`.`,
    )
  }
  return problems
}
