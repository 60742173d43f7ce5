import { TorcError } from '@torc/protocol/errors'
import type { ListEntry, ListOptions } from '@torc/protocol/store/object-store'
import { defineOptions } from '../config/options.js'
import { formatTime, printable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { bucketListRecord, listRecord } from '../output/records.js'
import { atOption, parseAt } from './at.js'
import { type CommandContext, defineArguments, defineCommand } from './command.js'
import { parseTarget } from './target.js'

/** Rows that are aligned together on a terminal; the first appear before the last are known. */
const rowsAtOnce = 1000

const lsArguments = defineArguments({
  target: {
    label: 'BUCKET[/PREFIX]',
    kind: 'prefix',
    required: false,
    doc: 'What to list; the buckets when absent',
  },
})

const lsOptions = defineOptions({
  recursive: { type: 'boolean', doc: 'List every key below, not folder by folder' },
  versions: { type: 'boolean', doc: 'List all versions, newest first' },
  limit: { type: 'integer', min: 1, value: 'N', doc: 'At most N entries' },
  startAfter: { type: 'text', value: 'KEY', doc: 'Begin after this key' },
  at: atOption,
})

type LsContext = CommandContext<typeof lsArguments, typeof lsOptions>

export const ls = defineCommand({
  name: 'ls',
  describe: 'List buckets, keys or versions',
  arguments: lsArguments,
  options: lsOptions,
  examples: [
    { line: 'ls', does: 'lists the buckets' },
    { line: 'ls photos/2026/', does: 'lists a folder' },
    { line: 'ls photos/sea.jpg --versions', does: 'lists the versions of a key' },
    { line: 'ls photos --at 2026-11-20', does: 'lists what there was then' },
  ],
  async run(context) {
    const { target } = context.arguments
    if (target === undefined || target === '' || target === '/') await listBuckets(context)
    else await listEntries(context, target)
    return 0
  },
})

async function listBuckets({ output, options, signal, store }: LsContext): Promise<void> {
  if (options.versions || options.startAfter !== undefined || options.at !== undefined) {
    throw new TorcError('BAD_REQUEST', '--versions, --start-after and --at need a BUCKET')
  }
  const buckets = (await (await store()).buckets({ signal })).slice(0, options.limit)
  if (output.json) for (const bucket of buckets) output.record(bucketListRecord(bucket))
  else {
    const rows = buckets.map(({ bucket, createdAt, policy, replicas }) => [
      bucket,
      output.mode === 'terminal' ? formatTime(createdAt) : createdAt.toISOString(),
      String(replicas),
      policy,
    ])
    output.table(['bucket', 'created', 'replicas', 'policy'], rows)
    if (rows.length === 0) output.note('no buckets yet: make one with `mb BUCKET`')
  }
}

async function listEntries(context: LsContext, named: string): Promise<void> {
  const { options, output, signal } = context
  const { bucket, key } = parseTarget(named)
  const at = parseAt(options.at, context)
  const store = await context.store()
  const wanted: ListOptions = {
    prefix: key,
    delimiter: options.recursive ? undefined : '/',
    limit: options.limit,
    startAfter: options.startAfter,
    at,
    signal,
  }
  let waiting: ListEntry[] = []
  let seen = 0
  for await (const entry of options.versions ? store.versions(bucket, wanted) : store.list(bucket, wanted)) {
    if (signal.aborted) throw signal.reason
    seen++
    if (output.json) output.record(listRecord(entry))
    else if (waiting.push(entry) === rowsAtOnce) {
      show(output, waiting, options.versions)
      waiting = []
    }
  }
  show(output, waiting, options.versions)
  if (seen === 0) {
    const then = at === undefined ? '' : ` as of ${at.toISOString()}`
    output.note(`nothing under ${bucket}/${printable(key)}${then}`)
  }
}

function show(output: Output, entries: readonly ListEntry[], versions: boolean): void {
  if (output.mode !== 'terminal') {
    for (const entry of entries) output.line(plainLine(entry, versions))
    return
  }
  const sizes = entries.map(entry =>
    'prefix' in entry ? '-' : entry.kind === 'marker' ? 'deleted' : output.bytes(entry.size),
  )
  const width = Math.max(8, ...sizes.map(size => size.length))
  entries.forEach((entry, index) => {
    const size = (sizes[index] ?? '').padStart(width)
    if ('prefix' in entry) {
      output.line(
        `${size}  ${' '.repeat(19)}  ${versions ? ' '.repeat(28) : ''}${output.colors.blue(printable(entry.prefix))}`,
      )
      return
    }
    const siblings =
      entry.siblings.length > 0 ? output.colors.yellow(`  +${entry.siblings.length} sibling(s)`) : ''
    const version = versions
      ? `${entry.isLatest ? output.colors.bold(entry.versionId) : entry.versionId}  `
      : ''
    output.line(`${size}  ${formatTime(entry.createdAt)}  ${version}${printable(entry.key)}${siblings}`)
  })
}

/** Name first, so that `cut -f1` gives the names; then size, time and version. */
function plainLine(entry: ListEntry, versions: boolean): string {
  if ('prefix' in entry) return printable(entry.prefix)
  const fields = [printable(entry.key), String(entry.size), entry.createdAt.toISOString(), entry.versionId]
  if (versions) fields.push(entry.kind)
  return fields.join('\t')
}
