import { errorTable } from '@torc/protocol/errors'
import type { ClusterStatus, MemberStatus } from '@torc/protocol/store/admin'
import { count, formatBytes } from '../output/format.js'
import type { Output } from '../output/output.js'
import { statusRecord } from '../output/records.js'
import { defineCommand } from './command.js'

export const status = defineCommand({
  name: 'status',
  describe: 'Show the health of the cluster; exits 8 when something is wrong',
  arguments: {},
  options: {},
  examples: [{ line: 'status', does: 'shows servers, agents and problems' }],
  async run({ output, signal, ...context }) {
    const cluster = await (await context.store()).status({ signal })
    if (output.json) output.record(statusRecord(cluster))
    else {
      const { green, red } = output.colors
      output.fields([
        ['health', cluster.healthy ? green('healthy') : red('not healthy')],
        [
          'layout',
          cluster.epoch === 0
            ? 'none yet'
            : `epoch ${cluster.epoch}, ${cluster.partitions} partitions, ${cluster.replicas} replicas`,
        ],
        ['buckets', String(cluster.buckets)],
        ...bytesField(cluster),
      ])
      for (const problem of cluster.problems)
        output.line(`${output.mode === 'terminal' ? red('problem') : 'problem'}\t${problem}`)
      if (output.mode === 'terminal') output.line('')
      output.table(
        ['role', 'id', 'address', 'zone', 'state', 'used', 'partitions', 'versions', 'blocks'],
        cluster.members.map(member => memberRow(output, member)),
      )
      if (output.mode === 'terminal') {
        showHints(output, cluster.members)
        showBlocks(output, cluster.members)
        showWorkers(output, cluster.members)
      }
      if (cluster.members.length === 0) output.note(count(0, 'member'))
    }
    return cluster.healthy ? 0 : errorTable.PARTIAL.exitCode
  },
})

function memberRow(output: Output, member: MemberStatus): string[] {
  const { usedBytes, capacity } = member
  const used = usedBytes === undefined ? '-' : output.bytes(usedBytes)
  const paint = member.state === 'alive' ? output.colors.green : output.colors.red
  return [
    member.role,
    member.id,
    member.address,
    member.zone === '' ? '-' : member.zone,
    paint(member.state),
    capacity > 0 && output.mode === 'terminal' && usedBytes !== undefined
      ? `${used} of ${formatBytes(capacity)}`
      : used,
    member.partitions === undefined ? '-' : String(member.partitions),
    member.versions === undefined ? '-' : String(member.versions),
    blocksText(output, member),
  ]
}

function blocksText(output: Output, { blocks, blocksMissing = 0, blocksCorrupt = 0 }: MemberStatus): string {
  if (blocks === undefined) return '-'
  const damaged = blocksMissing + blocksCorrupt
  return damaged === 0 ? String(blocks) : `${blocks}, ${output.colors.red(`${damaged} damaged`)}`
}

/** All copies count on both sides. */
function bytesField({ logicalBytes, physicalBytes }: ClusterStatus): [string, string][] {
  if (logicalBytes === undefined || physicalBytes === undefined) return []
  const share = logicalBytes === 0 ? '' : ` (${Math.round((100 * physicalBytes) / logicalBytes)} %)`
  return [['bodies', `${formatBytes(logicalBytes)} stored in ${formatBytes(physicalBytes)}${share}`]]
}

/** Hints that wait for their owners, for people. */
function showHints(output: Output, members: readonly MemberStatus[]): void {
  const rows = members.flatMap(({ id, hints = [] }) =>
    hints.map(({ agent, keys, blocks }) => [id, agent, String(keys), String(blocks)]),
  )
  if (rows.length === 0) return
  output.line('')
  output.table(['agent', 'keeps hints for', 'keys', 'blocks'], rows)
}

/** Blocks of each agent by state, and what they take, for people. */
function showBlocks(output: Output, members: readonly MemberStatus[]): void {
  const { red } = output.colors
  const damaged = (amount = 0): string => (amount === 0 ? '0' : red(String(amount)))
  const bytes = (amount: number | undefined): string => (amount === undefined ? '-' : formatBytes(amount))
  const rows = members
    .filter(({ blocksStored }) => blocksStored !== undefined)
    .map(({ id, blocksStored = 0, blocksUploading = 0, blocksReleasing = 0, ...member }) => [
      ...[id, String(blocksStored), String(blocksUploading), String(blocksReleasing)],
      ...[damaged(member.blocksMissing), damaged(member.blocksCorrupt)],
      ...[bytes(member.bodyBytes), bytes(member.inlineBytes), bytes(member.blockBytes)],
      bytes(member.storedBytes),
    ])
  if (rows.length === 0) return
  output.line('')
  output.table(
    [
      ...['agent', 'blocks stored', 'uploading', 'releasing', 'missing', 'corrupt'],
      ...['bodies', 'inline', 'blocks', 'files of blocks'],
    ],
    rows,
  )
}

/** What goes on in the background, for people: programs read it from `--json`. */
function showWorkers(output: Output, members: readonly MemberStatus[]): void {
  const rows = members.flatMap(({ id, workers = [] }) =>
    workers.map(({ name, state, progress, error }) => [
      ...[id, name, state === 'failed' ? output.colors.red(state) : state, error ?? progress],
    ]),
  )
  if (rows.length === 0) return
  output.line('')
  output.table(['agent', 'worker', 'state', 'progress'], rows)
}
