import { TorcError } from '@torc/protocol/errors'
import type { RestoredKey } from '@torc/protocol/store/restore'
import { defineOptions } from '../config/options.js'
import { count, printable } from '../output/format.js'
import { restoreRecord } from '../output/records.js'
import { atOption, parseAt } from './at.js'
import { type CommandContext, defineArguments, defineCommand } from './command.js'
import { parseTarget } from './target.js'

const restoreArguments = defineArguments({
  target: {
    label: 'BUCKET[/PREFIX]',
    kind: 'prefix',
    required: true,
    doc: 'Which keys: all that begin with PREFIX (end it with / for a folder); those that were not there get a delete marker',
  },
})

const restoreOptions = defineOptions({
  at: atOption,
  dryRun: { type: 'boolean', doc: 'Say what would be done and do nothing' },
})

type RestoreContext = CommandContext<typeof restoreArguments, typeof restoreOptions>

export const restore = defineCommand({
  name: 'restore',
  describe: 'Bring keys back to what they were at a time, by adding versions; may be repeated',
  usage: ['BUCKET[/PREFIX] --at TIME'],
  arguments: restoreArguments,
  options: restoreOptions,
  examples: [
    { line: 'restore photos --at 2h --dry-run', does: 'shows what differs from two hours ago' },
    { line: 'restore photos/2026/ --at 2026-11-20T18:00:00Z', does: 'brings a folder back' },
  ],
  async run(context) {
    const { options, signal } = context
    const { bucket, key: prefix } = parseTarget(context.arguments.target)
    const at = parseAt(options.at, context)
    if (at === undefined) {
      throw new TorcError('BAD_REQUEST', 'restore needs --at TIME', {
        hint: 'For example: --at 10m, or --at 2026-11-21T11:23:02Z',
      })
    }
    const store = await context.store()
    const place = printable(`${bucket}/${prefix}`)
    const progress = context.progress.start({ label: `restoring ${place}`, files: 0 })
    const done = { restored: 0, deleted: 0 }
    try {
      for await (const key of store.restore(bucket, { prefix, at, dryRun: options.dryRun, signal })) {
        done[key.action]++
        progress.grow(0, 1)
        progress.file()
        progress.above(() => show(context, key))
      }
    } finally {
      progress.end()
    }
    summarize(context, place, at, done)
    return 0
  },
})

function show({ output, options }: RestoreContext, restored: RestoredKey): void {
  const { dryRun } = options
  if (output.json) {
    output.record(dryRun ? { ...restoreRecord(restored), dryRun } : restoreRecord(restored))
    return
  }
  const { action, from, versionId } = restored
  const key = printable(restored.key)
  const { green, yellow } = output.colors
  if (output.mode === 'plain') output.line([action, key, from ?? '-', versionId ?? '-'].join('\t'))
  else if (action === 'restored') {
    output.line(`${green(dryRun ? 'would restore' : 'restored')}  ${key}  from version ${from}`)
  } else output.line(`${yellow(dryRun ? 'would delete ' : 'deleted ')}  ${key}  was not there`)
}

function summarize(
  { output, options }: RestoreContext,
  place: string,
  at: Date,
  done: Readonly<Record<RestoredKey['action'], number>>,
): void {
  const { restored, deleted } = done
  // Lines for programs on standard output are not mixed with a sentence.
  const say = (text: string): void => (output.mode === 'plain' ? output.note(text) : output.summary(text))
  if (restored + deleted === 0) {
    say(`nothing to do: all under ${place} is as it was at ${at.toISOString()}`)
    return
  }
  const would = options.dryRun ? 'would be ' : ''
  const parts = [
    ...(restored === 0 ? [] : [`${count(restored, 'key')} ${would}restored`]),
    ...(deleted === 0 ? [] : [`${count(deleted, 'key')} ${would}marked as deleted`]),
  ]
  say(`under ${place}: ${parts.join(', ')}; restoring only adds versions`)
}
