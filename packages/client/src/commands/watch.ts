import type { Change, ChangeBatch } from '@torc/protocol/store/changes'
import { defineOptions } from '../config/options.js'
import { formatTime, printable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { changeRecord } from '../output/records.js'
import { type CommandContext, defineArguments, defineCommand, nameToType } from './command.js'
import { parseTarget } from './target.js'

const watchArguments = defineArguments({
  target: { label: 'BUCKET[/PREFIX]', kind: 'prefix', required: true, doc: 'What to watch' },
})

const watchOptions = defineOptions({
  cursor: { type: 'text', value: 'CURSOR', doc: 'Go on from there; from now when absent' },
  limit: { type: 'integer', min: 1, value: 'N', doc: 'End after N changes' },
})

type WatchContext = CommandContext<typeof watchArguments, typeof watchOptions>

export const watch = defineCommand({
  name: 'watch',
  describe: 'Show what comes and goes in a bucket or below a prefix, as it happens',
  arguments: watchArguments,
  options: watchOptions,
  examples: [
    { line: 'watch photos', does: 'shows every version that is added or removed, until Ctrl-C' },
    { line: 'watch photos/2026/ --cursor CURSOR', does: 'goes on where an earlier watch ended' },
    { line: 'watch photos --json', does: 'prints an object for each change, with a cursor to go on from' },
    { line: 'watch photos --limit 1', does: 'waits for one change' },
  ],
  async run(context) {
    const { options, output, signal } = context
    const { bucket, key: prefix } = parseTarget(context.arguments.target)
    const store = await context.store()
    /** From here on nothing that was not shown is lost. */
    let { cursor } = options
    let left = options.limit ?? Number.POSITIVE_INFINITY
    try {
      for await (const batch of store.watch(bucket, { prefix, cursor, signal })) {
        if (cursor === undefined) noteCursor(context, 'Watching. To go on from here later', batch.cursor)
        if (batch.reset) showReset(output, batch)
        const shown = batch.changes.slice(0, left)
        const isWhole = shown.length === batch.changes.length
        for (const [i, change] of shown.entries()) {
          const isLast = isWhole && i === shown.length - 1
          show(output, change, isLast ? batch.cursor : (cursor ?? batch.cursor))
        }
        left -= shown.length
        if (isWhole) cursor = batch.cursor
        if (left === 0) break
      }
    } finally {
      if (cursor !== undefined) noteCursor(context, 'To go on from here', cursor)
    }
    return 0
  },
})

function noteCursor(
  { arguments: { target }, inShell, output }: WatchContext,
  what: string,
  cursor: string,
): void {
  const { bucket, key } = parseTarget(target)
  const name = key === '' ? `${inShell ? '/' : ''}${bucket}` : nameToType({ inShell }, bucket, key)
  output.note(`${what}: ${inShell ? '' : 'torc '}watch ${name} --cursor ${cursor}`)
}

function showReset(output: Output, { cursor }: ChangeBatch): void {
  if (output.json) output.record({ event: 'reset', cursor })
  else
    output.warning(
      'Changes were missed: the cursor is too old, or of another cluster. List what there is to see what changed; watching from now.',
    )
}

function show(output: Output, change: Change, cursor: string): void {
  const { type, key, versionId, createdAt } = change
  if (output.json) output.record(changeRecord(change, cursor))
  else if (output.mode === 'terminal') {
    const color = { put: output.colors.green, marker: output.colors.yellow, remove: output.colors.red }[type]
    const time = output.colors.dim(formatTime(createdAt))
    output.line(`${time}  ${color(type.padEnd(6))}  ${printable(key)}  ${output.colors.dim(versionId)}`)
  } else output.line([createdAt.toISOString(), type, printable(key), versionId].join('\t'))
}
