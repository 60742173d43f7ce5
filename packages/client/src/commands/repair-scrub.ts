import { errorTable } from '@torc/protocol/errors'
import type { AgentScrub, ScrubStatus } from '@torc/protocol/store/scrub'
import { defineOptions } from '../config/options.js'
import { count, formatBytes, formatTime } from '../output/format.js'
import type { Output } from '../output/output.js'
import type { ProgressFactory } from '../output/progress.js'
import { scrubRecord } from '../output/records.js'
import { defineCommand } from './command.js'
import { type ScrubWait, waitForScrub } from './scrub-wait.js'

export const repairScrub = defineCommand({
  name: 'repair scrub',
  describe: 'Show how agents check their blocks, or have all checked now; exits 8 when damaged ones stay',
  arguments: {},
  options: defineOptions({
    now: { type: 'switch', doc: 'Check all blocks now, faster than in the background, and wait for the end' },
  }),
  examples: [
    { line: 'repair scrub', does: 'shows when each agent read its blocks last, and what it found' },
    { line: 'repair scrub --now', does: 'reads all blocks again and repairs what is damaged or lost' },
  ],
  async run({ options, output, progress, signal, environment, ...context }) {
    const store = await context.store()
    const { clock } = environment
    const status = options.now
      ? await scrubNow(await store.scrub({ signal }), progress, { store, clock, signal })
      : await store.scrubStatus({ signal })
    if (output.json) output.record(scrubRecord(status))
    else show(output, status)
    if (options.now) summarize(output, status)
    const isWhole = status.agents.every(agent => agent.error === undefined && damagedOf(agent) === 0)
    return isWhole ? 0 : errorTable.PARTIAL.exitCode
  },
})

/** Waits for the end and shows how far it is on the way. */
async function scrubNow(
  asked: ScrubStatus,
  progress: ProgressFactory,
  wait: Omit<ScrubWait, 'onStatus'>,
): Promise<ScrubStatus> {
  let [done, total] = [0, 0]
  const line = progress.start({ label: 'scrub', bytes: 0 })
  const onStatus = (status: ScrubStatus): void => {
    const { bytes, bytesTotal } = bytesOf(asked, status)
    if (bytesTotal > total) line.grow(bytesTotal - total, 0)
    if (bytes > done) line.bytes(bytes - done)
    done = Math.max(done, bytes)
    total = Math.max(total, bytesTotal)
  }
  try {
    return await waitForScrub(asked, { ...wait, onStatus })
  } finally {
    line.end()
  }
}

/** What the passes that are waited for have checked of what there is; those that have not begun count nothing. */
function bytesOf(asked: ScrubStatus, status: ScrubStatus): { bytes: number; bytesTotal: number } {
  const waitFor = new Map(asked.agents.map(agent => [agent.id, agent.waitFor]))
  const sums = { bytes: 0, bytesTotal: 0 }
  for (const { id, scrub } of status.agents) {
    if (scrub === undefined || scrub.pass < (waitFor.get(id) ?? Number.POSITIVE_INFINITY)) continue
    sums.bytes += scrub.bytes
    sums.bytesTotal += scrub.bytesTotal
  }
  return sums
}

function show(output: Output, { agents }: ScrubStatus): void {
  output.table(
    ['agent', 'state', 'pass', 'blocks', 'bytes', 'found', 'repaired', 'missing', 'corrupt', 'last end'],
    agents.map(agent => agentRow(output, agent)),
  )
  for (const { id, error } of agents) if (error !== undefined) output.note(`${id}: ${error}`)
}

function agentRow(output: Output, agent: AgentScrub): string[] {
  const { id, scrub, blocksMissing, blocksCorrupt, error } = agent
  const { green, red } = output.colors
  const left = [numberText(blocksMissing), numberText(blocksCorrupt)]
  if (scrub === undefined) return [id, red('unknown'), '-', '-', '-', '-', '-', ...left, '-']
  const { walking, pass, blocks, bytes, bytesTotal, bytesPerSecond, found, repaired, endedAt } = scrub
  const checked = walking
    ? `${output.bytes(bytes)} of ${output.bytes(bytesTotal)} at ${output.bytes(bytesPerSecond)}/s`
    : output.bytes(bytes)
  const trouble = error !== undefined ? 'failed' : damagedOf(agent) > 0 ? 'damaged' : undefined
  return [
    ...[id, trouble === undefined ? green(walking ? 'scrubbing' : 'idle') : red(trouble)],
    ...[String(pass), String(blocks), output.mode === 'terminal' ? checked : String(bytes)],
    ...[String(found), String(repaired), ...left],
    endedAt === undefined ? '-' : output.mode === 'terminal' ? formatTime(endedAt) : endedAt.toISOString(),
  ]
}

function summarize(output: Output, { agents }: ScrubStatus): void {
  const scrubs = agents.flatMap(({ scrub }) => (scrub === undefined ? [] : [scrub]))
  const sum = (field: 'blocks' | 'bytes' | 'found' | 'repaired'): number =>
    scrubs.reduce((total, scrub) => total + scrub[field], 0)
  const left = agents.reduce((total, agent) => total + damagedOf(agent), 0)
  const checked = `checked ${count(sum('blocks'), 'block')} (${formatBytes(sum('bytes'))}) on ${count(scrubs.length, 'agent')}`
  output.summary(
    `${checked}: ${sum('found')} damaged, ${sum('repaired')} repaired${left === 0 ? '' : `, ${left} damaged now`}`,
  )
}

function damagedOf({ blocksMissing = 0, blocksCorrupt = 0 }: AgentScrub): number {
  return blocksMissing + blocksCorrupt
}

function numberText(amount: number | undefined): string {
  return amount === undefined ? '-' : String(amount)
}
