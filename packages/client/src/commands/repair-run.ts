import { errorTable } from '@torc/protocol/errors'
import type { RepairStatus } from '@torc/protocol/store/repair'
import { defineOptions } from '../config/options.js'
import { count } from '../output/format.js'
import type { Output } from '../output/output.js'
import type { ProgressFactory } from '../output/progress.js'
import { repairRecord } from '../output/records.js'
import { defineCommand } from './command.js'
import { showRepair } from './repair-table.js'
import { type RepairWait, waitForRepair } from './repair-wait.js'

export const repairRun = defineCommand({
  name: 'repair run',
  describe:
    'Have all agents compare their replicas now and take over what they lack; exits 8 when something stays apart',
  arguments: {},
  options: defineOptions({
    wait: { type: 'switch', doc: 'Wait for the end, and sum up what was found and repaired' },
  }),
  examples: [
    { line: 'repair run --wait', does: 'compares everything, repairs what differs, and says what that was' },
    { line: 'repair run', does: 'begins it; `repair show` tells how far it is' },
  ],
  async run({ options, output, progress, signal, environment, ...context }) {
    const store = await context.store()
    const { clock } = environment
    const asked = await store.repair({ signal })
    const status = options.wait ? await watched(asked, progress, { store, clock, signal }) : asked
    if (output.json) output.record(repairRecord(status))
    else showRepair(output, status)
    if (options.wait) summarize(output, status)
    const isWhole = status.agents.every(
      ({ error, repair }) => error === undefined && (!options.wait || repair?.unreachable === 0),
    )
    return isWhole ? 0 : errorTable.PARTIAL.exitCode
  },
})

/** Waits for the end and shows how far it is on the way. */
async function watched(
  asked: RepairStatus,
  progress: ProgressFactory,
  wait: Omit<RepairWait, 'onStatus'>,
): Promise<RepairStatus> {
  let [done, total] = [0, 0]
  const line = progress.start({ label: 'repair', files: 0, unit: 'partitions' })
  const onStatus = (status: RepairStatus): void => {
    const { partitions, partitionsTotal } = partitionsOf(asked, status)
    if (partitionsTotal > total) line.grow(0, partitionsTotal - total)
    for (; done < partitions; done++) line.file()
    total = Math.max(total, partitionsTotal)
  }
  try {
    return await waitForRepair(asked, { ...wait, onStatus })
  } finally {
    line.end()
  }
}

/** What the passes that are waited for have compared of what there is; those that have not begun count nothing. */
function partitionsOf(
  asked: RepairStatus,
  status: RepairStatus,
): { partitions: number; partitionsTotal: number } {
  const waitFor = new Map(asked.agents.map(agent => [agent.id, agent.waitFor]))
  const sums = { partitions: 0, partitionsTotal: 0 }
  for (const { id, repair } of status.agents) {
    if (repair === undefined || repair.pass < (waitFor.get(id) ?? Number.POSITIVE_INFINITY)) continue
    sums.partitions += repair.partitions
    sums.partitionsTotal += repair.partitionsTotal
  }
  return sums
}

function summarize(output: Output, { agents }: RepairStatus): void {
  const repairs = agents.flatMap(({ repair }) => (repair === undefined ? [] : [repair]))
  const sum = (
    field: 'partitions' | 'unreachable' | 'different' | 'keysRepaired' | 'blocksRepaired',
  ): number => repairs.reduce((total, repair) => total + repair[field], 0)
  const apart = sum('unreachable')
  output.summary(
    `compared ${count(sum('partitions'), 'replica')} of partitions on ${count(repairs.length, 'agent')}: ` +
      `${sum('different')} keys and blocks different, ${count(sum('keysRepaired'), 'key')} and ` +
      `${count(sum('blocksRepaired'), 'block')} repaired` +
      (apart === 0 ? '' : `, ${apart} could not be compared`),
  )
}
