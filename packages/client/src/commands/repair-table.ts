import type { AgentRepair, RepairStatus } from '@torc/protocol/store/repair'
import { formatTime } from '../output/format.js'
import type { Output } from '../output/output.js'

/** A line for each agent, and why those could not be asked that could not. */
export function showRepair(output: Output, { agents }: RepairStatus): void {
  output.table(
    ['agent', 'state', 'pass', 'compared', 'unreachable', 'different', 'keys', 'blocks', 'last end'],
    agents.map(agent => agentRow(output, agent)),
  )
  for (const { id, error } of agents) if (error !== undefined) output.note(`${id}: ${error}`)
}

function agentRow(output: Output, { id, repair, error }: AgentRepair): string[] {
  const { green, red } = output.colors
  if (repair === undefined) return [id, red('unknown'), '-', '-', '-', '-', '-', '-', '-']
  const { running, pass, partitions, partitionsTotal, unreachable, different, endedAt } = repair
  const state = running ? 'running' : 'idle'
  return [
    ...[id, error === undefined ? green(state) : red('failed'), String(pass)],
    ...[`${partitions}/${partitionsTotal}`, String(unreachable), String(different)],
    ...[String(repair.keysRepaired), String(repair.blocksRepaired)],
    endedAt === undefined ? '-' : output.mode === 'terminal' ? formatTime(endedAt) : endedAt.toISOString(),
  ]
}
